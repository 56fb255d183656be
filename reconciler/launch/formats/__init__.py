"""The editors of launch files: bytes in, bytes out, nothing changed but what was named.

Each format has a module with ``read(text)`` and ``edit(text, values)``. Here they are
chosen, and each edit is proved: it is read again before anybody may write it. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import batch, ini, properties, shell, xml
from reconciler.launch.formats.encoding import Decoded, decode
from reconciler.launch.formats.model import Format, Reading

__all__ = ["Format", "Reading", "edit", "format_of", "read", "undoing"]

_T = TypeVar("_T")

_SUFFIXES = {
    ".properties": Format.PROPERTIES,
    ".ini": Format.INI,
    ".cfg": Format.INI,
    ".conf": Format.INI,
    ".xml": Format.XML,
    ".sh": Format.SHELL,
    ".env": Format.SHELL,
    ".bat": Format.BATCH,
    ".cmd": Format.BATCH,
}
_SHELLS = (b"sh", b"bash", b"dash", b"ksh", b"zsh", b"ash")


def format_of(path: str, head: bytes = b"") -> Format:
    """The format of a file by its name; without a suffix, by the ``#!`` in its ``head``.

    LaunchFormatError where neither says it.
    """
    name = path.rpartition("/")[2].lower()
    suffix = "." + name.rpartition(".")[2] if "." in name else ""
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if not suffix and head.startswith(b"#!"):
        command = head[2:].splitlines()[0].split() if head[2:].strip() else []
        if any(word.rpartition(b"/")[2] in _SHELLS for word in command):
            return Format.SHELL
    raise LaunchFormatError(
        f"the format of {path} is not known by its name", f"Say one of: {', '.join(Format)}."
    )


def read(raw: bytes, form: Format, keys: Iterable[str] = ()) -> Reading:
    """What the bytes of a file say.

    ``keys``: spellings to answer to as well as to the text's own; XML paths and, in
    batch files, names in another case. One that is not there is in neither mapping.
    LaunchFormatError for bytes that are not of the format, and for a path of XML that
    leads to no element or to several.
    """
    return _read(decode(raw, form).text, form, tuple(keys))


def edit(raw: bytes, form: Format, values: Mapping[str, str | None]) -> bytes:
    """The bytes with these values: key -> text, or None to have none.

    What they say already changes no byte. LaunchFormatError where a value cannot be
    held, where a place cannot be changed, and where the result would not read back.
    """
    for key, value in values.items():
        _refuse_surrogates(key, key)
        _refuse_surrogates(key, value or "")
    decoded = decode(raw, form)
    text = _edit(decoded, form, values)
    result = decoded.encode(text) if text != decoded.text else raw
    again = decode(result, form).text
    if again != text:
        raise LaunchFormatError(
            f"the file is {decoded.codec}, but with these values it would look like UTF-8",
            "Save the file as UTF-8.",
        )
    _prove(decoded.text, again, form, values)
    return result


def undoing(raw: bytes, form: Format, values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The values that take an edit of ``raw`` back: what is there, or None for what is not.

    They bring back the old values, and every byte where the edit only added. A value
    in its place may come back in another spelling: a list over several lines as one, an
    escape that was not needed, ``<a></a>`` for ``<a/>``. LaunchFormatError for a key
    whose old value is not plain: only the old bytes can bring that back.
    """
    found = read(raw, form, values)
    for key in values:
        if key in found.opaque:
            raise LaunchFormatError(
                f"the old value of {key} cannot be written back: {found.opaque[key]}",
                "Restore the file from its backup.",
            )
    back = {key: found.values.get(key) for key in values}
    if form is Format.INI:
        text = decode(raw, form).text
        back.update(dict.fromkeys(ini.missing_sections(text, values)))
    return back


def _read(text: str, form: Format, keys: tuple[str, ...]) -> Reading:
    match form:
        case Format.XML:
            return xml.read(text, keys)
        case Format.PROPERTIES:
            return properties.read(text)
        case Format.INI:
            return ini.read(text)
        case Format.SHELL:
            return shell.read(text)
        case Format.BATCH:
            return _answering(batch.read(text), keys)


def _edit(decoded: Decoded, form: Format, values: Mapping[str, str | None]) -> str:
    match form:
        case Format.XML:
            return xml.edit(decoded.text, values, decoded.codec)
        case Format.PROPERTIES:
            return properties.edit(decoded.text, values)
        case Format.INI:
            return ini.edit(decoded.text, values)
        case Format.SHELL:
            return shell.edit(decoded.text, values)
        case Format.BATCH:
            return batch.edit(decoded.text, values)


def _answering(found: Reading, keys: tuple[str, ...]) -> Reading:
    """The reading under the caller's spellings too."""
    own = {key.upper(): key for key in found.lines}
    spelled = {key: own[key.upper()] for key in keys if key.upper() in own}
    return Reading(
        _respelled(found.values, spelled),
        _respelled(found.opaque, spelled),
        _respelled(found.lines, spelled),
        found.notices,
    )


def _respelled(mapping: Mapping[str, _T], spelled: Mapping[str, str]) -> dict[str, _T]:
    also = {key: mapping[own] for key, own in spelled.items() if own in mapping}
    return {**mapping, **also}


def _refuse_surrogates(key: str, text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise LaunchFormatError(f"{key!r} or its value has half of a surrogate pair")


def _prove(before: str, after: str, form: Format, values: Mapping[str, str | None]) -> None:
    """LaunchFormatError unless the new text says the new values, and of all else the same."""
    old, new = _read(before, form, tuple(values)), _read(after, form, tuple(values))
    wrong = {key for key, value in values.items() if new.values.get(key) != value}
    named = {_folded(key, form) for key in values}
    if form is Format.XML:
        named |= xml.by_position(before, values)
    others = {*old.values, *new.values, *old.opaque, *new.opaque}
    wrong |= {
        key
        for key in others
        if _folded(key, form) not in named
        and (old.values.get(key), key in old.opaque) != (new.values.get(key), key in new.opaque)
    }
    if wrong:
        raise LaunchFormatError(
            f"the edit would not read back as it was meant: {', '.join(sorted(wrong))}",
            "The file is left as it is. Please report this with the file.",
        )


def _folded(key: str, form: Format) -> str:
    return key.upper() if form is Format.BATCH else key
