"""Editors of launch files: bytes in, bytes out; only the named values change.

Each format has a module with ``read(text)`` and ``edit(text, values)``. This module chooses
between them and verifies each edit: the result is read again before it is returned. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.model import Format, Reading

if TYPE_CHECKING:
    from reconciler.launch.formats.encoding import Decoded

# A format is imported when a file of that format is read.
# ruff: noqa: PLC0415

__all__ = ["Format", "Reading", "edit", "format_of", "read"]

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


def format_of(path: str) -> Format:
    """The format for a file's suffix; LaunchFormatError for an unknown suffix."""
    name = path.rpartition("/")[2].lower()
    suffix = "." + name.rpartition(".")[2] if "." in name else ""
    if suffix not in _SUFFIXES:
        raise LaunchFormatError(
            f"the format of {path} cannot be told from its suffix",
            f"Set spec.format to one of: {', '.join(Format)}.",
        )
    return _SUFFIXES[suffix]


def read(raw: bytes, form: Format, keys: Iterable[str] = ()) -> Reading:
    """The values in a file.

    ``keys``: spellings of keys that the reading also contains: XML paths and, in batch files, names
    in another case. A key that the file lacks is in neither mapping. LaunchFormatError for bytes
    that do not have the format, and for an XML path that selects no element or several.
    """
    from reconciler.launch.formats.encoding import decode

    return _read(decode(raw, form).text, form, tuple(keys))


def edit(raw: bytes, form: Format, values: Mapping[str, str | None]) -> bytes:
    """The bytes with these values: key -> text, or None to remove the key.

    A value that the file has already changes no byte. LaunchFormatError for a value that the format
    cannot hold, for a place that cannot be changed, and if the result does not read back.
    """
    from reconciler.launch.formats.encoding import decode

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


def _read(text: str, form: Format, keys: tuple[str, ...]) -> Reading:
    match form:
        case Format.XML:
            from reconciler.launch.formats import xml

            return xml.read(text, keys)
        case Format.PROPERTIES:
            from reconciler.launch.formats import properties

            return properties.read(text)
        case Format.INI:
            from reconciler.launch.formats import ini

            return ini.read(text)
        case Format.SHELL:
            from reconciler.launch.formats import shell

            return shell.read(text)
        case Format.BATCH:
            from reconciler.launch.formats import batch

            return _answering(batch.read(text), keys)


def _edit(decoded: "Decoded", form: Format, values: Mapping[str, str | None]) -> str:
    match form:
        case Format.XML:
            from reconciler.launch.formats import xml

            return xml.edit(decoded.text, values, decoded.codec)
        case Format.PROPERTIES:
            from reconciler.launch.formats import properties

            return properties.edit(decoded.text, values)
        case Format.INI:
            from reconciler.launch.formats import ini

            return ini.edit(decoded.text, values)
        case Format.SHELL:
            from reconciler.launch.formats import shell

            return shell.edit(decoded.text, values)
        case Format.BATCH:
            from reconciler.launch.formats import batch

            return batch.edit(decoded.text, values)


def _answering(found: Reading, keys: tuple[str, ...]) -> Reading:
    """The reading, extended by the caller's spellings of its keys."""
    own = {key.upper(): key for key in found.lines}
    spelled = {key: own[key.upper()] for key in keys if key.upper() in own}
    return Reading(
        _respelled(found.values, spelled),
        _respelled(found.opaque, spelled),
        _respelled(found.lines, spelled),
    )


def _respelled(mapping: Mapping[str, _T], spelled: Mapping[str, str]) -> dict[str, _T]:
    also = {key: mapping[own] for key, own in spelled.items() if own in mapping}
    return {**mapping, **also}


def _refuse_surrogates(key: str, text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise LaunchFormatError(f"{key!r} or its value contains half of a surrogate pair")


def _prove(before: str, after: str, form: Format, values: Mapping[str, str | None]) -> None:
    """LaunchFormatError unless the new text has the new values, and all others are the same."""
    old, new = _read(before, form, tuple(values)), _read(after, form, tuple(values))
    wrong = {key for key, value in values.items() if new.values.get(key) != value}
    named = {_folded(key, form) for key in values}
    if form is Format.XML:
        from reconciler.launch.formats import xml

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
            "self-check failed: after the edit, these keys would have wrong values:"
            f" {', '.join(sorted(wrong))}",
            "The file is unchanged. Please report this together with the file.",
        )


def _folded(key: str, form: Format) -> str:
    return key.upper() if form is Format.BATCH else key
