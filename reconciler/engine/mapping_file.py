"""Mapping files: known differences of environments, with the position of each entry."""

from pathlib import Path

from msgspec.structs import replace

from reconciler.compare.mapping import MAPPING, EnvironmentMapping, mapped_twice
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError
from reconciler.text_files import shown_path
from reconciler.yaml_record import read_record

_ADVICE = "docs/compare.md shows a mapping file; gwe schema mapping prints its schema."


def read_mapping(path: Path) -> EnvironmentMapping:
    """The mapping in a file. ManifestError lists what is wrong with the file."""
    mapping, document = read_record(path, MAPPING, "the mapping", _ADVICE)
    entries = [
        replace(entry, position=document.at(("same", str(number))))
        for number, entry in enumerate(mapping.same)
    ]
    mapping = replace(mapping, same=tuple(entries), name=shown_path(path))
    twice = [
        Diagnostic(
            f"{text!r} is mapped twice",
            mapping.same[number].position,
            "One text of a side stands for one text of the other: leave one entry, or say with"
            " in where each of them holds.",
        )
        for number, text in mapped_twice(mapping)
    ]
    if twice:
        raise ManifestError(twice)
    return mapping
