"""Mapping files: known differences of environments, with the position of each entry."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from reconciler.compare.mapping import MAPPING, EnvironmentMapping
from reconciler.diagnostics import Diagnostic
from reconciler.files.reading import shown_path
from reconciler.yaml.documents import YamlDocument
from reconciler.yaml.record import read_record

_ADVICE = "docs/compare.md shows a mapping file; gwe schema mapping prints its schema."
_TWICE = (
    "Each text of a side is mapped to a single text of the other: keep one of the entries, or limit"
    " each of them with in."
)


def read_mapping(path: Path) -> EnvironmentMapping:
    """The mapping in a file. ManifestError lists everything that is wrong with the file."""
    mapping, document = read_record(path, MAPPING, "the mapping", _ADVICE, _mapped_twice)
    entries = [
        replace(entry, position=document.at(("same", str(number))))
        for number, entry in enumerate(mapping.same)
    ]
    return replace(mapping, same=tuple(entries), name=shown_path(path))


def _mapped_twice(document: YamlDocument) -> Iterator[Diagnostic]:
    """The entries whose text occurs in another entry for the same place. The document may have any
    other mistakes."""
    data: Any = document.data
    entries: Any = data.get("same") if isinstance(data, Mapping) else None
    for side in ("a", "b"):
        seen: set[tuple[str, str]] = set()
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            text = entry.get(side) if isinstance(entry, Mapping) else None
            if not isinstance(text, str) or not text.strip():
                continue
            found = (text, repr(entry.get("in", [])))
            if found in seen:
                place = document.at(("same", str(number), side))
                yield Diagnostic(f"{text!r} is mapped twice", place, _TWICE)
            seen.add(found)
