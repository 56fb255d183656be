"""What differs between two sides as JSON."""

from typing import Any, get_args

from reconciler.compare.model import Comparison, Found, ObjectDifference, SideMark, Uncompared
from reconciler.json_codec import (
    BOOLEAN,
    INTEGER,
    OPTIONAL_TEXT,
    TEXT,
    Codec,
    Member,
    array,
    choice,
    record,
)
from reconciler.plan.changes import Change
from reconciler.plan.file.action_codec import PATH, VALUE
from reconciler.render.json_reports import JsonReport, report

_SIDE: Codec[SideMark] = record(
    SideMark,
    Member("name", TEXT, description="As the command line has it."),
    Member("source", TEXT, description="The URL of a server, or the path of manifests."),
    Member("version", OPTIONAL_TEXT, description="Release of Configuration Server."),
    Member("app", OPTIONAL_TEXT, description="Application of the Web Engagement Server."),
    Member("tenant", OPTIONAL_TEXT),
)
_FIELD: Codec[Change] = record(
    Change,
    Member("path", PATH, description="JSON Pointer of the field."),
    Member("a", VALUE, "before", "What A has; null: nothing."),
    Member("b", VALUE, "after", "What B has; null: nothing."),
    Member("remark", OPTIONAL_TEXT, "hint", "Why values that are written alike differ."),
)
_OBJECT: Codec[ObjectDifference] = record(
    ObjectDifference,
    Member("address", TEXT, description="As A calls it; as B does where A does not have it."),
    Member("addressB", OPTIONAL_TEXT, "address_b", "As B calls it, where that is another name."),
    Member("kind", TEXT),
    Member("found", choice(*get_args(Found))),
    Member("remark", OPTIONAL_TEXT),
    Member("fields", array(_FIELD), "changes"),
)
_UNCOMPARED: Codec[Uncompared] = record(
    Uncompared,
    Member("side", TEXT, description="The name of the side that does not show it."),
    Member("address", TEXT),
    Member("path", PATH, description="JSON Pointer of the field; empty: the whole object."),
    Member("reason", TEXT),
)


def _value(found: Comparison, name: str) -> Any:
    counts = {"differ": "differs", "only_in_a": "only-in-a", "only_in_b": "only-in-b"}
    return found.count(counts[name]) if name in counts else getattr(found, name)  # type: ignore[arg-type]


COMPARE: JsonReport = report(
    "compare",
    "Report of gwe compare",
    Member("same", BOOLEAN, description="Whether nothing was found to differ."),
    Member("a", _SIDE),
    Member("b", _SIDE),
    Member("differ", INTEGER, description="Objects that are on both sides, and differ."),
    Member("onlyInA", INTEGER, "only_in_a"),
    Member("onlyInB", INTEGER, "only_in_b"),
    Member("equal", INTEGER, description="Objects that are the same on both sides."),
    Member("ignored", INTEGER, description="Differences that the mapping says not to count."),
    Member("differences", array(_OBJECT)),
    Member("uncompared", array(_UNCOMPARED)),
    Member("notices", array(TEXT)),
    get=_value,
)
