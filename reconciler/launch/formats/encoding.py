"""Bytes to text and back, so that what is not edited stays byte for byte.

A decoding counts only if it gives the same bytes back. What is no UTF-8 is taken as
ISO-8859-1, in which every byte is a character. Java reads properties as ISO-8859-1,
so that is what they are, unless a byte order mark says otherwise. Shells and cmd read
no UTF-16; a UTF-8 mark is to them a part of the first line, and stays one here.
"""

import codecs
import re
from dataclasses import dataclass

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
# Encodings of one byte a character, and UTF: names as Python's codecs give them.
_XML_ENCODINGS = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d|cp\d{3}|koi8-[ru]|utf-16(-[lb]e)?")


@dataclass(frozen=True)
class Decoded:
    """A text, the codec that it came from, and the byte order mark before it."""

    text: str
    codec: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """The bytes of another text in the same encoding.

        LaunchFormatError for a character that the encoding does not have.
        """
        try:
            return self.mark + text.encode(self.codec)
        except UnicodeEncodeError as error:
            character = text[error.start]
            raise LaunchFormatError(
                f"the file is {self.codec}, which has no character U+{ord(character):04X}",
                "Save the file as UTF-8, or use a value without that character.",
            ) from error


def decode(raw: bytes, form: Format) -> Decoded:
    """The text of a file. LaunchFormatError where its bytes are not what they claim."""
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            if form not in _SCRIPTS:
                return _decoded(raw[len(mark) :], codec, mark)
            if codec != "utf-8":
                raise LaunchFormatError(
                    f"the file is {codec}, which no {form} reads", "Save it as UTF-8 or ASCII."
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
            f"the file is not the {codec} that it says it is: {error}", "Save it anew as UTF-8."
        ) from error
    if not same:
        raise LaunchFormatError(f"the file's {codec} does not give the same bytes back")
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
    # A declaration that could be read byte by byte is no UTF-16.
    if not _XML_ENCODINGS.fullmatch(codec) or codec.startswith("utf-16"):
        raise LaunchFormatError(
            f"the XML declaration says encoding {name}, which is not supported",
            "Save the file as UTF-8.",
        )
    return codec
