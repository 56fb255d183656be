"""Decodes bytes to text and encodes text to bytes, so that unedited bytes stay the same.

A decoding is used only if encoding gives the same bytes again. A file that is not UTF-8 is
read as ISO-8859-1, in which every byte is a character. Properties are ISO-8859-1, as Java
reads them, unless a byte order mark says otherwise. Shells and cmd do not read UTF-16; to them a
UTF-8 byte order mark is part of the first line, so it is here too.
"""

import codecs
import re

from msgspec import Struct

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.model import Format

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SCRIPTS = (Format.SHELL, Format.BATCH)
_DECLARED = re.compile(
    rb"<\?xml\s[^>]*?\bencoding\s*=\s*(?:\"([A-Za-z0-9._-]+)\"|'([A-Za-z0-9._-]+)')"
)
# Encodings with one byte per character, and UTF, by the names of Python's codecs.
_XML_ENCODINGS = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d|cp\d{3}|koi8-[ru]|utf-16(-[lb]e)?")


class Decoded(Struct, frozen=True):
    """A text, the codec that decoded it, and the byte order mark before it."""

    text: str
    codec: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """The bytes of another text in the same encoding. LaunchFormatError for a character that
        the encoding lacks.
        """
        try:
            return self.mark + text.encode(self.codec)
        except UnicodeEncodeError as error:
            character = text[error.start]
            raise LaunchFormatError(
                f"the file is in {self.codec}, which cannot hold the character"
                f" U+{ord(character):04X}",
                "Save the file as UTF-8, or use a value without that character.",
            ) from error


def decode(raw: bytes, form: Format) -> Decoded:
    """The text of a file. LaunchFormatError if it is not in the encoding that it claims."""
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            if form not in _SCRIPTS:
                return _decoded(raw[len(mark) :], codec, mark)
            if codec != "utf-8":
                raise LaunchFormatError(
                    f"the file is {codec}, which a {form} file cannot be",
                    "Save it as UTF-8 or ASCII.",
                )
    if form is Format.PROPERTIES:
        return _decoded(raw, "latin-1")
    if form is Format.XML:
        return _decoded(raw, _xml_codec(raw))
    try:
        return _decoded(raw, "utf-8")
    except LaunchFormatError:
        return _decoded(raw, "latin-1")


def _decoded(raw: bytes, codec: str, mark: bytes = b"") -> Decoded:
    try:
        text = raw.decode(codec)
        same = text.encode(codec) == raw
    except UnicodeError as error:
        raise LaunchFormatError(
            f"the file claims to be {codec}, but is not: {error}", "Save it as UTF-8."
        ) from error
    if not same:
        raise LaunchFormatError(f"decoding and encoding the file as {codec} changes its bytes")
    return Decoded(text, codec, mark)


def _xml_codec(raw: bytes) -> str:
    for codec in ("utf-16-le", "utf-16-be"):
        if raw.startswith("<?".encode(codec)):
            return codec
    declared = _DECLARED.match(raw)
    if not declared:
        return "utf-8"
    name = (declared.group(1) or declared.group(2)).decode("ascii")
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = ""
    # A declaration that is readable as single bytes is not UTF-16.
    if not _XML_ENCODINGS.fullmatch(codec) or codec.startswith("utf-16"):
        raise LaunchFormatError(
            f"the XML declaration says encoding {name}, which is not supported",
            "Save the file as UTF-8.",
        )
    return codec
