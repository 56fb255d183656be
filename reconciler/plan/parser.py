"""The plan of a JSON text that ``plan/document.py`` has made."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.diagnostics import Position
from reconciler.errors import PlanFileError
from reconciler.kinds.fields import SecretText, Value, from_pointer, pointer
from reconciler.kinds.model import ValueType
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.document import CARRIED, FORMAT
from reconciler.plan.model import Action, Change, Fingerprint, Plan, SiteMark
from reconciler.plan.schema import plan_schema
from reconciler.server.port import AccessEntry

Resolve = Callable[[str], str]
"""Source (``env.NAME``) -> the value of the secret."""


def read_plan(text: str, label: str, resolve: Resolve | None = None) -> Plan:
    """The plan of a JSON text. ``label`` names it in messages. PlanFileError where it is no
    plan, or one of another format."""
    from jsonschema import Draft7Validator  # noqa: PLC0415 - 70 ms to import

    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"{label} is no JSON: {error}", _ADVICE) from error
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise PlanFileError(
            f"{label} has format {found}; this version reads {FORMAT}"
            if found
            else f"{label} is no plan of gwe",
            _ADVICE,
        )
    problem = next(Draft7Validator(plan_schema()).iter_errors(data), None)
    if problem is not None:
        place = "/".join(map(str, problem.absolute_path))
        raise PlanFileError(f"{label} is no whole plan: it is wrong at /{place}", _ADVICE)
    try:
        plan = plan_of(data, resolve)
        for action in plan.actions:
            _check_paths(action)
    except (KeyError, IndexError, ValueError) as error:
        raise PlanFileError(f"{label} is no whole plan: {error}", _ADVICE) from error
    return plan


def _check_paths(action: Action) -> None:
    """ValueError where an action that writes names what its type does not have."""
    if not all(one.path for one in (*action.changes, *action.kept)):
        raise ValueError("a change has no path")
    if not action.writes:
        return
    kind = ALL_TYPES.get(action.object_type)
    if kind is None:
        raise ValueError(f"no object type is called {action.object_type}")
    for path in (*action.fields, *(one.path for one in action.changes)):
        attribute = kind.by_word(path[0]) if path else None
        length = _LENGTHS.get(attribute.type, 1) if attribute else 0
        if len(path) != length and not (attribute and attribute.fields):
            raise ValueError(f"{kind.name} has no field {pointer(path)}")


_LENGTHS = {ValueType.KEY_VALUES: 3, ValueType.REFERENCES: 2}
_ADVICE = "Plan files are made by gwe plan --out FILE."


def plan_of(data: Mapping[str, Any], resolve: Resolve | None = None) -> Plan:
    """The plan that ``plan_data`` made ``data`` of. Without ``resolve`` secrets stay empty:
    enough to show the plan."""
    return _Parser(resolve).plan(data)


class _Parser:
    def __init__(self, resolve: Resolve | None) -> None:
        self._resolve = resolve

    def plan(self, data: Mapping[str, Any]) -> Plan:
        site = data["site"]
        return Plan(
            server=data["server"],
            identity=data["identity"],
            site=SiteMark(
                app=site["app"],
                tenant=site["tenant"]["name"],
                tenant_dbid=site["tenant"]["dbid"],
                cluster=site["cluster"] or "",
                roles={role: tuple(dbids) for role, dbids in site["roles"].items()},
                siblings=tuple(site["siblings"]),
                foreign_keys=site["foreignKeys"],
                installation=site["installation"] or "",
            ),
            actions=tuple(
                replace(self._action(one), secret_words=tuple(data["secretWords"]))
                for one in data["actions"]
            ),
            notices=tuple(data["notices"]),
            warnings=tuple(data["warnings"]),
            manifests=data["manifests"] or "",
            undoes=data["undoes"] or "",
            after=data["after"] or "",
            refusals=tuple(data["refusals"]),
        )

    def _action(self, data: Mapping[str, Any]) -> Action:
        fields = {from_pointer(path): value for path, value in data.get("fields", {}).items()}
        return Action(
            address=data["address"],
            kind=data["kind"],
            action=data["action"],
            object_type=data["type"] or "",
            name=data["name"],
            tenant=data["tenant"] or 0,
            dbid=data["dbid"] or 0,
            folder=data.get("folder") or 0,
            reason=data["reason"] or "",
            changes=tuple(self._change(one) for one in data["changes"]),
            kept=tuple(self._change(one) for one in data["kept"]),
            loses=tuple(data["loses"]),
            needs=tuple(data["needs"]),
            protect=data["protect"],
            watched=tuple(
                (one["dbid"], from_pointer(one["unit"])) for one in data.get("watched", ())
            ),
            units=tuple(map(from_pointer, data.get("fingerprint", {}).get("units", ()))),
            referrers=tuple((one["type"], one["dbid"]) for one in data.get("referrers", ())),
            permissions=tuple(
                AccessEntry(one["type"], one["dbid"], one["mask"])
                for one in data.get("permissions", ())
            ),
            secrets=tuple(map(from_pointer, data.get("secrets", ()))),
            carried=tuple(path for path, one in fields.items() if one == {"secret": CARRIED}),
            fingerprint=_fingerprint_of(data.get("fingerprint")),
            fields={path: self._present(value) for path, value in fields.items()},
            origin=_position(data["origin"]),
        )

    def _change(self, data: Mapping[str, Any]) -> Change:
        return Change(
            path=from_pointer(data["path"]),
            before=self._value(data["before"]),
            after=self._value(data["after"]),
            origin=_position(data["origin"]),
            manifest=data["manifest"] or "",
            unit=from_pointer(data["unit"]),
            source=data["source"] or 0,
            secret=any(isinstance(data[one], dict) and "secret" in data[one] for one in _SIDES),
        )

    def _present(self, data: Any) -> Value:
        value = self._value(data)
        return "" if value is None else value

    def _value(self, data: Any) -> Value | None:
        if not isinstance(data, dict):
            value: Value | None = data
            return value
        if "binary" in data:
            return bytes.fromhex(data["binary"])
        source = data["secret"]
        if source in (True, CARRIED) or self._resolve is None:
            return SecretText("", "" if source is True else source)
        return SecretText(self._resolve(source), source)


_SIDES = ("before", "after")


def _fingerprint_of(data: Mapping[str, Any] | None) -> Fingerprint:
    if data is None:
        return Fingerprint()
    return Fingerprint(
        units=tuple(map(from_pointer, data["units"])),
        fields=data["fields"],
        folder=data["folder"] or 0,
        parent=data["parent"] or 0,
        sources={int(dbid): fields for dbid, fields in data["sources"].items()},
    )


def _position(text: str | None) -> Position | None:
    if text is None:
        return None
    parts = text.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        return Position(parts[0], int(parts[1]), int(parts[2]))
    file, _, line = text.rpartition(":")
    return Position(file, int(line)) if file and line.isdigit() else Position(text)
