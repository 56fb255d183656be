"""The part of the manifest schema that describes ``metadata``."""

from typing import Any

from reconciler.kinds.manifest_kind import OBJECT, ManifestKind
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.schema_values import NAME, choice, texts


def metadata_schema(kind: ManifestKind) -> dict[str, Any]:
    """The schema of ``metadata``, which says what a manifest is about."""
    names: dict[str, Any] = {}
    required = list(kind.key)
    if kind.heading == OBJECT:
        names["type"] = {"const": kind.type, "description": "The object type."}
        required.insert(0, "type")
    names |= {word: _key_part(kind, part) for word, part in kind.key.items()}
    if kind.tenanted:
        names["tenant"] = {**NAME, "description": "The tenant; the site's where it is absent."}
    if kind.binding == "object" and kind.object_type.folder:
        names["folder"] = {
            **NAME,
            "description": "Where it is created: folders below the kind's default one, by /.",
        }
    if kind.renamable:
        names["formerly"] = texts("Names that the object had: it is renamed, not created.")
    return {
        "type": "object",
        "$comment": f"a mapping with {' and '.join(required)}",
        "required": required,
        "additionalProperties": False,
        "properties": names,
    }


def _key_part(kind: ManifestKind, part: Attribute) -> dict[str, Any]:
    if kind.parent and part.word == "attribute":
        says = "The Business Attribute: its name, or its exact display name."
        return {**NAME, "description": says}
    if part.type is ValueType.ENUM and not part.open_ended:
        return choice(*part.enumeration)
    if part.type is ValueType.REFERENCE:
        return {**NAME, "description": f"The name of the {part.refers_to}."}
    return NAME
