"""Offers the folders of a Configuration Server in the form in which plans know them.

``FoldersReader`` and ``WithFolders`` answer calls for the types of ``kinds/types_folders.py`` with
the server's folders, and pass all other calls on. A folder has the same DBID in both forms. Default
folders and folders in configuration units are in no such type: their owners bring them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.model import Attributes, ObjectType
from reconciler.kinds.natural_keys import TENANT
from reconciler.kinds.types import FOLDER_TYPES, OBJECT_TYPES
from reconciler.kinds.types_folders import FOLDER, MEMBERS, PATH
from reconciler.server.delta import Delta
from reconciler.server.errors import IncorrectReferencesError, ObjectNotFoundError
from reconciler.server.port import (
    AccessEntry,
    ConfObject,
    Filter,
    PastChange,
    Reader,
    Server,
    ServerInfo,
    Subscription,
    in_flight,
    read_alike,
)

_ENVIRONMENT = 1
_PLACE = ("name", "type", "ownerID", "parentID")
"""The attributes of a folder on the server that say where it is; the form here has others."""


class FoldersReader:
    """Reads folders in the form of plans, and everything else from ``reader``."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.in_flight = in_flight(reader)

    def info(self) -> ServerInfo:
        return self._reader.info()

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        kind = FOLDER_TYPES.get(object_type)
        if kind is None:
            return self._reader.read(object_type, filters)
        wanted = {
            "DBID" if name == "dbid" else kind.filters[name]: value
            for name, value in (filters or {}).items()
        }
        return [
            one
            for one in self._folders(kind)
            if all(
                (one.dbid if name == "DBID" else one.attributes.get(name)) == value
                for name, value in wanted.items()
            )
        ]

    def read_alike(
        self, object_type: str, filters: Filter, alike: frozenset[str]
    ) -> list[ConfObject]:
        if object_type in FOLDER_TYPES:
            return self.read(object_type, filters)
        return read_alike(self._reader, object_type, filters, alike)

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        return self._reader.permissions(on_server(object_type), dbid)

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        return self._reader.history(on_server(object_type), dbid)

    def _folders(self, kind: ObjectType) -> Iterator[ConfObject]:
        """The folders of a type, in the order of their DBIDs."""
        owner_number = OBJECT_TYPES[kind.owner_type].number
        found = self._reader.read(FOLDER, {"type": kind.number})
        paths = _paths(found)
        tenants: Mapping[int, int] = {}
        if paths and kind.owner not in ("", TENANT):
            owners = self._reader.read(kind.owner_type)
            tenants = {owner.dbid: owner.tenant for owner in owners}
        for folder in found:
            owner = folder.attributes["ownerID"]
            if folder.dbid in paths and owner["type"] == owner_number:
                attributes = {
                    name: value for name, value in folder.attributes.items() if name not in _PLACE
                }
                if kind.owner:
                    attributes[kind.owner] = owner["DBID"]
                    attributes[TENANT] = tenants.get(owner["DBID"], owner["DBID"])
                attributes[PATH] = paths[folder.dbid]
                parent = folder.attributes["parentID"]["DBID"]
                yield replace(folder, type=kind.name, attributes=attributes, folder=parent)


def _paths(folders: Sequence[ConfObject]) -> dict[int, str]:
    """DBID -> the names below the default folder, of all folders below one."""
    below: dict[int, list[ConfObject]] = {}
    level: list[tuple[str, int]] = []
    for folder in folders:
        parent = folder.attributes["parentID"]
        if parent == folder.attributes["ownerID"]:
            level.append(("", folder.dbid))
        else:
            below.setdefault(parent["DBID"], []).append(folder)
    paths: dict[int, str] = {}
    while level:
        level = [
            (f"{path}{inner.attributes['name']}/", inner.dbid)
            for path, outer in level
            for inner in below.pop(outer, ())
        ]
        paths |= {dbid: path.rstrip("/") for path, dbid in level}
    return paths


class WithFolders(FoldersReader):
    """Reads and writes."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._server = server

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        kind = FOLDER_TYPES.get(object_type)
        if kind is None:
            return self._server.create(object_type, attributes, folder)
        outer, _, name = attributes[PATH].rpartition("/")
        own = {PATH, TENANT, kind.owner}
        given: dict[str, Any] = {key: each for key, each in attributes.items() if key not in own}
        owner = attributes[kind.owner] if kind.owner else _ENVIRONMENT
        made = self._server.create(
            FOLDER,
            {
                **given,
                "name": name,
                "type": kind.number,
                "ownerID": {"type": OBJECT_TYPES[kind.owner_type].number, "DBID": owner},
            },
            folder or self._parent(kind, outer, owner),
        )
        return self._one(kind, made.dbid)

    def _parent(self, kind: ObjectType, path: str, owner: int) -> int | None:
        """The DBID of the folder at a path; None for the default folder, which has no path."""
        if not path:
            return None
        held = {PATH: path, kind.owner: owner} if kind.owner else {PATH: path}
        for one in self._folders(kind):
            if all(one.attributes[name] == value for name, value in held.items()):
                return one.dbid
        raise IncorrectReferencesError(f"there is no folder {path}", FOLDER, "parentID")

    def _one(self, kind: ObjectType, dbid: int) -> ConfObject:
        for one in self._folders(kind):
            if one.dbid == dbid:
                return one
        raise ObjectNotFoundError("there is no such folder", FOLDER, "DBID")

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        changed = self._server.update(on_server(object_type), dbid, delta)
        kind = FOLDER_TYPES.get(object_type)
        return self._one(kind, dbid) if kind else changed

    def delete(self, object_type: str, dbid: int) -> None:
        self._server.delete(on_server(object_type), dbid)

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        self._server.set_permissions(on_server(object_type), dbid, entries)

    def subscribe(self, object_type: str = "", tenant: int = 0, dbid: int = 0) -> Subscription:
        return self._server.subscribe(on_server(object_type), tenant, dbid)

    def close(self) -> None:
        self._server.close()


def on_server(object_type: str) -> str:
    """What the server calls a type."""
    return FOLDER if object_type in FOLDER_TYPES else object_type


def members(folder: ConfObject) -> Iterator[tuple[str, int]]:
    """Type and DBID of what a folder holds, as far as the account may read it."""
    held = folder.type.removeprefix(f"{FOLDER}/")
    for entry in folder.attributes.get(MEMBERS) or ():
        inner = entry["type"] == OBJECT_TYPES[FOLDER].number
        yield folder.type if inner else held, entry["DBID"]
