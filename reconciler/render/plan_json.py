"""A plan as JSON: the same values as the text, for machines. Stable for equal input."""

import json
from typing import Any

import reconciler
from reconciler.diagnostics import Position
from reconciler.kinds.fields import Path, Value, is_secret, pointer
from reconciler.plan.model import WRITES, Action, Change, Plan

FORMAT = "gwe-plan/1"


def plan_json(plan: Plan) -> str:
    """The plan as an indented JSON text that ends with a line end."""
    return json.dumps(plan_data(plan), indent=2, ensure_ascii=False) + "\n"


def plan_data(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    counts = plan.counts()
    names = (*WRITES, "in-sync", "keep", "skip", "blocked")
    return {
        "format": FORMAT,
        "tool": f"gwe-reconciler {reconciler.__version__}",
        "server": plan.server,
        "site": {
            "app": plan.app,
            "cluster": plan.cluster or None,
            "tenant": {"name": plan.tenant, "dbid": plan.tenant_dbid},
        },
        "empty": plan.empty,
        "applyable": not plan.blocked,
        "summary": {
            **{name: counts.get(name, 0) for name in names},
            "sharedValuesChanged": plan.shared_changes(),
        },
        "actions": [_action(action) for action in plan.actions],
        "warnings": list(plan.warnings),
        "notices": list(plan.notices),
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "address": action.address,
        "kind": action.kind,
        "action": action.action,
        "reason": action.reason or None,
        "dbid": action.dbid or None,
        "needs": list(action.needs),
        "changes": [_change(change) for change in action.changes],
        "kept": [_change(change) for change in action.kept],
        "loses": list(action.loses),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "path": pointer(change.path),
        "before": _value(change.path, change.before),
        "after": _value(change.path, change.after),
        "origin": _origin(change.origin),
        "manifest": change.manifest or None,
    }


def _value(path: Path, value: Value | None) -> Any:
    if value is not None and is_secret(path):
        return {"secret": True}
    return {"binary": value.hex()} if isinstance(value, bytes) else value


def _origin(origin: Position | None) -> str | None:
    return str(origin) if origin else None
