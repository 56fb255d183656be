"""Where new objects are put: folders by path. Pure; the folders must have been read.

A path has the names below the default folder of a type: ``Sales/Chat``; see
``kinds/types/folders.py``.
"""

from reconciler.kinds.fields import Fields
from reconciler.kinds.model import ObjectType
from reconciler.kinds.natural_keys import TENANT, has_tenant
from reconciler.kinds.types.folders import FOLDER, PATH, UNIT, folder_around, type_at
from reconciler.kinds.types.table import ALL_TYPES, FOLDER_TYPES
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import ENVIRONMENT, Snapshot


def folder_type(kind: ObjectType, path: str = "") -> ObjectType | None:
    """The type of the folder at a path that an object of a type can be in: a folder is in one of
    its own type, or directly in a configuration unit. None: there are no folders for objects of
    this type."""
    name = kind.name if kind.name in FOLDER_TYPES else f"{FOLDER}/{kind.name}"
    return FOLDER_TYPES.get(type_at(name, path)[0]) if name in FOLDER_TYPES else None


def folder_key(kind: ObjectType, fields: Fields, path: str) -> tuple[str, ...]:
    """The parts of the natural key of the folder at a path for a new object with these fields."""
    holder, path = type_at("", path)
    owner = kind.attribute(kind.owner) if kind.owner and holder != UNIT else None
    belongs = owner is not None and owner.name != TENANT
    return (str(fields.get((owner.word,), "")), path) if owner and belongs else (path,)


def folder_tenant(kind: ObjectType, tenant: int) -> int:
    """The DBID of the tenant that the folder of an object belongs to. ``tenant``: that of the
    object; the folders of types without a tenant are those of tenant Environment."""
    return tenant if has_tenant(kind) else ENVIRONMENT


def is_default_folder(item: ConfObject) -> bool:
    """Whether the object is a default folder, which the server creates and deletes with its
    owner."""
    return item.type in FOLDER_TYPES and not item.attributes[PATH]


def find_folder(
    kind: ObjectType, fields: Fields, path: str, tenant: int, live: Snapshot
) -> int | None:
    """The DBID of the folder at a path for a new object with these fields; 0 for the default
    folder (an empty path), None if there is no such folder."""
    if not path:
        return 0
    holder = folder_type(kind, path)
    if holder is None:
        return None
    owner = folder_tenant(kind, tenant)
    key = live.key_of(holder.name, folder_key(kind, fields, path), owner)
    found = live.with_key(holder.name, key) if key else None
    return found.dbid if found else None


def path_of_folder(item: ConfObject, live: Snapshot) -> str:
    """The path of the folder that an object is in; empty for the default folder or an unknown
    folder."""
    kind = ALL_TYPES[item.type]
    if item.type in FOLDER_TYPES:
        return folder_around(str(item.attributes[PATH]))
    holder = folder_type(kind)
    found = live.get(holder.name, item.folder) if holder else None
    return str(found.attributes[PATH]) if found else ""
