"""The port on an embedded server: sessions, transactions, and who may do what.

Every write is one transaction: the mode and the permissions are checked, then the engine
writes it whole or not at all.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import reconciler
from reconciler.kinds.model import Attributes, ObjectType, ValueType
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.embedded import relations, rules
from reconciler.server.embedded.access import MODES, Access, entries_as_data, log_in
from reconciler.server.embedded.encoding import decode
from reconciler.server.embedded.engine import Engine
from reconciler.server.embedded.folders import FolderIndex
from reconciler.server.embedded.store import Row, Store
from reconciler.server.embedded.subscription import EmbeddedSubscription
from reconciler.server.embedded.values import is_integer
from reconciler.server.errors import (
    IncorrectReferencesError,
    UnsupportedPropertyError,
    ValueOutOfRangeError,
)
from reconciler.server.port import AccessEntry, ConfObject, Filter, Permission, ServerInfo
from reconciler.server.snapshot import ENVIRONMENT


class EmbeddedServer:
    """A Configuration Server in one SQLite file. Implements ``port.Server``."""

    def __init__(
        self, path: Path, *, user: str = "", password: str = "", timeout: float = 10.0
    ) -> None:
        self.store = Store(path, timeout)
        self.engine = Engine(self.store)
        self._url = f"embedded:{path}"
        person = 0
        if user:
            try:
                person = log_in(self.engine, user, password)
            except BaseException:
                self.close()
                raise
        self.engine.user = user
        self._access = Access(self.engine, person)

    def close(self) -> None:
        self.store.close()

    def info(self) -> ServerInfo:
        with self.store.reading():
            mode = self.store.setting("mode", "Full")
        return ServerInfo(
            url=self._url,
            identity=f"embedded:{self.store.identity()}",
            version=f"embedded {reconciler.__version__}",
            mode=mode,
            user=self.engine.user,
        )

    def change_mode(self, mode: str) -> None:
        """Sets the operational mode: Full, ReadOnly or Emergency."""
        if mode not in MODES:
            raise ValueOutOfRangeError(f"a mode is one of {', '.join(MODES)}, not {mode}")
        with self.store.writing():
            self._access.check_super()
            self.store.set_setting("mode", mode)

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        kind = rules.object_type(object_type)
        where, parameters, exclude_bytecode = _conditions(kind, filters or {})
        with self.store.reading():
            folders = self.engine.folders()
            readable = self._access.readable()
            with _collector_paused():
                return [
                    _object(kind, row, folders, exclude_bytecode)
                    for row in self.store.rows(object_type, where, parameters)
                    if readable is None
                    or readable.of(object_type, row[0], row[2]) & Permission.READ
                ]

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        kind = rules.object_type(object_type)
        with self.store.writing():
            self._access.check_mode()
            dbid = self.engine.create(kind, attributes, folder)
            created = self._get(kind, dbid)
            self._access.check(kind, 0, created.folder, Permission.CREATE)
            return created

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        kind = rules.object_type(object_type)
        with self.store.writing():
            self._check(kind, dbid, Permission.CHANGE)
            for moved in _moved(kind, delta):
                self._check(*moved, Permission.CHANGE)
            self.engine.update(kind, dbid, delta)
            return self._get(kind, dbid)

    def delete(self, object_type: str, dbid: int) -> None:
        kind = rules.object_type(object_type)
        with self.store.writing():
            self._check(kind, dbid, Permission.DELETE)
            self.engine.delete(kind, dbid)

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        kind = rules.object_type(object_type)
        with self.store.reading():
            row = self.engine.existing(object_type, dbid)
            self._access.check(kind, dbid, row[2], Permission.READ_PERMISSIONS)
            return [
                AccessEntry(account_type, account, mask)
                for found, number, account_type, account, mask in self.store.permissions()
                if (found, number) == (object_type, dbid)
            ]

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        kind = rules.object_type(object_type)
        with self.store.writing():
            self._check(kind, dbid, Permission.CHANGE_PERMISSIONS)
            accounts = [(entry.account_type, entry.account) for entry in entries]
            if len(set(accounts)) != len(accounts):
                raise ValueOutOfRangeError("an account stands twice", object_type, "account")
            for entry in entries:
                known = entry.account_type in ("Person", "AccessGroup")
                if not known or self.store.row(entry.account_type, entry.account) is None:
                    raise IncorrectReferencesError(
                        f"no {entry.account_type} has DBID {entry.account}", object_type, "account"
                    )
                if (
                    not is_integer(entry.mask)
                    or not 0 <= entry.mask < 2 * Permission.NO_PROPAGATION
                ):
                    raise ValueOutOfRangeError("no such permissions", object_type, "mask")
            self.store.set_permissions(object_type, dbid, entries_as_data(entries))

    def subscribe(
        self, object_type: str = "", tenant: int = 0, dbid: int = 0
    ) -> EmbeddedSubscription:
        if object_type:
            rules.object_type(object_type)
        return EmbeddedSubscription(self.store, self._access, object_type, tenant, dbid)

    def insert(
        self, kind: ObjectType, completed: dict[str, Any], folder: int, dbid: int | None = None
    ) -> int:
        """Writes a new object without checking its references; see ``Engine.insert``."""
        return self.engine.insert(kind, completed, folder, dbid)

    def check_all_references(self, objects: Iterable[tuple[str, int]]) -> None:
        """Checks the references of objects that ``insert`` wrote."""
        for object_type, dbid in objects:
            row = self.engine.existing(object_type, dbid)
            relations.check_references(self.store, OBJECT_TYPES[object_type], decode(row[3]))

    def _check(self, kind: ObjectType, dbid: int, permission: Permission) -> None:
        self._access.check_mode()
        row = self.engine.existing(kind.name, dbid)
        self._access.check(kind, dbid, row[2], permission)

    def _get(self, kind: ObjectType, dbid: int) -> ConfObject:
        return _object(kind, self.engine.existing(kind.name, dbid), self.engine.folders())


def _moved(kind: ObjectType, delta: Delta) -> Iterator[tuple[ObjectType, int]]:
    """The objects that an update of a folder moves into it."""
    entries = delta.lists.get("objectIDs") if kind.name == "Folder" else None
    numbers = {other.number: other for other in OBJECT_TYPES.values()}
    for entry in entries.added if entries else ():
        if isinstance(entry, dict) and entry.get("type") in numbers and "DBID" in entry:
            yield numbers[entry["type"]], entry["DBID"]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Many small containers and no cycles among them: the search for cycles would take as
    long as the read."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _object(
    kind: ObjectType, row: Row, folders: FolderIndex, exclude_bytecode: bool = False
) -> ConfObject:
    dbid, _, folder, body = row
    attributes = decode(body)
    for attribute in kind.attributes:
        if attribute.secret:
            attributes.pop(attribute.name, None)
        if (
            exclude_bytecode
            and attribute.type is ValueType.KEY_VALUES
            and attribute.name in attributes
        ):
            attributes[attribute.name] = _without_bytecode(attributes[attribute.name])
    return ConfObject(kind.name, dbid, attributes, folder, folders.path(folder))


def _without_bytecode(sections: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    texts = {
        section: {key: value for key, value in options.items() if not isinstance(value, bytes)}
        for section, options in sections.items()
    }
    return {section: options for section, options in texts.items() if options}


def _conditions(kind: ObjectType, filters: Filter) -> tuple[str, list[Any], bool]:
    """A filter as SQL with parameters; whether binary values are left out. A ``dbid``
    makes the server ignore every other key."""
    for key, value in filters.items():
        if key != "dbid" and key not in kind.filters:
            raise UnsupportedPropertyError(f"no filter is called {key}", kind.name, key)
        if isinstance(value, int) and not isinstance(value, bool) and not is_integer(value):
            raise ValueOutOfRangeError(f"{key} cannot be {value}", kind.name, key)
    exclude_bytecode = bool(filters.get("exclude_bytecode"))
    if "dbid" in filters:
        return "AND dbid = ?", [filters["dbid"]], exclude_bytecode
    where: list[str] = []
    parameters: list[Any] = []
    if kind.name == "Tenant" and not filters.get("all_tenants"):
        where.append(f"AND dbid <> {ENVIRONMENT}")
    for key, value in filters.items():
        attribute = kind.filters[key]
        if attribute:
            where.append(_condition(attribute))
            parameters.append(value)
    return " ".join(where), parameters, exclude_bytecode


def _condition(path: str) -> str:
    """The SQL for one filter: a path such as ``name``, ``serverInfo.hostDBID``,
    ``tenantDBIDs[]`` (one of a list) or ``appServerDBIDs[].appServerDBID``."""
    if path == "tenantDBID":
        return "AND tenant = ?"
    listed, bracket, rest = path.partition("[]")
    if not bracket:
        return f"AND json_extract(body, '$.{path}') = ?"
    item = f"json_extract(value, '${rest}')" if rest else "value"
    each = f"json_each(body, '$.{listed}')"
    return f"AND EXISTS (SELECT 1 FROM {each} WHERE {item} = ?)"  # noqa: S608 - of our table
