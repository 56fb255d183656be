"""Why a field is planned, kept or left alone: as text and as JSON."""

from collections.abc import Iterator
from typing import Any

from reconciler.json_codec import (
    OPTIONAL_TEXT,
    TEXT,
    Codec,
    Member,
    array,
    choice,
    mapped,
    nullable,
    record,
)
from reconciler.kinds.fields import from_pointer, pointer
from reconciler.plan.actions import ACTION_NAMES, Action
from reconciler.plan.explanation import (
    FIELD_STATUSES,
    Explanation,
    FieldExplanation,
    FieldStatus,
)
from reconciler.render.console import STYLES, Console, emit, styled, width_of
from reconciler.render.json_reports import JsonReport, report
from reconciler.render.remarks import label_of, origin_text, remark_of
from reconciler.render.wrapping import wrapped
from reconciler.server.history import change_text, change_time
from reconciler.text.visible import escaped

_WHAT: dict[FieldStatus, str] = {
    "written": "An apply writes the manifest's value.",
    "kept": "It differs, and is left alone.",
    "unchanged": "Nothing is to be written.",
    "not-planned": "Nothing is written, since its object is left alone.",
    "undeclared": "No manifest declares it: it is the site's own.",
}
_INDENT = 4
_COLUMN = 14


def print_explanation(console: Console, found: Explanation) -> None:
    """Prints what happens to the object, then each field."""
    action = found.action
    emit(console, styled(action.address, style="bold"))
    remark = action.reason or remark_of(action)
    lead = f"  {action.action}{f': {remark}' if remark else ''}"
    for line in wrapped(lead.strip(), width_of(console), 2, 4):
        emit(console, styled(line, style=STYLES[action.action]))
    if action.subject.origin:
        emit(console, styled(f"  declared in {origin_text(action.subject.origin)}"))
    if found.last_change and (changed := change_text(found.last_change)):
        for line in wrapped(escaped(changed), width_of(console), 2, 4):
            emit(console, styled(line))
    for field in found.fields:
        emit(console, styled())
        emit(console, styled(f"  {label_of(field.path)}", style="bold"))
        for name, text in _rows(field):
            lead = f"{name:<{_COLUMN}}{text}"
            for line in wrapped(lead, width_of(console), _INDENT, _INDENT + _COLUMN):
                emit(console, styled(line))


def _rows(field: FieldExplanation) -> Iterator[tuple[str, str]]:
    yield "plan", _WHAT[field.status]
    yield "live", field.live
    if field.manifest:
        yield "manifest", field.manifest
    if field.declared:
        yield "declared in", origin_text(field.declared)
    if field.policy:
        yield "policy", f"{field.policy}."
    for name, setter in field.variables:
        yield "variable", f"{name}, set by {setter}"
    if field.hint:
        yield "hint", field.hint
    if field.status != "undeclared" or field.last_write:
        write = field.last_write
        by = f" by {write.user}" if write and write.user else ""
        yield "last run", f"{write.run}, {write.started}{by}" if write else "none on record"


_VARIABLE: Codec[Any] = record(
    dict,
    Member("name", TEXT),
    Member("setBy", TEXT, "set_by"),
    get=lambda value, name: value[0 if name == "name" else 1],
)
_WRITE: Codec[Any] = record(
    dict, Member("run", TEXT), Member("started", TEXT), Member("user", TEXT)
)
_CHANGE: Codec[Any] = record(
    dict,
    Member("action", TEXT, description="created, updated or deleted."),
    Member("user", OPTIONAL_TEXT),
    Member("time", OPTIONAL_TEXT),
    get=lambda value, name: change_time(value) if name == "time" else getattr(value, name),
)
_FIELD: Codec[Any] = record(
    dict,
    Member("path", mapped(TEXT, from_pointer, pointer), description="JSON Pointer of the field."),
    Member("status", choice(*FIELD_STATUSES)),
    Member("live", TEXT, description="As a person reads it; secrets are hidden."),
    Member("manifest", OPTIONAL_TEXT),
    Member("declared", OPTIONAL_TEXT, description="File and line."),
    Member("policy", OPTIONAL_TEXT),
    Member("variables", array(_VARIABLE)),
    Member("hint", OPTIONAL_TEXT, description="How the manifest's value is enforced."),
    Member("lastWrite", nullable(_WRITE), "last_write"),
    get=lambda value, name: (
        origin_text(value.declared) if name == "declared" else getattr(value, name)
    ),
)


def _value(found: Explanation, name: str) -> object:
    action: Action = found.action
    match name:
        case "fields" | "last_change":
            return getattr(found, name)
        case "declared":
            return origin_text(action.subject.origin)
    return getattr(action, name)


EXPLAIN: JsonReport = report(
    "explain",
    "Report of gwe explain",
    Member("address", TEXT),
    Member("action", choice(*ACTION_NAMES)),
    Member("reason", OPTIONAL_TEXT),
    Member("declared", OPTIONAL_TEXT, description="File and line."),
    Member(
        "lastChange",
        nullable(_CHANGE),
        "last_change",
        description="Of the object, as the server's history says.",
    ),
    Member("fields", array(_FIELD)),
    get=_value,
)
