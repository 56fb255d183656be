"""Creates folders, and moves objects and folders from one to another.

Runs inside a transaction of the store, as the engine does.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from reconciler.kinds.model import Attributes, ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES, TYPES_BY_NUMBER
from reconciler.server import validation
from reconciler.server.delta import Delta, ListDelta
from reconciler.server.embedded import relations
from reconciler.server.embedded.applications import Writer
from reconciler.server.embedded.folders import FolderIndex
from reconciler.server.embedded.store import Row
from reconciler.server.encoding import decode
from reconciler.server.errors import IncorrectReferencesError, ValueOutOfRangeError

_FOLDER = OBJECT_TYPES["Folder"]


class FolderWriter(Writer, Protocol):
    """Writes new and moved objects into folders. ``engine.Engine`` implements it."""

    def folders(self) -> FolderIndex: ...

    def existing(self, object_type: str, dbid: int) -> Row: ...

    def place(self, kind: ObjectType, completed: Attributes, folder: int | None) -> int: ...

    def insert(self, kind: ObjectType, completed: dict[str, Any], folder: int) -> int: ...


def create(writer: FolderWriter, given: Attributes, parent: int | None) -> int:
    """Creates a folder in another, or in the default folder of its owner and type. Returns its
    DBID."""
    if given.get("objectIDs"):
        raise ValueOutOfRangeError("a new folder has no members", "Folder", "objectIDs")
    completed = validation.complete(_FOLDER, given)
    owner, number = completed["ownerID"], completed["type"]
    if number == _FOLDER.number and parent is None:  # a configuration unit of its own
        if not relations.is_tenant(writer.store, owner):
            raise IncorrectReferencesError(
                "a folder of folders is in a tenant, or in another folder of folders",
                "Folder",
                "ownerID",
            )
        completed["parentID"] = owner
        return writer.insert(_FOLDER, completed, 0)
    into = parent
    if into is None:
        into = writer.folders().default_of(owner.get("type", 0), owner.get("DBID", 0), number)
    found = writer.store.row("Folder", into)
    if not writer.folders().fits(number, owner, decode(found[3]) if found else {}):
        raise IncorrectReferencesError(
            "the parent folder must have the same owner, and the same type unless it is a"
            " folder of folders",
            "Folder",
            "ownerID",
        )
    completed["parentID"] = {"type": _FOLDER.number, "DBID": into}
    relations.check_references(writer.store, _FOLDER, completed)
    return writer.insert(_FOLDER, completed, into)


def move_into(writer: FolderWriter, folder: int, live: Attributes, delta: ListDelta) -> None:
    """Moves objects, and folders for the same type, into a folder."""
    if delta.changed or delta.deleted:
        raise ValueOutOfRangeError(
            "an object cannot be removed from its folder, only moved to another",
            "Folder",
            "objectIDs",
        )
    held = TYPES_BY_NUMBER[live["type"]]
    for entry in delta.added:
        if entry.get("type") == held.number and held is not _FOLDER:
            dbid, _, _, body = writer.existing(held.name, entry["DBID"])
            attributes = decode(body)
            writer.write(held, dbid, attributes, writer.place(held, attributes, folder))
        elif entry.get("type") == _FOLDER.number:
            _move_folder(writer, entry["DBID"], folder, live)
        else:
            raise IncorrectReferencesError(
                f"the folder is for {held.name} objects", "Folder", "objectIDs"
            )


def _move_folder(writer: FolderWriter, dbid: int, into: int, live: Attributes) -> None:
    _, _, _, body = writer.existing("Folder", dbid)
    attributes = decode(body)
    folders = writer.folders()
    fits = folders.fits(attributes["type"], attributes["ownerID"], live)
    if not fits or folders.is_default(attributes) or dbid in folders.ancestors(into):
        raise IncorrectReferencesError(
            "a folder can move only into a folder of the same owner and type, or into one of"
            " folders, not below itself;"
            " a default folder cannot move",
            "Folder",
            "objectIDs",
        )
    parent = {"type": _FOLDER.number, "DBID": into}
    writer.write(_FOLDER, dbid, {**attributes, "parentID": parent}, into)


def moved_objects(kind: ObjectType, delta: Delta) -> Iterator[tuple[ObjectType, int]]:
    """The objects that an update moves into a folder."""
    entries = delta.lists.get("objectIDs") if kind.name == "Folder" else None
    for entry in entries.added if entries else ():
        if isinstance(entry, dict) and entry.get("type") in TYPES_BY_NUMBER and "DBID" in entry:
            yield TYPES_BY_NUMBER[entry["type"]], entry["DBID"]
