"""Where objects live: each owner has a default folder per type, created with the owner.

The default folders have the names that administrators see.
"""

from typing import Any

from reconciler.kinds.model import Attributes, ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.embedded.store import Store
from reconciler.server.encoding import decode
from reconciler.server.snapshot import ENVIRONMENT

FOLDER_TYPE = OBJECT_TYPES["Folder"].number


# The first folders of a server, whose DBIDs are well known: 101, 102 and 103.
_WELL_KNOWN = {"AppPrototype": 1, "Application": 2, "Host": 3}
_OWNERS = {kind.owner_type for kind in OBJECT_TYPES.values()}


def owner_of(kind: ObjectType, attributes: Attributes) -> tuple[str, int]:
    """The owner of the folder that an object lives in: (type, DBID)."""
    if not kind.owner:
        return "Tenant", ENVIRONMENT
    return kind.owner_type, int(attributes[kind.owner])


def default_folders(owner_type: str, dbid: int) -> list[ObjectType]:
    """The types whose default folders are created with an owner."""
    if owner_type not in _OWNERS:
        return []
    kinds = sorted(OBJECT_TYPES.values(), key=lambda kind: _WELL_KNOWN.get(kind.name, 9))
    return [
        kind
        for kind in kinds
        if kind.folder
        and (
            (kind.owner and kind.owner_type == owner_type)
            or (not kind.owner and (owner_type, dbid) == ("Tenant", ENVIRONMENT))
        )
    ]


def folder_attributes(
    kind: ObjectType, owner: tuple[str, int], name: str, parent: int | None = None
) -> dict[str, Any]:
    """The attributes of a folder for objects of ``kind``. ``owner``: (type, DBID). Without a
    ``parent`` it is a default folder."""
    reference = {"type": OBJECT_TYPES[owner[0]].number, "DBID": owner[1]}
    parent_id = {"type": FOLDER_TYPE, "DBID": parent} if parent else reference
    return {
        "name": name,
        "type": kind.number,
        "folderClass": 1,
        "ownerID": reference,
        "parentID": parent_id,
        "state": 1,
    }


class FolderIndex:
    """The folders of a server, as they were when it was made."""

    def __init__(self, store: Store) -> None:
        self._folders = {dbid: decode(body) for dbid, _, _, body in store.rows("Folder")}
        self._default: dict[tuple[int, int, int], int] = {}
        for dbid, folder in self._folders.items():
            if self.is_default(folder):
                owner = folder["ownerID"]
                self._default[owner["type"], owner["DBID"], folder["type"]] = dbid

    @staticmethod
    def is_default(folder: Attributes) -> bool:
        """Whether a folder was created with its owner. A configuration unit, which is for folders,
        is directly below its owner too, but is no default folder."""
        return bool(folder["parentID"] == folder["ownerID"] and folder["type"] != FOLDER_TYPE)

    @staticmethod
    def fits(kind: int, owner: Attributes, outer: Attributes) -> bool:
        """Whether a folder for objects of type number ``kind`` can be inside another folder;
        without attributes, there is no such folder."""
        return outer.get("ownerID") == owner and outer.get("type") in (kind, FOLDER_TYPE)

    def default(self, kind: ObjectType, owner: tuple[str, int]) -> int:
        """The DBID of the default folder for objects of a type; 0 if there is none."""
        return self.default_of(OBJECT_TYPES[owner[0]].number, owner[1], kind.number)

    def default_of(self, owner_type: int, owner: int, kind: int) -> int:
        """See ``default``; the types are given by number."""
        return self._default.get((owner_type, owner, kind), 0)

    def holds(self, folder: int, kind: ObjectType, owner: tuple[str, int]) -> bool:
        """Whether the folder exists, and is for objects of this type and owner."""
        found = self._folders.get(folder)
        number = OBJECT_TYPES[owner[0]].number
        return found is not None and (
            (found["type"], found["ownerID"]) == (kind.number, {"type": number, "DBID": owner[1]})
        )

    def ancestors(self, folder: int) -> list[int]:
        """The folder and the folders around it, innermost first."""
        found: list[int] = []
        while folder in self._folders and folder not in found:
            found.append(folder)
            parent = self._folders[folder]["parentID"]
            folder = parent["DBID"] if parent["type"] == FOLDER_TYPE else 0
        return found

    def owner(self, folder: int) -> tuple[int, int]:
        """The owner of a folder: (type number, DBID); zeros if there is none."""
        found = self._folders.get(folder, {}).get("ownerID") or {}
        return found.get("type", 0), found.get("DBID", 0)

    def path(self, folder: int) -> str:
        """The names from the default folder down, such as ``Scripts/Chat``."""
        names = [self._folders[outer]["name"] for outer in self.ancestors(folder)]
        return "/".join(reversed(names))
