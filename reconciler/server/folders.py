"""Offers the folders of a Configuration Server in the form that plans use.

``FoldersReader`` and ``WithFolders`` answer calls for the types of ``kinds/types/folders.py`` with
the server's folders, and pass all other calls on. A folder has the same DBID in both forms. Type
``Folder`` stands for folders of all these types. The path of a default folder is empty.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.model import Attributes, ObjectType, on_server
from reconciler.kinds.natural_keys import TENANT
from reconciler.kinds.types.folders import (
    FOLDER,
    MEMBERS,
    PATH,
    PLACE,
    folder_around,
    held_type,
    names_in_path,
    path_of,
    type_at,
)
from reconciler.kinds.types.table import FOLDER_TYPES, OBJECT_TYPES, type_name
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
    together,
)
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

_NUMBER = OBJECT_TYPES[FOLDER].number


class FoldersReader:
    """Reads folders in the form of plans, and everything else from ``reader``."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.in_flight = in_flight(reader)

    def info(self) -> ServerInfo:
        return self._reader.info()

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        wanted = dict(filters or {})
        if object_type == FOLDER and "type" not in wanted:
            return [*self._of_any_type(wanted)]
        if object_type not in FOLDER_TYPES:  # another FoldersReader asks for the server's form
            return self._reader.read(object_type, filters)
        kind = FOLDER_TYPES[object_type]
        names = {"dbid": "DBID", **kind.filters}
        return [
            one
            for one in self._folders(kind)
            if all(
                (one.dbid if name == "dbid" else one.attributes.get(names[name])) == value
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

    def _of_any_type(self, wanted: Filter) -> Iterator[ConfObject]:
        """The folder with a DBID; without a DBID, all folders."""
        found = self._reader.read(FOLDER, wanted)
        if any(one.type != FOLDER for one in found):  # the reader has them in this form already
            yield from found
        elif wanted:
            for one in found:
                held = type_name(one.attributes["type"])
                yield from self.read(f"{FOLDER}/{held}", {"dbid": one.dbid})
        else:
            for kind in FOLDER_TYPES.values():
                yield from self._in_plans(kind, found)

    def _folders(self, kind: ObjectType) -> Iterator[ConfObject]:
        """The folders of a type, in the order of their DBIDs."""
        found = self._reader.read(FOLDER, {"type": kind.number})
        if not {_parent(one) for one in found} <= {0, *(one.dbid for one in found)}:
            found += self._reader.read(FOLDER, {"type": _NUMBER})  # some of them are in units
        return self._in_plans(kind, found)

    def _in_plans(self, kind: ObjectType, folders: Iterable[ConfObject]) -> Iterator[ConfObject]:
        """The server's folders of a type. A folder inside a folder that the account may not read is
        left out."""
        folders = list(folders)
        paths = _paths(folders)
        owner_number = OBJECT_TYPES[kind.owner_type].number
        own = [
            one
            for one in folders
            if one.attributes["type"] == kind.number
            and one.attributes["ownerID"]["type"] == owner_number
            and one.dbid in paths
        ]
        tenants: Mapping[int, int] = {}
        if own and kind.owner not in ("", TENANT):
            owners = self._reader.read(kind.owner_type)
            tenants = {owner.dbid: owner.tenant for owner in owners}
        for folder in own:
            owner = folder.attributes["ownerID"]["DBID"]
            attributes = {
                name: value for name, value in folder.attributes.items() if name not in PLACE
            }
            if kind.owner:
                attributes[kind.owner] = owner
                attributes[TENANT] = tenants.get(owner, owner)
            attributes[PATH] = paths[folder.dbid]
            yield replace(folder, type=kind.name, attributes=attributes, folder=_parent(folder))


def _parent(folder: ConfObject) -> int:
    """The DBID of the folder around a folder of the server; 0: it is in none."""
    parent = folder.attributes["parentID"]
    return 0 if parent == folder.attributes["ownerID"] else int(parent["DBID"])


def _paths(folders: Iterable[ConfObject]) -> dict[int, str]:
    """DBID -> path, for all folders of the server whose outer folders can all be read."""
    inside: dict[int, list[ConfObject]] = {}
    for folder in folders:
        inside.setdefault(_parent(folder), []).append(folder)
    paths: dict[int, str] = {}
    level = [(folder, "") for folder in inside.pop(0, ())]
    while level:
        following = []
        for folder, before in level:
            is_unit = folder.attributes["type"] == _NUMBER
            is_default = not _parent(folder) and not is_unit
            own = "" if is_default else path_of([str(folder.attributes["name"])])
            path = paths[folder.dbid] = f"{before}{own}"
            for inner in inside.pop(folder.dbid, ()):
                in_unit = is_unit and inner.attributes["type"] != _NUMBER
                mark = "//" if in_unit else "/"
                following.append((inner, f"{path}{mark}" if path else ""))
        level = following
    return paths


class WithFolders(FoldersReader):
    """Reads and writes."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._server = server
        self.together = together(server)

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        kind = FOLDER_TYPES.get(object_type)
        if kind is None:
            return self._server.create(object_type, attributes, folder)
        path = attributes[PATH]
        own = {PATH, TENANT, kind.owner}
        given: dict[str, Any] = {key: each for key, each in attributes.items() if key not in own}
        owner = attributes[kind.owner] if kind.owner else ENVIRONMENT
        made = self._server.create(
            FOLDER,
            {
                **given,
                "name": names_in_path(path)[1][-1],
                "type": kind.number,
                "ownerID": {"type": OBJECT_TYPES[kind.owner_type].number, "DBID": owner},
            },
            folder or self._around(kind, path, owner),
        )
        return self._one(kind, made.dbid)

    def _around(self, kind: ObjectType, path: str, owner: int) -> int | None:
        """The DBID of the folder around a folder; None for a default folder, which has no path, and
        for what is in no folder."""
        name, around = type_at(kind.name, folder_around(path))
        if not around:
            return None
        holder = FOLDER_TYPES[name]
        held = {PATH: around, holder.owner: owner} if holder.owner else {PATH: around}
        for one in self._folders(holder):
            if all(one.attributes[name] == value for name, value in held.items()):
                return one.dbid
        raise IncorrectReferencesError(f"there is no folder {around}", FOLDER, "parentID")

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


def members(folder: ConfObject, live: Snapshot) -> Iterator[tuple[str, int]]:
    """Type and DBID of what a folder holds, as far as the account may read it. A folder inside it
    that was not read has the type ``Folder``."""
    for entry in folder.attributes.get(MEMBERS) or ():
        inner = live.get(FOLDER, entry["DBID"]) if entry["type"] == _NUMBER else None
        held = FOLDER if entry["type"] == _NUMBER else held_type(folder.type)
        yield inner.type if inner else held, entry["DBID"]
