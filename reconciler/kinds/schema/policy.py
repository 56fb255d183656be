"""The JSON Schema of policies, made from the table of policies.

``$comment``: see ``schema/manifests.py``.
"""

from typing import Any

from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.policies import MAX_POINTERS, POLICY_FIELDS, PolicyField
from reconciler.kinds.schema.values import choice, flag, texts


def _policy_field(policy: PolicyField) -> dict[str, Any]:
    match policy.form:
        case "texts":
            return texts(policy.description)
        case "flag":
            schema = flag()
        case "choice":
            schema = choice(*policy.choices)
    return {**schema, **({"description": policy.description} if policy.description else {})}


def policy_schema(kind: ManifestKind) -> dict[str, Any]:
    """The schema of ``policy`` in the manifests of a kind."""
    properties: dict[str, Any] = {
        "satisfiedBy": {
            "type": "object",
            "description": "Field -> globs: the field is in sync if an option of its section"
            " matches a glob.",
            "maxProperties": MAX_POINTERS,
            "$comment": f"a mapping from at most {MAX_POINTERS} JSON Pointers to lists of globs",
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": texts("Globs of option names."),
        },
    }
    if kind.binding == "object":
        properties["whole"] = {
            **texts("JSON Pointers into initial: all that is below a pointer is one unit."),
            "maxItems": MAX_POINTERS,
            "items": {"type": "string", "pattern": "^/", "$comment": "a JSON Pointer (/…)"},
        }
    properties["overwrite"] = {
        **choice(*kind.overwrites),
        "description": "What --overwrite does with what the manifest declares.",
    }
    for _, policy in POLICY_FIELDS:
        if policy.applies(kind):
            properties[policy.name] = _policy_field(policy)
    return {
        "type": "object",
        "$comment": "a mapping",
        "additionalProperties": False,
        "properties": properties,
    }
