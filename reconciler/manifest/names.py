"""Reports unsuitable names in a manifest: names with control characters, invisible characters or
surrounding blanks, unless the manifest says that it means them (``metadata.exact``), as an export
of existing objects does. Names are checked after interpolation, since a variable can contain such
characters too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.names import SEND_ADVICE, name_advice, name_problem, text_problem
from reconciler.kinds.types.files import VALUES
from reconciler.kinds.types.folders import PATH, names_in_path, plain_path
from reconciler.manifest.expand import Expanded
from reconciler.yaml.documents import as_text

_NAMES = {
    "target": ("application",),
    "spec": ("file", "displayName"),
    "initial": ("displayName",),
}
"""Part of a manifest -> the keys in it whose values are names."""

_SECTION, _OPTION = "the name of a section", "the name of an option"
_PATHS = ("folder", PATH)
"""The keys of ``metadata`` whose values are names of folders, separated by slashes."""


def report_names(expanded: Expanded) -> None:
    """Reports every unsuitable name; where the manifest means its names exactly, only those that
    cannot be sent."""
    manifest = expanded.manifest
    if manifest.is_simple and expanded.metadata.keys().isdisjoint(_PATHS):
        return
    if manifest.exact:
        for path, called, name in _names(expanded):
            if problem := text_problem(name, name=called in (_SECTION, _OPTION)):
                expanded.report(path, problem, SEND_ADVICE)
        return
    for path, called, name in _names(expanded):
        elsewhere = not name.strip() and path[-1] not in _PATHS  # it is reported as empty there
        problem = "" if elsewhere else name_problem(name)
        if problem:
            expanded.report(path, f"{called} {problem}", name_advice(name))


def _names(expanded: Expanded) -> Iterator[tuple[FieldPath, str, str]]:
    """Every name: its path, what messages call it, and its text."""
    for part, data in expanded.data.items():
        words = (*expanded.kind.key, "tenant") if part == "metadata" else _NAMES.get(part, ())
        for word in words:
            if word in data and word != PATH:
                yield (part, word), f"{part}.{word}", as_text(data[word])
        for word in _PATHS if part == "metadata" else ():
            text = as_text(data.get(word, ""))
            units, folders = names_in_path(plain_path(text)) if text.strip() else ([], [])
            for name in units:
                yield (part, word), f"a unit of metadata.{word}", name
            for name in folders:
                yield (part, word), f"a folder of metadata.{word}", name
        if part not in ("metadata", "policy", "target"):
            yield from _names_of_fields(expanded, part, data)


def _names_of_fields(
    expanded: Expanded, part: str, data: dict[str, Any]
) -> Iterator[tuple[FieldPath, str, str]]:
    """Names of sections, options and keys, and the names in references. An option that must be
    absent may have any name: that is how an option with a bad name is removed."""
    for word, value in data.items():
        path = (part, word)
        attribute = expanded.kind.object_type.by_word(word)
        if word == VALUES:
            for key, text in value.items():
                if text is not None:
                    yield (*path, key), "the key", key
        elif word in ("options", "sections") or (
            attribute and attribute.type is ValueType.KEY_VALUES
        ):
            yield from _names_of_options(path, value)
        elif attribute is not None:
            yield from _referred_names(path, attribute, value)


def _referred_names(
    path: FieldPath, attribute: Attribute, value: Any
) -> Iterator[tuple[FieldPath, str, str]]:
    """The names in references, including references inside structures."""
    match attribute.type:
        case ValueType.REFERENCE:
            yield path, path[-1], as_text(value)
        case ValueType.REFERENCES:
            for index, item in enumerate(value):
                yield (*path, str(index)), f"item {index + 1} of {path[-1]}", as_text(item)
        case ValueType.STRUCTURE:
            for inner in attribute.fields:
                if inner.word in value:
                    yield from _referred_names((*path, inner.word), inner, value[inner.word])
        case ValueType.STRUCTURES:
            for index, item in enumerate(value):
                at = (*path, str(index))
                if isinstance(item, Mapping):
                    one = replace(attribute, type=ValueType.STRUCTURE)
                    yield from _referred_names(at, one, item)
                else:
                    yield at, f"item {index + 1} of {path[-1]}", as_text(item)


def _names_of_options(
    path: FieldPath, sections: dict[str, Any]
) -> Iterator[tuple[FieldPath, str, str]]:
    for section, options in sections.items():
        if any(value is not None for value in options.values()):
            yield (*path, section), _SECTION, section
        for key, value in options.items():
            if value is not None:
                yield (*path, section, key), _OPTION, key
