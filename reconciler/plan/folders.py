"""Where new objects are put: folders by path. Pure; the folders must have been read.

A path has the names below the default folder of a type: ``Sales/Chat``.
"""

from reconciler.kinds.fields import Fields
from reconciler.kinds.model import ObjectType
from reconciler.kinds.natural_keys import TENANT
from reconciler.kinds.types import ALL_TYPES, FOLDER_TYPES
from reconciler.kinds.types_folders import FOLDER, PATH, folder_around
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot


def folder_type(kind: ObjectType) -> ObjectType | None:
    """The type of the folders that objects of a type can be in: a folder is in one of its own
    type. None: of objects of this type there are no folders."""
    return FOLDER_TYPES.get(kind.name) or FOLDER_TYPES.get(f"{FOLDER}/{kind.name}")


def folder_key(kind: ObjectType, fields: Fields, path: str) -> tuple[str, ...]:
    """The parts of the natural key of the folder at a path for a new object with these fields."""
    owner = kind.attribute(kind.owner) if kind.owner else None
    belongs = owner is not None and owner.name != TENANT
    return (str(fields.get((owner.word,), "")), path) if owner and belongs else (path,)


def find_folder(
    kind: ObjectType, fields: Fields, path: str, tenant: int, live: Snapshot
) -> int | None:
    """The DBID of the folder at a path for a new object with these fields; 0 for the default
    folder (an empty path), None where there is no such folder."""
    if not path:
        return 0
    holder = folder_type(kind)
    if holder is None:
        return None
    key = live.key_of(holder.name, folder_key(kind, fields, path.strip("/")), tenant)
    found = live.with_key(holder.name, key) if key else None
    return found.dbid if found else None


def path_of_folder(item: ConfObject, live: Snapshot) -> str:
    """The path of the folder that an object is in; empty for the default folder, also where its
    folder is not known."""
    kind = ALL_TYPES[item.type]
    if item.type in FOLDER_TYPES:
        return folder_around(str(item.attributes[PATH]))
    holder = folder_type(kind)
    found = live.get(holder.name, item.folder) if holder else None
    return str(found.attributes[PATH]) if found else ""
