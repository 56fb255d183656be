"""The JSON Schema of manifests, made from the table of kinds.

``manifest.validate`` uses the value, editors a file with it. It is draft-07, the draft that
editors support best. The ``$comment`` of a sub-schema is the wording of our own messages.
"""

from typing import Any

from reconciler.kinds.manifests import API_VERSION, MANIFEST_KINDS, ManifestKind
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.option_schema import OPTION, PRESENT_OPTION, TEXT, sections_of
from reconciler.kinds.policies import MAX_POINTERS, POLICY_FIELDS, PolicyField
from reconciler.kinds.roles import TARGET_ROLES
from reconciler.kinds.types_files import LAUNCH_FORMATS

DRAFT = "http://json-schema.org/draft-07/schema#"

_INTERPOLATED = {"type": "string", "pattern": r"\$\{"}
_NAME = {"type": ["string", "number"], "minLength": 1, "$comment": "a name"}


def _or_interpolated(schema: dict[str, Any], says: str) -> dict[str, Any]:
    return {"anyOf": [schema, _INTERPOLATED], "$comment": says}


def _choice(*members: str) -> dict[str, Any]:
    return _or_interpolated({"enum": list(members)}, f"one of {', '.join(members)}")


def _flag() -> dict[str, Any]:
    return _or_interpolated({"type": "boolean"}, "true or false")


def _texts(description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "description": description,
        "minItems": 1,
        "uniqueItems": True,
        "$comment": "a list of texts with at least one",
        "items": _NAME,
    }


def manifest_schema() -> dict[str, Any]:
    """The schema of one manifest of any kind."""
    return {
        "$schema": DRAFT,
        "title": "Manifest of the Web Engagement reconciler",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": list(MANIFEST_KINDS)},
        },
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": f"#/definitions/{name}"},
            }
            for name in MANIFEST_KINDS
        ],
        "definitions": {name: _kind_schema(kind) for name, kind in MANIFEST_KINDS.items()},
    }


def _kind_schema(kind: ManifestKind) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "apiVersion": {"const": API_VERSION, "$comment": API_VERSION},
        "kind": {"const": kind.name},
        "metadata": _metadata(kind),
        "spec": _spec(kind),
    }
    required = ["apiVersion", "kind", "metadata"]
    if kind.binding != "object" or kind.required:
        required.append("spec")
    if kind.binding == "options":
        properties["target"] = _target()
        required.append("target")
    if kind.binding != "variables":
        properties["policy"] = _policy(kind)
    return {
        "type": "object",
        "description": kind.description,
        "$comment": "a manifest",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
    }


def _metadata(kind: ManifestKind) -> dict[str, Any]:
    names: dict[str, Any] = {"name": _NAME}
    required = ["name"]
    if kind.parent:
        names["attribute"] = {
            **_NAME,
            "description": "The Business Attribute: its name, or its exact display name.",
        }
        required.append("attribute")
    if kind.binding == "object":
        names["tenant"] = {**_NAME, "description": "The tenant; the site's where it is absent."}
        names["folder"] = {
            **_NAME,
            "description": "Where it is created: folders below the kind's default one, by /.",
        }
    return {
        "type": "object",
        "$comment": "a mapping with a name",
        "required": required,
        "additionalProperties": False,
        "properties": names,
    }


def _target() -> dict[str, Any]:
    return {
        "type": "object",
        "$comment": "one of role and application",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            "role": {
                **_choice(*TARGET_ROLES),
                "description": "Every application of this role in the site.",
            },
            "application": {**_NAME, "description": "The application of this name."},
        },
    }


def _spec(kind: ManifestKind) -> dict[str, Any]:
    match kind.binding:
        case "variables":
            return _variables()
        case "file":
            return _launch_file()
        case "options":
            sections = {
                "options": sections_of(OPTION, "Single options, each owned by itself."),
                "sections": sections_of(
                    PRESENT_OPTION, "Whole sections: what exists is the section."
                ),
            }
            return {
                "type": "object",
                "$comment": "options or sections",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": sections,
            }
    properties: dict[str, Any] = {}
    for word in kind.fields:
        attribute = kind.object_type.by_word(word)
        assert attribute is not None, word  # noqa: S101 - a mistake in the table itself
        properties[word] = _field(attribute)
    return {
        "type": "object",
        "$comment": "fields",
        "required": list(kind.required),
        "additionalProperties": False,
        "properties": properties,
    }


def _field(attribute: Attribute) -> dict[str, Any]:
    match attribute.type:
        case ValueType.KEY_VALUES:
            return sections_of(OPTION, "Options by section; each is one managed field.")
        case ValueType.REFERENCES:
            return _texts("At least these.")
        case ValueType.FLAG:
            return _flag()
        case ValueType.ENUM:
            return _choice(*attribute.enumeration)
    return {**TEXT, "maxLength": attribute.max_length}


def _launch_file() -> dict[str, Any]:
    values = {
        "type": "object",
        "description": (
            "Key -> text; null: it must be absent. INI: [section] key. XML: a/b/@attribute."
        ),
        "minProperties": 1,
        "$comment": "values by key",
        "additionalProperties": OPTION,
    }
    return {
        "type": "object",
        "$comment": "a file and values",
        "required": ["file", "values"],
        "additionalProperties": False,
        "properties": {
            "file": {**_NAME, "description": "Path below the installation folder, with /."},
            "format": {
                **_choice(*LAUNCH_FORMATS),
                "description": "How it is written; by default its name says so.",
            },
            "values": values,
        },
    }


def _variables() -> dict[str, Any]:
    return {
        "type": "object",
        "$comment": "variables by name",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_-]*$(?!\\n)"},
        "additionalProperties": {
            "type": "object",
            "$comment": "a description, and usually a default",
            "required": ["description"],
            "additionalProperties": False,
            "properties": {"description": TEXT, "default": TEXT},
        },
    }


def _policy_field(policy: PolicyField) -> dict[str, Any]:
    match policy.form:
        case "texts":
            return _texts(policy.description)
        case "flag":
            schema = _flag()
        case "choice":
            schema = _choice(*policy.choices)
    return {**schema, **({"description": policy.description} if policy.description else {})}


def _policy(kind: ManifestKind) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "existing": {
            **_choice("correct", "keep"),
            "description": "What happens to a field that is there and differs.",
        },
        "keep": {
            **_texts("JSON Pointers into spec: what is there stays as it is."),
            "maxItems": MAX_POINTERS,
            "items": {"type": "string", "pattern": "^/", "$comment": "a JSON Pointer (/…)"},
        },
        "satisfiedBy": {
            "type": "object",
            "description": "Field -> globs: an option of its section that stands for it.",
            "maxProperties": MAX_POINTERS,
            "$comment": f"a mapping from at most {MAX_POINTERS} JSON Pointers to lists of globs",
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": _texts("Globs of option names."),
        },
    }
    properties["overwrite"] = {
        **_choice(*kind.overwrites),
        "description": "What --overwrite does.",
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
