"""What commands report as JSON, each report with its version and schema. The text and the schema
come from the same definition.

validate   gwe-validate/1     runs       gwe-runs/1
doctor     gwe-doctor/1       runs show  gwe-run/1
plan, drift, show: plan/file/codec.py
graph      gwe-graph/1: graphs/json_text.py
explain    gwe-explain/1: explanation.py
compare    gwe-compare/1: comparison_json.py
apply and what else changes something: result_reports.py
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from msgspec import Struct
from msgspec.structs import fields

from reconciler.diagnostics import RULES, Diagnostic
from reconciler.json_codec import (
    BOOLEAN,
    INTEGER,
    OPTIONAL_TEXT,
    TEXT,
    Codec,
    Member,
    array,
    choice,
    constant,
    nullable,
    or_null,
    record,
)
from reconciler.kinds.schema.manifests import DRAFT
from reconciler.server.checks import State
from reconciler.state.records import ActionOutcome, RunHead
from reconciler.state.store import LaunchBackup
from reconciler.text.visible import json_text


class JsonReport(Struct, frozen=True):
    """A kind of report: its version, a description, and how its values are written."""

    format: str
    title: str
    codec: Codec[Any]

    def text(self, value: object) -> str:
        """The report as JSON."""
        return json_text(self.codec.encode(value))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the report."""
        return {"$schema": DRAFT, "title": self.title, **self.codec.schema}


def report(
    name: str, title: str, *members: Member, get: Callable[[Any, str], Any] = getattr
) -> JsonReport:
    """A kind of report with these members beside its format. ``get``: reads a member's value."""
    version = f"gwe-{name}/1"
    whole: Codec[Any] = record(
        dict,
        Member("format", constant(version)),
        *members,
        get=lambda value, member: version if member == "format" else get(value, member),
    )
    return JsonReport(version, title, whole)


def _problem_value(problem: Diagnostic, name: str) -> Any:
    if name in ("file", "line", "column"):
        return getattr(problem.position, name) or None if problem.position else None
    return getattr(problem, name)


PROBLEM: Codec[Any] = record(
    dict,
    Member("rule", or_null(choice(*RULES), ""), description="What kind of problem it is."),
    Member("summary", TEXT),
    Member("file", nullable(TEXT)),
    Member("line", nullable(INTEGER), description="From 1."),
    Member("column", nullable(INTEGER), description="From 1, in characters."),
    Member("hint", OPTIONAL_TEXT, description="What to do about it."),
    Member("example", OPTIONAL_TEXT),
    get=_problem_value,
)

VALIDATE = report(
    "validate",
    "Report of gwe validate",
    Member("valid", BOOLEAN),
    Member(
        "checked",
        nullable(array(TEXT)),
        description="The files and folders with the manifests; bundled: those that come with gwe;"
        " null: unknown.",
    ),
    Member("manifests", nullable(INTEGER), description="How many there are; null: unknown."),
    Member("problems", array(PROBLEM)),
)
_CHECK: Codec[Any] = record(
    dict,
    Member("check", TEXT, "what"),
    Member("state", choice(*get_args(State))),
    Member("found", TEXT),
    Member("nextStep", OPTIONAL_TEXT, "next_step"),
)
DOCTOR = report(
    "doctor",
    "Report of gwe doctor",
    Member("failed", BOOLEAN),
    Member("checks", array(_CHECK)),
)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _plain(cls: Any) -> Codec[Any]:
    return record(cls, *(Member(_camel(one.name), TEXT, one.name) for one in fields(cls)))


_HEAD = tuple(
    Member(_camel(one.name), nullable(INTEGER if one.type is int else TEXT), one.name)
    for one in fields(RunHead)
    if one.name != "run"
)
_ENTRY = (
    Member("run", TEXT),
    Member("status", TEXT),
    Member("number", nullable(INTEGER)),
    *_HEAD,
    Member("settled", nullable(BOOLEAN), description="Whether gwe recover has no work left."),
    Member("ended", nullable(TEXT)),
    Member("done", nullable(INTEGER), description="How many actions were done."),
    Member("problem", nullable(TEXT), description="Why a damaged run cannot be read."),
)


def _get(values: Mapping[str, Any], name: str) -> Any:
    return values.get(name)


RUNS = report(
    "runs",
    "Report of gwe runs",
    Member("runs", array(record(dict, *_ENTRY, get=_get))),
    get=_get,
)
RUN = report(
    "run",
    "Report of gwe runs show",
    *_ENTRY,
    Member("state", TEXT, description="Where the run is stored."),
    Member("outcomes", array(_plain(ActionOutcome))),
    Member("backups", array(_plain(LaunchBackup))),
    Member("problems", array(TEXT), description="What is damaged or missing."),
    get=_get,
)

REPORTS = {
    "validate": VALIDATE,
    "runs": RUNS,
    "run": RUN,
    "doctor": DOCTOR,
}
"""Name of a schema -> the report that it describes."""
