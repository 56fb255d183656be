"""The JSON Schema of a plan file. See ``plan/document.py``."""

from typing import Any

from reconciler.kinds.schema import DRAFT
from reconciler.plan.document import FORMAT
from reconciler.plan.model import WRITES

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_DBID = {"type": "integer"}
_DBID_OR_NULL = {"type": ["integer", "null"]}
_TEXTS = {"type": "array", "items": _TEXT}
_DIGESTS = {
    "type": "object",
    "description": "JSON Pointer -> digest of the value that was there.",
    "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}
_VALUE = {
    "description": (
        "A value; null: absent. {binary}: in hex digits. {secret}: never shown; the text says"
        " where the value comes from."
    ),
    "anyOf": [
        {"type": ["string", "integer", "boolean", "null"]},
        {
            "type": "object",
            "required": ["binary"],
            "additionalProperties": False,
            "properties": {"binary": {"type": "string", "pattern": "^([0-9a-f]{2})*$"}},
        },
        {
            "type": "object",
            "required": ["secret"],
            "additionalProperties": False,
            "properties": {"secret": {"anyOf": [{"const": True}, _TEXT]}},
        },
    ],
}


def _object(
    properties: dict[str, Any], description: str = "", optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A closed object; all its properties are required but the ``optional`` ones."""
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
        "properties": properties,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_ACTIONS = (*WRITES, "in-sync", "keep", "skip", "blocked")
_CHANGE = _object(
    {
        "path": {"type": "string", "description": "JSON Pointer of the field."},
        "before": _VALUE,
        "after": _VALUE,
        "unit": {"type": "string", "description": "JSON Pointer of what decided about it."},
        "source": {**_DBID_OR_NULL, "description": "DBID of the application it is copied from."},
        "origin": _TEXT_OR_NULL,
        "manifest": _TEXT_OR_NULL,
    }
)
_FINGERPRINT = _object(
    {
        "units": _TEXTS,
        "fields": _DIGESTS,
        "folder": _DBID_OR_NULL,
        "parent": _DBID_OR_NULL,
        "sources": {
            "type": "object",
            "propertyNames": {"pattern": "^-?[0-9]+$"},
            "additionalProperties": _DIGESTS,
        },
    },
    "What the action was decided by; checked again before anything is written.",
)
_WRITTEN: dict[str, Any] = {
    "folder": _DBID_OR_NULL,
    "fields": {
        "type": "object",
        "description": "JSON Pointer -> value, of the object that a create or replace makes.",
        "additionalProperties": _VALUE,
    },
    "permissions": _list(
        _object({"type": {"enum": ["Person", "AccessGroup"]}, "dbid": _DBID, "mask": _DBID})
    ),
    "referrers": _list(_object({"type": _TEXT, "dbid": _DBID})),
    "watched": _list(_object({"dbid": _DBID, "unit": _TEXT})),
    "secrets": _TEXTS,
    "fingerprint": _FINGERPRINT,
}
_ACTION = _object(
    {
        "address": _TEXT,
        "kind": _TEXT,
        "action": {"enum": list(_ACTIONS)},
        "reason": _TEXT_OR_NULL,
        "type": _TEXT_OR_NULL,
        "name": _TEXT,
        "tenant": _DBID_OR_NULL,
        "dbid": _DBID_OR_NULL,
        "origin": _TEXT_OR_NULL,
        "protect": {"type": "boolean"},
        "needs": _TEXTS,
        "changes": _list(_CHANGE),
        "kept": _list(_CHANGE),
        "loses": _TEXTS,
        **_WRITTEN,
    },
    "What happens to one object. An action that writes has the last seven properties.",
    optional=tuple(_WRITTEN),
)
_ACTION["if"] = {"properties": {"action": {"enum": list(WRITES)}}}
_ACTION["then"] = {"required": [*_WRITTEN], "properties": {"type": _TEXT}}


def plan_schema() -> dict[str, Any]:
    """The schema of a plan file."""
    tenant = _object({"name": _TEXT, "dbid": _DBID})
    return {
        "$schema": DRAFT,
        "title": "Plan of the Web Engagement reconciler",
        **_object(
            {
                "format": {"const": FORMAT},
                "tool": _TEXT,
                "server": _TEXT,
                "identity": {**_TEXT, "minLength": 1},
                "site": _object(
                    {
                        "app": _TEXT,
                        "cluster": _TEXT_OR_NULL,
                        "tenant": tenant,
                        "roles": {"type": "object", "additionalProperties": _list(_DBID)},
                        "siblings": _TEXTS,
                        "foreignKeys": {"type": "object", "additionalProperties": _TEXT},
                        "installation": _TEXT_OR_NULL,
                    }
                ),
                "manifests": {**_TEXT_OR_NULL, "description": "A digest, for information."},
                "undoes": {**_TEXT_OR_NULL, "description": "The run that is taken back."},
                "after": {**_TEXT_OR_NULL, "description": "The last run that was known."},
                "secretWords": _TEXTS,
                "empty": {"type": "boolean"},
                "applyable": {"type": "boolean"},
                "summary": _object(
                    dict.fromkeys((*_ACTIONS, "sharedValuesChanged"), _DBID),
                    "How many actions of each name.",
                ),
                "actions": _list(_ACTION),
                "refusals": _TEXTS,
                "warnings": _TEXTS,
                "notices": _TEXTS,
            }
        ),
    }
