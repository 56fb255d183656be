"""Folders by path. Pure; the folders must have been read.

A path has the names below the default folder of a type, each after a slash: ``/Sales/Chat``.
"""

from reconciler.kinds.fields import Fields
from reconciler.kinds.model import ObjectType
from reconciler.kinds.natural_keys import TENANT
from reconciler.kinds.types import ALL_TYPES, OBJECT_TYPES
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

Owner = tuple[str, int]
"""Type and DBID of the object that the folders of a type belong to."""


def find_folder(kind: ObjectType, owner: Owner, path: str, live: Snapshot) -> int | None:
    """The DBID of a folder for objects of a type; 0 for the default folder (an empty path),
    None where there is no such folder."""
    if not path:
        return 0
    return folder_paths(kind, owner, live).get("/" + path.strip("/"))


def owner_of(kind: ObjectType, fields: Fields, tenant: int, live: Snapshot) -> Owner:
    """The owner of the folders for a new object with these fields; its DBID is 0 where it is
    not there."""
    attribute = kind.attribute(kind.owner) if kind.owner else None
    if attribute is None:
        return kind.owner_type, ENVIRONMENT
    if attribute.name == TENANT:
        return kind.owner_type, tenant
    name = str(fields.get((attribute.word,), ""))
    return kind.owner_type, live.dbid(kind.owner_type, name, tenant) or 0


def same_folder(item: ConfObject, live: Snapshot) -> tuple[int, str]:
    """Where to create ``item`` again: the DBID and the path of the folder that it was in; 0
    and an empty path for the default folder, also where its own is gone."""
    kind = ALL_TYPES[item.type]
    owner = int(item.attributes.get(kind.owner) or 0) if kind.owner else ENVIRONMENT
    tree = folder_paths(kind, (kind.owner_type, owner), live)
    return next(((dbid, path) for path, dbid in tree.items() if dbid == item.folder), (0, ""))


def folder_paths(kind: ObjectType, owner: Owner, live: Snapshot) -> dict[str, int]:
    """Path -> DBID, of all folders below the default one."""
    owner_id = {"type": OBJECT_TYPES[owner[0]].number, "DBID": owner[1]}
    below: dict[int, list[tuple[str, int]]] = {}
    paths: dict[str, int] = {}
    level: list[tuple[str, int]] = []
    for folder in live.of_type("Folder"):
        if folder.attributes["type"] != kind.number or folder.attributes["ownerID"] != owner_id:
            continue
        if folder.attributes["parentID"] == owner_id:
            level = [("", folder.dbid)]
        else:
            entry = (str(folder.attributes["name"]), folder.dbid)
            below.setdefault(folder.attributes["parentID"]["DBID"], []).append(entry)
    while level:
        level = [
            (f"{path}/{name}", dbid) for path, outer in level for name, dbid in below.pop(outer, ())
        ]
        paths.update(level)
    return paths
