"""The folders of a site: those that it lists, and those that its objects are in.

A ``Folder`` entry describes a folder below a default folder, or (``default: true``) a default
folder itself; every owner has default folders anyway. A folder of folders is a configuration
unit, directly below a tenant or in another unit.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.model import ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.folders import FolderIndex, default_folders, folder_attributes
from reconciler.server.embedded.sites.file import SiteObject
from reconciler.server.embedded.sites.names import SiteNames
from reconciler.server.embedded.sites.words import Access, Words
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.yaml.documents import as_text

FOLDER = OBJECT_TYPES["Folder"]
FOLDER_WORDS = (
    "name",
    "description",
    "folderClass",
    "customType",
    "resources",
    "state",
    "annex",
)
Owner = tuple[str, int]


class FolderEntry(Struct, frozen=True):
    """A listed folder. ``kind``: the type of the objects in it."""

    item: SiteObject
    kind: ObjectType
    owner: Owner
    attributes: dict[str, Any]
    access: Access
    default: bool


def folder_entry(
    item: SiteObject, names: SiteNames, problems: list[Diagnostic], *, whole: bool
) -> FolderEntry | None:
    """A ``Folder`` entry, translated; None if it has mistakes."""
    words = Words(item, names, problems, whole=whole)
    plain = {word: value for word, value in item.words.items() if word in FOLDER_WORDS}
    kind = _kind(item, words)
    owner = _owner(item, kind, names, words) if kind else None
    mine = owner_word(kind) if kind else ""
    known = (*FOLDER_WORDS, "type", "tenant", mine, "default", "permissions")
    for word in item.words:
        if kind and word not in known:
            summary = f"a folder of {kind.name} objects has no {word}"
            has = (*filter(None, known), "dbid", "folder")
            words.report_unknown(summary, word, has, word)
    attributes = words.translate(plain, FOLDER)
    if not item.words.get("name"):
        words.report("name is missing")
    default = item.words.get("default", False)
    if not isinstance(default, bool):
        words.report(f"default must be true or false, not {default!r}", "default")
    elif default and (item.folder or item.unit):
        words.report("a default folder is in no other folder", "folder")
    elif kind is FOLDER and (item.folder or default):
        word = "default" if default else "folder"
        words.report("a configuration unit is only in other units: say `unit: PATH`", word)
    access = words.access()
    if words.failed or kind is None or owner is None:
        return None
    return FolderEntry(item, kind, owner, attributes, access, default)


def _kind(item: SiteObject, words: Words) -> ObjectType | None:
    text = as_text(item.words.get("type", ""))
    held = {kind.name: kind for kind in OBJECT_TYPES.values() if kind.folder or kind is FOLDER}
    for kind in held.values():
        if text in (kind.name, str(kind.number)):
            return kind
    said = f"not {text!r}" if text else "which is missing"
    summary = f"type must be the type of the objects in the folder, {said}"
    words.report_unknown(summary, text, held, "type")
    return None


def owner_word(kind: ObjectType) -> str:
    """The word for the owner of a type's folders; empty if tenants own them."""
    attribute = kind.attribute(kind.owner)
    return attribute.word if attribute and kind.owner_type != "Tenant" else ""


def _owner(item: SiteObject, kind: ObjectType, names: SiteNames, words: Words) -> Owner | None:
    word = owner_word(kind)
    if word and word not in item.words:
        words.report(f"{word} is missing")
    elif word:
        dbid = words.reference(kind.owner_type, item.words[word], word)
        return None if dbid is None else (kind.owner_type, dbid)
    elif kind.owner or kind is FOLDER:
        dbid = words.reference("Tenant", item.tenant, "tenant")
        return None if dbid is None else ("Tenant", dbid)
    elif "tenant" in item.words and names.tenant(item.tenant) != ENVIRONMENT:
        words.report(f"folders of {kind.name} objects belong to tenant Environment", "tenant")
    else:
        return "Tenant", ENVIRONMENT
    return None


class SiteFolders:
    """Creates folders in a new server, inside a ``writing`` transaction."""

    def __init__(self, server: EmbeddedServer, entries: Iterable[FolderEntry]) -> None:
        self._server = server
        self._entries: dict[Owner, list[FolderEntry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.owner, []).append(entry)
        listed = [entry.item.dbid for of_one in self._entries.values() for entry in of_one]
        self._highest = max(listed, default=0)
        self._index = FolderIndex(server.store)
        self._below: dict[tuple[str, Owner, int, str], int] = {}

    def listed(self, owners: Iterable[Owner]) -> list[FolderEntry]:
        """The listed folders of owners that have just been inserted, outer folders first.
        Removes default folders that are listed, so that ``make`` can create them."""
        if self._highest:
            # From now on, folders without a listed DBID get DBIDs that no entry lists.
            self._server.store.next_dbid("Folder", self._highest + 1, self._highest)
            self._highest = 0
        inserted = list(owners)
        if any(default_folders(*owner) for owner in inserted):
            self._index = FolderIndex(self._server.store)
        found = [entry for owner in inserted for entry in self._entries.pop(owner, [])]
        for entry in found:
            if entry.default:
                there = self._index.default(entry.kind, entry.owner)
                self._server.store.remove("Folder", there)
        return sorted(found, key=_outer_first)

    def make(self, entry: FolderEntry) -> int:
        """Creates a listed folder. Returns its DBID."""
        item, kind, owner = entry.item, entry.kind, entry.owner
        if entry.default:
            attributes = {**folder_attributes(kind, owner, item.name), **entry.attributes}
            there = self._index.default(kind, owner)
            dbid = self._server.insert(FOLDER, attributes, 0, item.dbid or there)
            self._index = FolderIndex(self._server.store)
            return dbid
        parent = self.place(kind, owner, item.folder, item.unit)
        attributes = {**folder_attributes(kind, owner, item.name, parent), **entry.attributes}
        dbid = self._server.insert(FOLDER, attributes, parent, item.dbid or None)
        self._below[kind.name, owner, parent, item.name] = dbid
        return dbid

    def place(
        self, kind: ObjectType, owner: Owner, path: tuple[str, ...], unit: tuple[str, ...]
    ) -> int:
        """The DBID of the folder at a path below the default folder, or below a configuration
        unit; it is created if needed. 0: a unit that is directly below its tenant."""
        if kind is FOLDER or unit:
            folder = self._walk(FOLDER, owner, 0, unit)
        else:
            folder = self._index.default(kind, owner)
        return self._walk(kind, owner, folder, path)

    def _walk(self, kind: ObjectType, owner: Owner, folder: int, path: tuple[str, ...]) -> int:
        for name in path:
            key = kind.name, owner, folder, name
            if key not in self._below:
                attributes = folder_attributes(kind, owner, name, folder or None)
                self._below[key] = self._server.insert(FOLDER, attributes, folder)
            folder = self._below[key]
        return folder


def _outer_first(entry: FolderEntry) -> tuple[bool, bool, int]:
    """Default folders, then configuration units, then folders; outer ones first."""
    item = entry.item
    return not entry.default, entry.kind is not FOLDER, len(item.unit) + len(item.folder)
