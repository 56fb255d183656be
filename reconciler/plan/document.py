"""A plan as JSON: what ``--format json`` prints and what a plan file holds.

The text is the same for the same plan, byte for byte. It holds no secret: a value that
comes from the environment is named by its source and had again from there; one that a
replace carries over is had from the object just before. ``plan/schema.py`` describes it,
``plan/parser.py`` reads it.
"""

import hashlib
import json
from typing import Any

import reconciler
from reconciler.diagnostics import Position
from reconciler.kinds.fields import FieldPath, SecretText, Value, is_secret, pointer
from reconciler.plan.model import WRITES, Action, Change, Fingerprint, Plan, SiteMark

FORMAT = "gwe-plan/1"
CARRIED = "carried"
"""The source of a secret that is taken over from a live object: by a replace from the one
that it replaces, in a pair from the other member."""


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


def _field(action: Action, path: FieldPath, value: Value) -> Any:
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
