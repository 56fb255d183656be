"""The port on an embedded server: reads, creates, updates and deletes.

Every write is one transaction of the store: checked by ``rules``, then written whole
or not at all.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import reconciler
from reconciler.kinds.model import Attributes, ObjectType, ValueType
from reconciler.server.delta import Delta, apply_delta
from reconciler.server.embedded import rules
from reconciler.server.embedded.folders import (
    FolderIndex,
    default_folders,
    folder_attributes,
    owner_of,
)
from reconciler.server.embedded.passwords import hashed, matches
from reconciler.server.embedded.store import Row, Store, decode
from reconciler.server.errors import (
    AccessDeniedError,
    DependentObjectsError,
    IncorrectReferencesError,
    LoginIncorrectError,
    ObjectNotFoundError,
    UniquenessViolationError,
    UnsupportedPropertyError,
)
from reconciler.server.port import ConfObject, Filter, ServerInfo
from reconciler.server.snapshot import ENVIRONMENT

FIRST_DBID = 101
"""Ordinary objects of every type start here; lower DBIDs are predefined ones."""


class EmbeddedServer:
    """A Configuration Server in one SQLite file. Implements ``port.Server``."""

    def __init__(
        self, path: Path, *, user: str = "", password: str = "", timeout: float = 10.0
    ) -> None:
        self._store = Store(path, timeout)
        self._url = f"embedded:{path}"
        self._user = user
        if user:
            try:
                self._log_in(user, password)
            except BaseException:
                self.close()
                raise

    def _log_in(self, user: str, password: str) -> None:
        where = "AND json_extract(body, '$.userName') = ?"
        with self._store.reading():
            row = next(self._store.rows("Person", where, (user,)), None)
        person = decode(row[3]) if row else {}
        if not matches(password, person.get("password", "")):
            raise LoginIncorrectError(f"the server does not let {user} in", "Person")
        if person.get("state") != 1:
            raise AccessDeniedError(f"the person {user} is disabled", "Person", "state")

    def close(self) -> None:
        self._store.close()

    def info(self) -> ServerInfo:
        return ServerInfo(
            url=self._url,
            identity=f"embedded:{self._store.identity()}",
            version=f"embedded {reconciler.__version__}",
            user=self._user,
        )

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        kind = rules.object_type(object_type)
        where, parameters, exclude_bytecode = _conditions(kind, filters or {})
        with self._store.reading():
            folders = FolderIndex(self._store)
            rows = self._store.rows(object_type, where, parameters)
            return [_object(kind, row, folders, exclude_bytecode) for row in rows]

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        kind = rules.object_type(object_type)
        with self._store.writing():
            completed = rules.complete(kind, attributes)
            self._check_references(kind, completed)
            owner = owner_of(kind, completed)
            folders = FolderIndex(self._store)
            if folder is not None and not folders.holds(folder, kind, owner):
                raise IncorrectReferencesError(
                    f"folder {folder} does not hold {object_type} objects of this owner",
                    object_type,
                    "folder_dbid",
                )
            where = folders.default(kind, owner) if folder is None else folder
            return self.object(object_type, self.insert(kind, completed, where))

    def insert(
        self,
        kind: ObjectType,
        completed: dict[str, Any],
        folder: int,
        dbid: int | None = None,
    ) -> int:
        """Writes a new object and the folders that it owns; its DBID. Checks uniqueness,
        not references. Only inside ``writing``."""
        if dbid is not None and self._store.row(kind.name, dbid):
            raise UniquenessViolationError(f"DBID {dbid} is taken", kind.name, "DBID")
        dbid = self._store.next_dbid(kind.name, FIRST_DBID, dbid)
        if completed.get("password"):
            completed["password"] = hashed(completed["password"])
        self._write(kind, dbid, completed, folder)
        for held in default_folders(kind.name, dbid):
            attributes = folder_attributes(held, (kind.name, dbid), held.folder)
            folder_type = rules.object_type("Folder")
            self._write(folder_type, self._store.next_dbid("Folder", FIRST_DBID), attributes, 0)
        return dbid

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        kind = rules.object_type(object_type)
        with self._store.writing():
            _, _, folder, body = self._existing(object_type, dbid)
            live = decode(body)
            rules.check_delta(kind, live, delta)
            updated = apply_delta(kind, live, delta)
            for name in (*delta.key_values, *delta.lists):
                rules.check_value(kind, rules.attribute_of(kind, name), updated[name])
            self._check_references(kind, updated)
            if "password" in delta.values:
                updated["password"] = hashed(updated["password"])
            self._write(kind, dbid, updated, folder)
            return self.object(object_type, dbid)

    def delete(self, object_type: str, dbid: int) -> None:
        rules.object_type(object_type)
        with self._store.writing():
            self._existing(object_type, dbid)
            self._delete(object_type, dbid)

    def _delete(self, object_type: str, dbid: int) -> None:
        referrers = self._store.referrers(object_type, dbid)
        for referrer_type, referrer, name in referrers:
            policy = _on_delete(rules.object_type(referrer_type), name, object_type)
            if policy == "veto" and (referrer_type, referrer) != (object_type, dbid):
                label = self.object(referrer_type, referrer).attributes["name"]
                raise DependentObjectsError(
                    f"{referrer_type} {label} refers to it in {name}", object_type, name
                )
            if policy == "cascade" and self._store.row(referrer_type, referrer):
                self._delete(referrer_type, referrer)
            elif policy == "clear":
                self._clear(referrer_type, referrer, object_type, dbid)
        number = rules.object_type(object_type).number
        owned = (
            "AND json_extract(body, '$.ownerID.type') = ?"
            " AND json_extract(body, '$.ownerID.DBID') = ?"
        )
        for row in list(self._store.rows("Folder", owned, (number, dbid))):
            self._store.remove("Folder", row[0])
        self._store.remove(object_type, dbid)

    def _clear(self, object_type: str, dbid: int, target_type: str, target: int) -> None:
        """Takes the references to a deleted object out of one that referred to it."""
        row = self._store.row(object_type, dbid)
        if row is None:
            return
        kind = rules.object_type(object_type)
        attributes = decode(row[3])
        for attribute in kind.attributes:
            value = attributes.get(attribute.name)
            if attribute.refers_to == target_type and attribute.type is ValueType.REFERENCES:
                attributes[attribute.name] = [one for one in value or [] if one != target]
            elif attribute.refers_to == target_type and value == target:
                del attributes[attribute.name]
            elif attribute.type is ValueType.STRUCTURE and value:
                for field in attribute.fields:
                    if field.refers_to == target_type and value.get(field.name) == target:
                        del value[field.name]
        self._write(kind, dbid, attributes, row[2])

    def _write(self, kind: ObjectType, dbid: int, attributes: dict[str, Any], folder: int) -> None:
        taken = self._store.set_keys(kind.name, dbid, rules.unique_keys(kind, attributes))
        if taken:
            name = kind.name_attribute
            raise UniquenessViolationError(
                f"{kind.name} {attributes.get(name)!r} exists already", kind.name, name
            )
        if kind.name == "EnumeratorValue" and attributes.get("isDefault"):
            self._check_only_default(dbid, attributes)
        tenant = int(attributes.get("tenantDBID") or 0)
        self._store.put(kind.name, dbid, tenant, folder, attributes)
        self._store.set_references(kind.name, dbid, rules.references(kind, attributes))

    def _check_only_default(self, dbid: int, attributes: Attributes) -> None:
        where = (
            "AND dbid <> ? AND json_extract(body, '$.enumeratorDBID') = ?"
            " AND json_extract(body, '$.isDefault')"
        )
        other = next(
            self._store.rows("EnumeratorValue", where, (dbid, attributes["enumeratorDBID"])), None
        )
        if other:
            name = decode(other[3])["name"]
            raise UniquenessViolationError(
                f"{name!r} is the default value already", "EnumeratorValue", "isDefault"
            )

    def _check_references(self, kind: ObjectType, attributes: Attributes) -> None:
        for name, target_type, target in rules.references(kind, attributes):
            if self._store.row(target_type, target) is None:
                raise IncorrectReferencesError(
                    f"no {target_type} has DBID {target}", kind.name, name
                )
        if kind.name == "EnumeratorValue":
            enumerator = decode(self._existing("Enumerator", attributes["enumeratorDBID"])[3])
            if enumerator["tenantDBID"] != attributes["tenantDBID"]:
                raise IncorrectReferencesError(
                    "the value and its attribute are of different tenants", kind.name, "tenantDBID"
                )

    def check_all_references(self, objects: Iterable[tuple[str, int]]) -> None:
        """Checks the references of objects that ``insert`` wrote."""
        for object_type, dbid in objects:
            kind = rules.object_type(object_type)
            self._check_references(kind, decode(self._existing(object_type, dbid)[3]))

    def _existing(self, object_type: str, dbid: int) -> Row:
        row = self._store.row(object_type, dbid)
        if row is None:
            raise ObjectNotFoundError(f"no {object_type} has DBID {dbid}", object_type, "DBID")
        return row

    def object(self, object_type: str, dbid: int) -> ConfObject:
        """One object by DBID. Only inside a transaction."""
        kind = rules.object_type(object_type)
        return _object(kind, self._existing(object_type, dbid), FolderIndex(self._store))

    @property
    def store(self) -> Store:
        """The file, for what fills or shows it whole."""
        return self._store


def _object(
    kind: ObjectType, row: Row, folders: FolderIndex, exclude_bytecode: bool = False
) -> ConfObject:
    dbid, _, folder, body = row
    attributes = decode(body)
    for attribute in kind.attributes:
        if attribute.secret:
            attributes.pop(attribute.name, None)
        if exclude_bytecode and attribute.type is ValueType.KEY_VALUES:
            attributes[attribute.name] = {
                section: {k: v for k, v in options.items() if not isinstance(v, bytes)}
                for section, options in attributes.get(attribute.name, {}).items()
            }
    return ConfObject(kind.name, dbid, attributes, folder, folders.path(folder))


def _conditions(kind: ObjectType, filters: Filter) -> tuple[str, list[Any], bool]:
    """A filter as SQL with parameters; whether binary values are left out. A ``dbid``
    makes the server ignore every other key."""
    for key in filters:
        if key != "dbid" and key not in kind.filters:
            raise UnsupportedPropertyError(f"no filter is called {key}", kind.name, key)
    exclude_bytecode = bool(filters.get("exclude_bytecode"))
    if "dbid" in filters:
        return "AND dbid = ?", [filters["dbid"]], exclude_bytecode
    where: list[str] = []
    parameters: list[Any] = []
    if kind.name == "Tenant" and not filters.get("all_tenants"):
        where.append(f"AND dbid <> {ENVIRONMENT}")
    for key, value in filters.items():
        attribute = kind.filters[key]
        if attribute == "tenantDBID":
            where.append("AND tenant = ?")
        elif attribute:
            where.append(f"AND json_extract(body, '$.{attribute}') = ?")
        else:
            continue
        parameters.append(value)
    return " ".join(where), parameters, exclude_bytecode


def _on_delete(kind: ObjectType, name: str, target_type: str) -> str:
    """What the deletion of a target does to an object that refers to it in ``name``."""
    attribute = rules.attribute_of(kind, name)
    if attribute.refers_to == target_type:
        return attribute.on_delete
    policies = {field.on_delete for field in attribute.fields if field.refers_to == target_type}
    return "veto" if "veto" in policies else "clear"
