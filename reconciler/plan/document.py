"""A plan as JSON and back: what ``--format json`` prints and what a plan file holds.

The text is the same for the same plan, byte for byte. It holds no secret: a value that
comes from the environment is named by its source and had again from there; one that a
replace carries over is had from the object just before. ``plan/schema.py`` describes it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import reconciler
from reconciler.diagnostics import Position
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import Path, SecretText, Value, from_pointer, is_secret, pointer
from reconciler.kinds.model import ValueType
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.model import WRITES, Action, Change, Fingerprint, Plan, SiteMark
from reconciler.server.port import AccessEntry

FORMAT = "gwe-plan/1"
CARRIED = "carried"
"""The source of a secret that is taken over from a live object: by a replace from the one
that it replaces, in a pair from the other member."""


class PlanFileError(ReconcilerError):
    """A file that holds no plan that this version can read."""


Resolve = Callable[[str], str]
"""Source (``env.NAME``) -> the value of the secret."""


def plan_json(plan: Plan) -> str:
    """The plan as an indented JSON text that ends with a line end."""
    return json.dumps(plan_data(plan), indent=2, ensure_ascii=False) + "\n"


def plan_id(text: str) -> str:
    """What tells one plan from every other: a digest of its JSON text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan_data(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    counts = plan.counts()
    names = (*WRITES, "in-sync", "keep", "skip", "blocked")
    return {
        "format": FORMAT,
        "tool": f"gwe-reconciler {reconciler.__version__}",
        "server": plan.server,
        "identity": plan.identity,
        "site": _site(plan.site),
        "manifests": plan.manifests or None,
        "undoes": plan.undoes or None,
        "after": plan.after or None,
        "secretWords": _secret_words(plan),
        "empty": plan.empty,
        "applyable": plan.applyable,
        "summary": {
            **{name: counts.get(name, 0) for name in names},
            "sharedValuesChanged": plan.shared_changes(),
        },
        "actions": [_action(action) for action in plan.actions],
        "refusals": list(plan.refusals),
        "warnings": list(plan.warnings),
        "notices": list(plan.notices),
    }


def _secret_words(plan: Plan) -> list[str]:
    return list(next((one.secret_words for one in plan.actions if one.secret_words), ()))


def _site(site: SiteMark) -> dict[str, Any]:
    return {
        "app": site.app,
        "cluster": site.cluster or None,
        "tenant": {"name": site.tenant, "dbid": site.tenant_dbid},
        "roles": {role: list(dbids) for role, dbids in site.roles.items()},
        "siblings": list(site.siblings),
        "foreignKeys": dict(site.foreign_keys),
        "installation": site.installation or None,
    }


def _action(action: Action) -> dict[str, Any]:
    data: dict[str, Any] = {
        "address": action.address,
        "kind": action.kind,
        "action": action.action,
        "reason": action.reason or None,
        "type": action.object_type or None,
        "name": action.name,
        "tenant": action.tenant or None,
        "dbid": action.dbid or None,
        "origin": _origin(action.origin),
        "protect": action.protect,
        "needs": list(action.needs),
        "changes": [_change(change) for change in action.changes],
        "kept": [_change(change) for change in action.kept],
        "loses": list(action.loses),
    }
    if not action.writes:
        return data
    return data | {
        "folder": action.folder or None,
        "fields": {
            pointer(path): _field(action, path, value) for path, value in action.fields.items()
        },
        "permissions": [
            {"type": one.account_type, "dbid": one.account, "mask": one.mask}
            for one in action.permissions
        ],
        "referrers": [{"type": name, "dbid": dbid} for name, dbid in action.referrers],
        "watched": [{"dbid": dbid, "unit": pointer(unit)} for dbid, unit in action.watched],
        "secrets": [pointer(path) for path in action.secrets],
        "fingerprint": _fingerprint(action.fingerprint),
    }


def _fingerprint(one: Fingerprint) -> dict[str, Any]:
    return {
        "units": [pointer(path) for path in one.units],
        "fields": dict(one.fields),
        "folder": one.folder or None,
        "parent": one.parent or None,
        "sources": {str(dbid): dict(fields) for dbid, fields in one.sources.items()},
    }


def _change(change: Change) -> dict[str, Any]:
    hidden = change.secret or is_secret(change.path)
    after = _value(change.after, hidden)
    if after == {"secret": True} and change.source:
        after = {"secret": CARRIED}
    return {
        "path": pointer(change.path),
        "before": _value(change.before, hidden),
        "after": after,
        "unit": pointer(change.unit),
        "source": change.source or None,
        "origin": _origin(change.origin),
        "manifest": change.manifest or None,
    }


def _field(action: Action, path: Path, value: Value) -> Any:
    hidden = action.hides(path)
    if hidden and path in action.carried:
        return {"secret": CARRIED}
    return _value(value, hidden)


def _value(value: Value | None, hidden: bool) -> Any:
    if isinstance(value, SecretText):
        return {"secret": value.source or True}
    if hidden and value is not None:
        return {"secret": True}
    return {"binary": value.hex()} if isinstance(value, bytes) else value


def _origin(origin: Position | None) -> str | None:
    return str(origin) if origin else None


def unsaveable(plan: Plan) -> list[str]:
    """The values that the plan writes and that its file cannot hold: secrets which stand
    in a manifest in clear. As ``ADDRESS: PATH``."""
    found: list[str] = []
    for action in plan.actions if not plan.empty else ():
        data = _action(action)
        written = {one["path"]: one["after"] for one in data["changes"]} | data.get("fields", {})
        for path, value in written.items():
            if action.writes and value == {"secret": True}:
                found.append(f"{action.address}: {path}")
    return found


def read_plan(text: str, label: str, resolve: Resolve | None = None) -> Plan:
    """The plan of a JSON text. ``label`` names it in messages. PlanFileError where it is no
    plan, or one of another format."""
    from jsonschema import Draft7Validator  # noqa: PLC0415 - 70 ms to import

    from reconciler.plan.schema import plan_schema  # noqa: PLC0415 - reads this module

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
