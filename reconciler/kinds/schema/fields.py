"""The JSON Schema of an object's fields and of its names, made from the table of types.

``$comment``: see ``schema/manifests.py``.
"""

from typing import Any

from reconciler.kinds.manifest_kind import EXACT, OBJECT, ManifestKind
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.schema.options import SECRET, TEXT, sections_of, text_schema
from reconciler.kinds.schema.values import NAME, choice, flag, texts
from reconciler.kinds.types.folders import FOLDER, PATH

_LISTED = "Entries that the list must contain; it may contain others too."
_TYPES = {OBJECT: "The object type.", FOLDER: "The type of the objects that the folder is for."}


def field_schema(
    attribute: Attribute, option: dict[str, Any], *, inside: bool = False
) -> dict[str, Any]:
    """The schema of one field. ``option``: the schema of an option in a key-value list. ``inside``:
    the field is in a structure."""
    match attribute.type:
        case ValueType.KEY_VALUES:
            return sections_of(option, "Options by section; each is one managed field.")
        case ValueType.REFERENCES:
            return texts(_LISTED)
        case ValueType.FLAG:
            return flag()
        case ValueType.ENUM if not attribute.open_ended:
            return choice(*attribute.enumeration)
        case ValueType.STRUCTURE:
            return _structure(attribute, option)
        case ValueType.STRUCTURES:
            return _entries(attribute, option)
        case ValueType.REFERENCE:
            return {**NAME, "description": f"The name of {_targets(attribute)}."}
    if attribute.secret:
        return SECRET
    if attribute.type is ValueType.TEXT and not inside:
        return text_schema(attribute.max_length)
    return {**TEXT, "maxLength": attribute.max_length}


def _targets(attribute: Attribute) -> str:
    if attribute.target_types == (FOLDER,):
        return "a folder: what it holds and its path, such as Script/Web or Folder/EMEA"
    *others, last = list(attribute.targets.values()) or [attribute.refers_to]
    names = f"{', '.join(others)} or {last}" if others else last
    return f"{'an' if names[0] in 'AEIOU' else 'a'} {names}"


def _structure(attribute: Attribute, option: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "$comment": "a mapping of fields",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            one.word: field_schema(one, option, inside=True) for one in attribute.fields
        },
    }


def _entries(attribute: Attribute, option: dict[str, Any]) -> dict[str, Any]:
    """A list of structures. A text may replace an entry that needs only the last part of its
    key."""
    required = [one.word for one in attribute.fields if one.mandatory and one.default is None]
    entry = {**_structure(attribute, option), **({"required": required} if required else {})}
    last = attribute.field(attribute.key[-1]).word
    described = _LISTED
    if set(required) <= {last}:
        described += f" A text stands for {{{last}: TEXT}}."
        short = {**NAME, "$comment": f"a mapping of fields, or the {last} alone"}
        entry = {"if": {"type": "object"}, "then": entry, "else": short}
    else:
        entry["$comment"] = f"a mapping with {' and '.join(required)}"
    return {
        "type": "array",
        "description": described,
        "minItems": 1,
        "$comment": "a list with at least one entry",
        "items": entry,
    }


def metadata_schema(kind: ManifestKind) -> dict[str, Any]:
    """The schema of ``metadata``, which says what a manifest is about."""
    names: dict[str, Any] = {}
    required = list(kind.key)
    if kind.named_type:
        names["type"] = {"const": kind.named_type, "description": _TYPES[kind.heading]}
        required.insert(0, "type")
    names |= {word: _key_part(kind, part) for word, part in kind.key.items()}
    if kind.tenanted:
        names["tenant"] = {**NAME, "description": "Its tenant. Without it: the tenant of the site."}
    if kind.binding == "object" and kind.object_type.folder:
        names["folder"] = {
            **NAME,
            "description": "Where it is created: the names of folders below the default folder,"
            " separated by /. In a configuration unit: its path, // and the folders in it.",
        }
    if kind.binding in ("object", "options"):
        names[EXACT] = {
            "type": "boolean",
            "description": "Names are meant exactly as they stand, even with blanks around them,"
            " with invisible characters, or beside names that look alike.",
            "$comment": "true or false",
        }
    if kind.renamable:
        names["formerly"] = texts(
            "Former names: an object with such a name is renamed; no new one is created."
        )
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
    if part.name == PATH:
        return {
            **NAME,
            "description": "The names of the folders from below the default folder to this folder,"
            " separated by /. In a configuration unit: its path, // and the folders in it.",
        }
    return NAME
