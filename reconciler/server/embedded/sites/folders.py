"""The folders of a site: those that it lists, and those that its objects are in.

A ``Folder`` entry describes a folder below a default folder, or (``default: true``) a default
folder itself. Every owner has default folders anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.model import ObjectType
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.folders import FolderIndex, folder_attributes
from reconciler.server.embedded.sites.file import SiteObject
from reconciler.server.embedded.sites.names import SiteNames
from reconciler.server.embedded.sites.words import Access, Words
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.strict_yaml import as_text

FOLDER = OBJECT_TYPES["Folder"]
FOLDER_WORDS = ("name", "description", "folderClass", "state", "annex")
Owner = tuple[str, int]


@dataclass(frozen=True)
class FolderEntry:
    """A listed folder. ``kind``: the type of the objects in it."""

    one: SiteObject
    kind: ObjectType
    owner: Owner
    attributes: dict[str, Any]
    access: Access
    default: bool


def folder_entry(
    one: SiteObject, names: SiteNames, problems: list[Diagnostic], *, whole: bool
) -> FolderEntry | None:
    """A ``Folder`` entry, translated; None where it has mistakes."""
    words = Words(one, names, problems, whole=whole)
    plain = {word: value for word, value in one.words.items() if word in FOLDER_WORDS}
    kind = _kind(one, words)
    owner = _owner(one, kind, names, words) if kind else None
    mine = owner_word(kind) if kind else ""
    known = (*FOLDER_WORDS, "type", "tenant", mine, "default", "permissions")
    for word in one.words:
        if kind and word not in known:
            has = ", ".join((*filter(None, known), "dbid", "folder"))
            words.report(f"a folder of {kind.name} objects has no {word}; it has {has}", word)
    attributes = words.translate(plain, FOLDER)
    if not one.words.get("name"):
        words.report("name is missing")
    default = one.words.get("default", False)
    if not isinstance(default, bool):
        words.report(f"default is true or false, not {default!r}", "default")
    elif default and one.folder:
        words.report("a default folder is in no other folder", "folder")
    access = words.access()
    if words.failed or kind is None or owner is None:
        return None
    return FolderEntry(one, kind, owner, attributes, access, default)


def _kind(one: SiteObject, words: Words) -> ObjectType | None:
    text = as_text(one.words.get("type", ""))
    for kind in OBJECT_TYPES.values():
        if kind.folder and text in (kind.name, str(kind.number)):
            return kind
    known = ", ".join(kind.name for kind in OBJECT_TYPES.values() if kind.folder)
    words.report(f"type is the type of the objects in the folder: one of {known}", "type")
    return None


def owner_word(kind: ObjectType) -> str:
    """The word for the owner of a type's folders; empty where tenants own them."""
    attribute = kind.attribute(kind.owner)
    return attribute.word if attribute and kind.owner_type != "Tenant" else ""


def _owner(one: SiteObject, kind: ObjectType, names: SiteNames, words: Words) -> Owner | None:
    word = owner_word(kind)
    if word and word not in one.words:
        words.report(f"{word} is missing")
    elif word:
        dbid = words.reference(kind.owner_type, one.words[word], word)
        return None if dbid is None else (kind.owner_type, dbid)
    elif kind.owner:
        dbid = words.reference("Tenant", one.tenant, "tenant")
        return None if dbid is None else ("Tenant", dbid)
    elif "tenant" in one.words and names.tenant(one.tenant) != ENVIRONMENT:
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
        listed = [entry.one.dbid for of_one in self._entries.values() for entry in of_one]
        self._highest = max(listed, default=0)
        self._index = FolderIndex(server.store)
        self._below: dict[tuple[int, str], int] = {}

    def listed(self, owners: Iterable[Owner]) -> list[FolderEntry]:
        """The listed folders of owners that have just been inserted, outer folders first.
        Removes default folders that are listed, so that ``make`` can create them."""
        if self._highest:
            # From now on, folders without a listed DBID get DBIDs that no entry lists.
            self._server.store.next_dbid("Folder", self._highest + 1, self._highest)
            self._highest = 0
        self._index = FolderIndex(self._server.store)
        found = [entry for owner in owners for entry in self._entries.pop(owner, [])]
        for entry in found:
            if entry.default:
                there = self._index.default(entry.kind, entry.owner)
                self._server.store.remove("Folder", there)
        return sorted(found, key=lambda entry: (not entry.default, len(entry.one.folder)))

    def make(self, entry: FolderEntry) -> int:
        """Creates a listed folder. Returns its DBID."""
        one, kind, owner = entry.one, entry.kind, entry.owner
        if entry.default:
            attributes = {**folder_attributes(kind, owner, one.name), **entry.attributes}
            there = self._index.default(kind, owner)
            dbid = self._server.insert(FOLDER, attributes, 0, one.dbid or there)
            self._index = FolderIndex(self._server.store)
            return dbid
        parent = self.place(kind, owner, one.folder)
        attributes = {**folder_attributes(kind, owner, one.name, parent), **entry.attributes}
        dbid = self._server.insert(FOLDER, attributes, parent, one.dbid or None)
        self._below[parent, one.name] = dbid
        return dbid

    def place(self, kind: ObjectType, owner: Owner, path: tuple[str, ...]) -> int:
        """The DBID of the folder at a path below the default folder, created if needed."""
        folder = self._index.default(kind, owner)
        for name in path:
            if (folder, name) not in self._below:
                attributes = folder_attributes(kind, owner, name, folder)
                self._below[folder, name] = self._server.insert(FOLDER, attributes, folder)
            folder = self._below[folder, name]
        return folder
