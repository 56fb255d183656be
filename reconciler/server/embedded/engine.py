"""Writes objects: checks the rules, writes the rows, and logs the changes.

Knows nothing of sessions and permissions. Methods that write run inside a transaction of
the store.
"""

from typing import Any

from reconciler.kinds.enums import STATE
from reconciler.kinds.model import Attributes, ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.delta import Delta, apply_delta
from reconciler.server.differences import difference
from reconciler.server.embedded import (
    applications,
    folder_writes,
    logon_accounts,
    relations,
    rules,
)
from reconciler.server.embedded.damage import checker_of
from reconciler.server.embedded.folders import (
    FolderIndex,
    default_folders,
    folder_attributes,
    owner_of,
)
from reconciler.server.embedded.passwords import hashed
from reconciler.server.embedded.store import Row, Store
from reconciler.server.encoding import decode, encode
from reconciler.server.errors import (
    IncorrectReferencesError,
    NoPermissionError,
    ObjectNotFoundError,
    UniquenessViolationError,
    UnspecifiedModificationError,
)
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.server.values import normal

FIRST_DBID = 101
"""The first DBID of ordinary objects, in each type; lower DBIDs are predefined objects."""

EVERYONE = 97
"""The DBID of the access group that every person belongs to."""

SERVER_DBID = 99
"""The DBID of the application that a Configuration Server runs as."""

_FOLDER = OBJECT_TYPES["Folder"]


def complete(kind: ObjectType, given: Attributes) -> dict[str, Any]:
    """The attributes of a new object: checked, with the server's defaults."""
    completed = validation.complete(kind, given)
    if kind.name == "Application":
        applications.complete_application(completed)
        applications.check_application(completed)
    return completed


class Engine:
    """Objects in a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.user = ""
        self._folders: tuple[object, FolderIndex] | None = None

    def folders(self) -> FolderIndex:
        """The folders as they are now; read again only after a write."""
        version = self.store.version()
        if self._folders is None or self._folders[0] != version:
            self._folders = (version, FolderIndex(self.store))
        return self._folders[1]

    def existing(self, object_type: str, dbid: int) -> Row:
        """The row of an object, or ObjectNotFoundError."""
        row = self.store.row(object_type, dbid)
        if row is None:
            raise ObjectNotFoundError(f"no {object_type} has DBID {dbid}", object_type, "DBID")
        return row

    def create(self, kind: ObjectType, given: Attributes, folder: int | None) -> int:
        """Creates an object, in its default folder or another. Returns its DBID."""
        if kind is _FOLDER:
            return folder_writes.create(self, given, folder)
        if kind.written_by_server:
            raise NoPermissionError(f"only the server itself writes {kind.name} objects", kind.name)
        given = relations.with_taken(self.store, kind, given)
        completed = complete(kind, applications.from_template(self.store, kind, given))
        relations.check_references(self.store, kind, completed)
        rules.check(self.store, kind, 0, completed)
        if kind.name == "Application":
            applications.check_backup(self.store, 0, completed)
        dbid = self.insert(kind, completed, self.place(kind, completed, folder))
        if kind.name == "Application":
            applications.mirror(self, dbid)
        if kind.name == "Tenant":
            self._add_predefined(dbid)
        return dbid

    def _add_predefined(self, tenant: int) -> None:
        """Copies the predefined Business Attributes of Environment to a new tenant."""
        copies: dict[int, int] = {}
        for kind in (OBJECT_TYPES["Enumerator"], OBJECT_TYPES["EnumeratorValue"]):
            where = "AND tenant = ? AND dbid < ?"
            for row in list(self.store.rows(kind.name, where, (ENVIRONMENT, FIRST_DBID))):
                attributes = decode(row[3]) | {"tenantDBID": tenant}
                if kind.owner == "enumeratorDBID":
                    attributes[kind.owner] = copies[attributes[kind.owner]]
                dbid = self.insert(kind, attributes, self.place(kind, attributes, None))
                copies.setdefault(row[0], dbid)

    def place(self, kind: ObjectType, completed: Attributes, folder: int | None) -> int:
        """The folder for a new object: ``folder`` if it fits, else its default folder."""
        owner = owner_of(kind, completed)
        if folder is None:
            return self.folders().default(kind, owner) or self._add_default(kind, owner)
        if not self.folders().holds(folder, kind, owner):
            raise IncorrectReferencesError(
                f"folder {folder} is not for {kind.name} objects of this owner",
                kind.name,
                "folder_dbid",
            )
        return folder

    def _add_default(self, kind: ObjectType, owner: tuple[str, int]) -> int:
        """Creates the default folder of a type that the server did not know when the owner was
        created. Returns its DBID; 0 if the type has no folders, or there is no such owner."""
        if not kind.folder or self.store.row(*owner) is None:
            return 0
        return self._write_default(kind, owner)

    def _write_default(self, kind: ObjectType, owner: tuple[str, int]) -> int:
        dbid = self.store.next_dbid("Folder", FIRST_DBID)
        self.write(_FOLDER, dbid, folder_attributes(kind, owner, kind.folder), 0, new=True)
        return dbid

    def insert(
        self, kind: ObjectType, completed: dict[str, Any], folder: int, dbid: int | None = None
    ) -> int:
        """Writes a new object and the default folders that it owns. Returns its DBID. Checks
        uniqueness, not references."""
        if dbid is not None and self.store.row(kind.name, dbid):
            raise UniquenessViolationError(f"DBID {dbid} is taken", kind.name, "DBID")
        dbid = self.store.next_dbid(kind.name, FIRST_DBID, dbid)
        for name in checker_of(kind.name).secrets:
            if completed.get(name):
                completed[name] = hashed(completed[name])
        self.write(kind, dbid, completed, folder, new=True)
        for held in default_folders(kind.name, dbid):
            self._write_default(held, (kind.name, dbid))
        return dbid

    def update(self, kind: ObjectType, dbid: int, delta: Delta) -> None:
        """Applies a delta, and its consequences for other objects."""
        _, _, folder, body = self.existing(kind.name, dbid)
        live = decode(body)
        delta = validation.without_lone_types(kind, delta)
        if not delta:
            raise UnspecifiedModificationError("the update names no change", kind.name)
        self._check_environment(kind, dbid)
        if kind.written_by_server:
            raise NoPermissionError(f"only the server itself writes {kind.name} objects", kind.name)
        validation.check_delta(kind, live, delta)
        rules.check_frozen(self.store, kind, dbid, live, delta)
        moved = delta.lists.get("objectIDs") if kind is _FOLDER else None
        rest = delta
        if moved is not None:
            folder_writes.move_into(self, dbid, live, moved)
            lists = {name: entries for name, entries in delta.lists.items() if name != "objectIDs"}
            rest = Delta(delta.values, delta.key_values, lists)
        updated = apply_delta(kind, live, rest) if rest else dict(live)
        for name in (*rest.values, *rest.key_values, *rest.lists):
            attribute = validation.attribute_of(kind, name)
            validation.check_value(kind, attribute, updated[name])
            if attribute.fields:
                updated[name] = normal(attribute, updated[name])
        if updated == live and not moved:
            raise UnspecifiedModificationError("the object has these values already", kind.name)
        relations.check_references(self.store, kind, updated)
        rules.check(self.store, kind, dbid, updated)
        if kind.name == "Application":
            applications.check_application(updated)
            applications.check_application_update(self.store, dbid, live, updated, delta)
            applications.check_backup(self.store, dbid, updated)
        for attribute in kind.attributes:
            if attribute.secret and attribute.name in delta.values:
                given = updated.pop(attribute.name)
                if given:
                    updated[attribute.name] = hashed(given)
        self.write(kind, dbid, updated, folder, sent=delta)
        if kind.name == "Application":
            applications.mirror(self, dbid)
            applications.unmirror(self, applications.backup_of(live))
        if delta.values.get("state") == STATE["Disabled"]:
            relations.disable_owned(self, kind, dbid)

    def delete(self, kind: ObjectType, dbid: int) -> None:
        """Deletes an object, with all consequences for other objects."""
        self.existing(kind.name, dbid)
        self._check_environment(kind, dbid)
        if kind.written_by_server:
            raise NoPermissionError(f"only the server itself writes {kind.name} objects", kind.name)
        relations.delete(self, kind.name, dbid)

    def _check_environment(self, kind: ObjectType, dbid: int) -> None:
        if (kind.name, dbid) == ("Tenant", ENVIRONMENT):
            raise NoPermissionError(
                "tenant Environment cannot be changed or deleted", "Tenant", "DBID"
            )

    def write(
        self,
        kind: ObjectType,
        dbid: int,
        attributes: dict[str, Any],
        folder: int,
        *,
        new: bool = False,
        sent: Delta | None = None,
    ) -> None:
        """Writes an object's row, keys and references, and logs the change: the delta that
        was ``sent``, else the difference to the row before."""
        delta = None
        if not new:
            _, _, old_folder, old_body = self.existing(kind.name, dbid)
            found = difference(kind, decode(old_body), attributes) if sent is None else sent
            delta = _without_secrets(kind, found)
            if sent is None and not found and folder == old_folder:
                return
        keys = validation.unique_keys(kind, attributes)
        if self.store.set_keys(kind.name, dbid, keys, new=new):
            name = kind.name_attribute
            raise UniquenessViolationError(
                f"{kind.name} {attributes.get(name)!r} exists already", kind.name, name
            )
        if kind.name == "EnumeratorValue" and attributes.get("isDefault"):
            relations.check_only_default(self.store, dbid, attributes)
        tenant = int(attributes.get("tenantDBID") or 0)
        body = encode(attributes)
        self.store.put(kind.name, dbid, tenant, folder, body)
        references = validation.references(kind, attributes)
        self.store.set_references(kind.name, dbid, references, new=new)
        if new or sent is not None or delta:  # a move alone is logged for the folder
            public = _without_secret_attributes(kind, attributes)
            logged = body if len(public) == len(attributes) else encode(public)
            change = ("created", None, logged) if new else ("updated", delta, None)
            self.store.log(kind.name, dbid, tenant, self.user, change)
        elif kind is _FOLDER:
            self.store.note_folder_write()

    def remove(self, kind: ObjectType, dbid: int) -> None:
        """Removes the rows of an object, and logs it."""
        row = self.existing(kind.name, dbid)
        if kind.name == "Application":
            logon_accounts.forget(self.store, dbid)
        self.store.remove(kind.name, dbid)
        self.store.log(kind.name, dbid, row[1], self.user, ("deleted", None, None))

    def mirror_backups(self) -> None:
        """Makes every backup mirror its primary, after objects were inserted."""
        for row in list(self.store.rows("Application")):
            applications.mirror(self, row[0])


def _without_secret_attributes(kind: ObjectType, attributes: dict[str, Any]) -> dict[str, Any]:
    secret = checker_of(kind.name).secrets
    return {name: value for name, value in attributes.items() if name not in secret}


def _without_secrets(kind: ObjectType, delta: Delta) -> Delta:
    values = _without_secret_attributes(kind, dict(delta.values))
    return Delta(values, delta.key_values, delta.lists)
