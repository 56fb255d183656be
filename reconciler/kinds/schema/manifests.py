"""The JSON Schema of manifests, made from the table of kinds.

``manifest.validate`` uses it as a value, editors use it as a file. It is draft-07, which editors
support best. The ``$comment`` of a sub-schema is the wording of our own messages.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds.manifest_kind import (
    ABSENT,
    API_VERSION,
    BLOCKS,
    PRESENT,
    ManifestKind,
)
from reconciler.kinds.manifests import MANIFEST_KINDS, OBJECT_KINDS, TYPED_KINDS
from reconciler.kinds.roles import TARGET_ROLES
from reconciler.kinds.schema.fields import field_schema, metadata_schema
from reconciler.kinds.schema.options import (
    FILE_VALUE,
    INITIAL_FILE_VALUE,
    INITIAL_OPTION,
    OPTION,
    PRESENT_OPTION,
    TEXT,
    sections_of,
)
from reconciler.kinds.schema.policy import policy_schema
from reconciler.kinds.schema.shared import with_shared_parts
from reconciler.kinds.schema.values import NAME, choice
from reconciler.kinds.types.files import LAUNCH_FORMATS

DRAFT = "http://json-schema.org/draft-07/schema#"

_ENSURE = {
    "enum": [PRESENT, ABSENT],
    "description": "absent: the object must not exist, and is deleted if it does.",
    "$comment": f"{PRESENT} or {ABSENT}",
}

_BLOCKS = {
    "spec": "Enforced: what differs is corrected.",
    "initial": "Written only where it is absent; from then on the site's own.",
}


def manifest_schema() -> dict[str, Any]:
    """The schema of one manifest of any kind."""
    return with_shared_parts(_whole())


def _whole() -> dict[str, Any]:
    return {
        "$schema": DRAFT,
        "title": "Manifest of the Web Engagement reconciler",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": [*MANIFEST_KINDS, *TYPED_KINDS]},
        },
        "allOf": [
            *(
                {"if": _has(kind=name), "then": {"$ref": f"#/definitions/{name}"}}
                for name in MANIFEST_KINDS
            ),
            *(
                {
                    "if": _has(kind=heading),
                    "then": {"properties": {"metadata": {"properties": {"type": _types(kinds)}}}},
                }
                for heading, kinds in TYPED_KINDS.items()
            ),
            *(
                {
                    "if": _has(kind=kinds[0].heading, metadata=_has(type=_types_of(kinds))),
                    "then": {"$ref": f"#/definitions/{name}"},
                }
                for name, kinds in _typed_definitions().items()
            ),
        ],
        "definitions": definitions(),
    }


def definitions() -> dict[str, dict[str, Any]]:
    """The schema of each kind. Kinds that differ only in ``metadata.type``, such as most folders,
    share a schema."""
    found = {name: kind_schema(kind) for name, kind in MANIFEST_KINDS.items()}
    for name, kinds in _typed_definitions().items():
        found[name] = kind_schema(kinds[0])
        named = found[name]["properties"]["metadata"]["properties"]["type"]
        named |= _types_of(kinds)
        if len(kinds) > 1:
            del named["const"]
    return found


def _typed_definitions() -> dict[str, list[ManifestKind]]:
    """The kinds whose manifests name an object type, by the name of the definition that they share:
    those with the same key and the same fields."""
    alike: dict[str, list[ManifestKind]] = {}
    for kinds in TYPED_KINDS.values():
        for kind in kinds.values():
            schema = kind_schema(kind)
            del schema["properties"]["metadata"]["properties"]["type"]
            alike.setdefault(json.dumps(schema), []).append(kind)
    return {f"{kinds[0].heading}_{kinds[0].named_type}": kinds for kinds in alike.values()}


def _types_of(kinds: Sequence[ManifestKind]) -> dict[str, Any]:
    names = [kind.named_type for kind in kinds]
    return {"enum": names} if len(names) > 1 else {"const": names[0]}


def _types(kinds: Mapping[str, ManifestKind]) -> dict[str, Any]:
    says = "The object type."
    if OBJECT_KINDS is kinds:
        says += " Types that have a kind of their own are not among them."
    return {"enum": list(kinds), "description": says}


def _has(**properties: Any) -> dict[str, Any]:
    """The schema of an object with these properties: a fixed value or a schema each."""
    schemas = {
        name: value if isinstance(value, dict) else {"const": value}
        for name, value in properties.items()
    }
    return {"required": list(schemas), "properties": schemas}


def kind_schema(kind: ManifestKind) -> dict[str, Any]:
    """The schema of the manifests of one kind."""
    properties: dict[str, Any] = {
        "apiVersion": {"const": API_VERSION, "$comment": API_VERSION},
        "kind": {"const": kind.heading},
        "metadata": metadata_schema(kind),
    }
    required = ["apiVersion", "kind", "metadata"]
    if kind.binding == "variables":
        properties["spec"] = _variables()
    else:
        properties |= {block: _block(kind, block) for block in BLOCKS}
    if kind.binding == "variables" or kind.spec_only:
        required.append("spec")
    if kind.binding == "options":
        properties["target"] = _target()
        required.append("target")
    if kind.binding == "object":
        properties["ensure"] = _ENSURE
    if kind.binding != "variables":
        properties["policy"] = policy_schema(kind)
    return {
        "type": "object",
        "description": kind.description,
        "$comment": "a manifest",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
        **_whole_body(kind),
    }


def _whole_body(kind: ManifestKind) -> dict[str, Any]:
    """The schema for all fields of a manifest together. An object that must be absent has no
    fields."""
    body = _in_either_block(kind)
    if kind.binding != "object":
        return body
    none: dict[str, Any] = {"not": {}}
    return {
        "if": _has(ensure=ABSENT),
        "then": {
            "properties": {
                "metadata": {"properties": {"formerly": none}},
                **dict.fromkeys(BLOCKS, none),
            }
        },
        **({"else": body} if body else {}),
    }


def _in_either_block(kind: ManifestKind) -> dict[str, Any]:
    """The schema in which ``spec`` or ``initial`` has each of the kind's required words."""
    if kind.binding == "options":
        return {
            "anyOf": [{"required": [block]} for block in BLOCKS],
            "$comment": "spec or initial",
        }
    words = [word for word in kind.required if word not in kind.spec_only]
    found = [
        {
            "anyOf": [
                {"required": [block], "properties": {block: {"required": [word]}}}
                for block in BLOCKS
            ],
            "$comment": f"{word} in spec or initial",
        }
        for word in words
    ]
    return {"allOf": found} if found else {}


def _target() -> dict[str, Any]:
    return {
        "type": "object",
        "$comment": "one of role and application",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            "role": {
                **choice(*TARGET_ROLES),
                "description": "Every application of this role in the site.",
            },
            "application": {**NAME, "description": "The application of this name."},
        },
    }


def _block(kind: ManifestKind, block: str) -> dict[str, Any]:
    """The schema of ``spec`` or ``initial``."""
    option = OPTION if block == "spec" else INITIAL_OPTION
    match kind.binding:
        case "file":
            value = FILE_VALUE if block == "spec" else INITIAL_FILE_VALUE
            properties, says = _launch_file(value), "a file and values"
        case "options":
            properties, says = _options(option), "options or sections"
        case _:
            properties, says = _fields(kind, option), "fields"
    fixed = [word for word in kind.required if word in kind.spec_only]
    if block == "initial":
        properties = {w: schema for w, schema in properties.items() if w not in kind.spec_only}
    return {
        "type": "object",
        "description": _BLOCKS[block],
        "$comment": says,
        **({"minProperties": 1} if kind.binding == "options" or block == "initial" else {}),
        **({"required": fixed} if fixed and block == "spec" else {}),
        "additionalProperties": False,
        "properties": properties,
    }


def _options(option: dict[str, Any]) -> dict[str, Any]:
    return {
        "options": sections_of(option, "Single options; each is one managed field."),
        "sections": sections_of(
            PRESENT_OPTION, "Whole sections; each is present or absent as a whole."
        ),
    }


def _fields(kind: ManifestKind, option: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for word in kind.fields:
        attribute = kind.object_type.by_word(word)
        assert attribute is not None, word  # noqa: S101 - a mistake in the table itself
        properties[word] = field_schema(attribute, option)
    return properties


def _launch_file(option: dict[str, Any]) -> dict[str, Any]:
    values = {
        "type": "object",
        "description": (
            "Key -> text; null: the key must be absent. A key of an INI file is"
            " [section] key, of an XML file a path such as a/b/@attribute."
        ),
        "minProperties": 1,
        "$comment": "values by key",
        "additionalProperties": option,
    }
    return {
        "file": {**NAME, "description": "Path below the installation folder, separated by /."},
        "format": {
            **choice(*LAUNCH_FORMATS),
            "description": "The format of the file; by default, its name says which.",
        },
        "values": values,
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
