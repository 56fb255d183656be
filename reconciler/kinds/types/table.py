"""The table of object types: attributes, keys, mutability, references, as data.

Numbers and attribute names are Configuration Server's (``CfgObjectType``); a ``word`` is our
plainer name. Site files are loaded in this order, so owners come first. A new type is one entry in
one of these modules.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from reconciler.kinds.model import Attribute, ObjectType, on_server
from reconciler.kinds.types.accounts import ACCOUNT_TYPES, LOGIN_TYPES
from reconciler.kinds.types.applications import APPLICATION_TYPES
from reconciler.kinds.types.environment import ALARM_TYPES, ENVIRONMENT_TYPES
from reconciler.kinds.types.files import FILE_TYPES
from reconciler.kinds.types.folders import FOLDER, folder_types, held_type
from reconciler.kinds.types.outbound import OUTBOUND_TYPES
from reconciler.kinds.types.routing import ROUTING_TYPES
from reconciler.kinds.types.telephony import TELEPHONY_TYPES
from reconciler.kinds.types.voice_platform import VOICE_PLATFORM_TYPES

OBJECT_TYPES: Mapping[str, ObjectType] = {
    entry.name: entry
    for entry in (
        *ENVIRONMENT_TYPES,
        *APPLICATION_TYPES,
        *ACCOUNT_TYPES,
        *ROUTING_TYPES,
        *TELEPHONY_TYPES,
        *OUTBOUND_TYPES,
        *VOICE_PLATFORM_TYPES,
        *ALARM_TYPES,
        *LOGIN_TYPES,
    )
}
"""Object type by name."""

TYPES_BY_NUMBER: Mapping[int, ObjectType] = {entry.number: entry for entry in OBJECT_TYPES.values()}
"""Object type by number."""

FOLDER_TYPES: Mapping[str, ObjectType] = folder_types(OBJECT_TYPES)
"""The types of folders that plans know, by name: ``Folder/Script`` for folders of scripts."""

ALL_TYPES: Mapping[str, ObjectType] = {
    **OBJECT_TYPES,
    **FOLDER_TYPES,
    **{entry.name: entry for entry in FILE_TYPES},
}
"""The object types, and the other types that a plan can hold: folders and launch files."""


def type_name(number: int) -> str:
    """The name of the object type with a number; empty if the table lacks it."""
    found = TYPES_BY_NUMBER.get(number)
    return found.name if found else ""


def referred_folder(reference: str) -> tuple[str, str] | None:
    """The type of the folder that a reference names, and its natural name with the tenant before it
    (see ``folders``); None: no folder can have such a name."""
    found = _folder_reference().fullmatch(reference)
    if found is None:
        return None
    tenant, held, name = found.groups(default="")
    return f"{FOLDER}/{held}", f"{tenant}{name}"


@cache
def _folder_reference() -> re.Pattern[str]:
    held = "|".join(map(held_type, FOLDER_TYPES))
    return re.compile(f"([^:]+:)??({held})/(.*)", re.DOTALL)


_Reference = tuple[ObjectType, Attribute, Attribute | None]


def references_to(target: str) -> Sequence[_Reference]:
    """All attributes that can refer to objects of type ``target``: the type, the attribute and, for
    a structure, its field."""
    return _references().get(on_server(target), ())


@cache
def _references() -> Mapping[str, Sequence[_Reference]]:
    found: dict[str, list[_Reference]] = {}
    for entry in (*OBJECT_TYPES.values(), *FOLDER_TYPES.values()):
        for attribute in entry.attributes:
            for field in (None, *attribute.fields):
                for target in (field or attribute).target_types:
                    found.setdefault(target, []).append((entry, attribute, field))
    return found
