"""The port on an embedded server: sessions, and transactions.

Every write is one transaction. It checks the operational mode and the permissions, then
the engine writes everything or nothing.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import reconciler
from reconciler.kinds.model import Attributes, ObjectType
from reconciler.kinds.names import alike_key
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.delta import Delta
from reconciler.server.embedded import last_login, relations
from reconciler.server.embedded.access import MODES, Access, Masks, entries_as_data, log_in
from reconciler.server.embedded.accounts import Accounts
from reconciler.server.embedded.collector import collector_paused
from reconciler.server.embedded.damage import RowChecker, checker_of
from reconciler.server.embedded.engine import SERVER_DBID, Engine
from reconciler.server.embedded.filters import Conditions, conditions
from reconciler.server.embedded.folder_writes import moved_objects
from reconciler.server.embedded.folders import FolderIndex
from reconciler.server.embedded.logon_accounts import LogonAccount
from reconciler.server.embedded.store import Row, Store
from reconciler.server.embedded.subscription import EmbeddedSubscription
from reconciler.server.encoding import decode
from reconciler.server.errors import IncorrectReferencesError, ValueOutOfRangeError
from reconciler.server.port import (
    AccessEntry,
    ConfObject,
    Filter,
    PastChange,
    Permission,
    ServerInfo,
)
from reconciler.server.proxy import proxies_among
from reconciler.server.values import is_integer

_PART = 1000
"""The number of objects in a part of a read."""

Members = Mapping[int, list[dict[str, int]]]
"""Folder DBID -> its members, in the form of the attribute ``objectIDs``."""


class EmbeddedServer:
    """A session with a Configuration Server in one SQLite file. Implements ``port.Server``.

    ``account``: the account of a session without a user; None: it may do everything. ``timeout``:
    seconds to wait while another process writes. ServerUnavailableError if there is no such file;
    LoginIncorrectError or AccessDeniedError for the account.
    """

    def __init__(
        self,
        path: Path,
        *,
        user: str = "",
        password: str = "",
        account: LogonAccount | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.store = Store(path, timeout)
        self.together = self.store.together
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
        self._person = person
        self._access = Access(self.engine, ("Person", person) if person else account)
        self.accounts = Accounts(self.engine, self._access)

    def close(self) -> None:
        self.store.close()

    def note_login(self, application: int, host: str) -> None:
        """Records that the session's person has logged in through a client application on a host,
        if the server keeps this (``last_login``)."""
        with self.store.reading():
            noted = self._person and last_login.are_noted(self.engine)
        if noted:
            with self.store.writing():
                last_login.note(self.engine, self._person, application, host, int(time.time()))

    def info(self) -> ServerInfo:
        with self.store.reading():
            mode = self.store.setting("mode", "Full")
            proxy_of = self._proxy_of()
        return ServerInfo(
            url=self._url,
            identity=f"embedded:{self.store.identity()}",
            version=f"embedded {reconciler.__version__}",
            mode=mode,
            user=self.engine.user,
            proxy_of=proxy_of,
        )

    def _proxy_of(self) -> str:
        """The name of its master, if the server's own application is that of a proxy."""
        own = self.store.row("Application", SERVER_DBID)
        if own is None or not decode(own[3]).get("appServerDBIDs"):
            return ""
        rows = self.store.rows("Application")
        applications = [ConfObject("Application", row[0], decode(row[3])) for row in rows]
        return proxies_among(applications).get(SERVER_DBID, "")

    def change_mode(self, mode: str) -> None:
        """Sets the operational mode: Full, ReadOnly or Emergency."""
        if mode not in MODES:
            raise ValueOutOfRangeError(f"the mode is one of {', '.join(MODES)}, not {mode}")
        with self.store.writing():
            self._access.check_super()
            self.store.set_setting("mode", mode)

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        kind = validation.object_type(object_type)
        with self.store.reading(), collector_paused():
            return list(self._found(kind, filters or {}))

    def read_in_parts(
        self, object_type: str, filters: Filter | None = None
    ) -> Iterator[list[ConfObject]]:
        """See ``port.read_in_parts``."""
        kind = validation.object_type(object_type)
        with self.store.reading():
            found = self._found(kind, filters or {})
            while part := list(islice(found, _PART)):
                yield part

    def _found(self, kind: ObjectType, filters: Filter) -> Iterator[ConfObject]:
        wanted = conditions(kind, filters)
        folders = self.engine.folders()
        readable = self._access.readable()
        members = self._members(kind, readable)
        checker = checker_of(kind.name)
        for row in self.store.rows(kind.name, " ".join(wanted.where), wanted.parameters):
            if readable is None or readable.of(kind.name, row[0], row[2]) & Permission.READ:
                yield _object(checker, row, folders, members, wanted)

    def read_alike(
        self, object_type: str, filters: Filter, alike: frozenset[str]
    ) -> list[ConfObject]:
        """See ``port.read_alike``. Only the names of other objects are read."""
        wanted = conditions(validation.object_type(object_type), filters)
        with self.store.reading():
            names = self.store.names(object_type, " ".join(wanted.where), wanted.parameters)
            found = [dbid for dbid, name in names if alike_key(str(name)) in alike]
        return [one for dbid in found for one in self.read(object_type, {**filters, "dbid": dbid})]

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        kind = validation.object_type(object_type)
        with self.store.writing():
            self._access.check_mode()
            dbid = self.engine.create(kind, attributes, folder)
            created = self._get(kind, dbid)
            self._access.check(kind, 0, created.folder, Permission.CREATE)
            return created

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        kind = validation.object_type(object_type)
        with self.store.writing():
            self._check(kind, dbid, Permission.CHANGE)
            for moved in moved_objects(kind, delta):
                self._check(*moved, Permission.CHANGE)
            self.engine.update(kind, dbid, delta)
            return self._get(kind, dbid)

    def delete(self, object_type: str, dbid: int) -> None:
        kind = validation.object_type(object_type)
        with self.store.writing():
            self._check(kind, dbid, Permission.DELETE)
            self.engine.delete(kind, dbid)

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        kind = validation.object_type(object_type)
        with self.store.reading():
            row = self.engine.existing(object_type, dbid)
            self._access.check(kind, dbid, row[2], Permission.READ_PERMISSIONS)
            return [AccessEntry(*entry) for entry in self.store.permissions_of(object_type, dbid)]

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        validation.object_type(object_type)
        with self.store.reading():
            rows = self.store.history(object_type, dbid)
            may_see = bool(rows) and self._access.may_see_change(object_type, dbid, rows[-1][1])
        return [PastChange(action, user, when) for action, _, user, when in rows if may_see]

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        kind = validation.object_type(object_type)
        with self.store.writing():
            self._check(kind, dbid, Permission.CHANGE_PERMISSIONS)
            accounts = [(entry.account_type, entry.account) for entry in entries]
            if len(set(accounts)) != len(accounts):
                raise ValueOutOfRangeError(
                    "an account is in the list twice", object_type, "account"
                )
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

    def effective_permissions(
        self, object_type: str, dbid: int, person: int | None = None
    ) -> Permission:
        """What a person may do with an object, inherited permissions included. None: what the
        session may do. ObjectNotFoundError for an object that the session may not read."""
        kind = validation.object_type(object_type)
        with self.store.reading():
            row = self.engine.existing(object_type, dbid)
            self._access.check(kind, dbid, row[2], Permission.READ)
            access = self._access if person is None else Access(self.engine, ("Person", person))
            masks = access.readable()
            return Permission.FULL if masks is None else masks.of(object_type, dbid, row[2])

    def subscribe(
        self, object_type: str = "", tenant: int = 0, dbid: int = 0
    ) -> EmbeddedSubscription:
        if object_type:
            validation.object_type(object_type)
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
        row = self.engine.existing(kind.name, dbid)
        members = self._members(kind, self._access.readable(), dbid)
        return _object(checker_of(kind.name), row, self.engine.folders(), members)

    def _members(
        self, kind: ObjectType, readable: Masks | None, folder: int | None = None
    ) -> Members:
        """The members of folders that the session may read; empty for other types."""
        if kind.name != "Folder":
            return {}
        return {
            holder: [
                {"type": OBJECT_TYPES[name].number, "DBID": dbid}
                for name, dbid, _ in found
                if readable is None or readable.of(name, dbid, holder) & Permission.READ
            ]
            for holder, found in self.store.members(folder).items()
        }


def _object(
    checker: RowChecker,
    row: Row,
    folders: FolderIndex,
    members: Members,
    wanted: Conditions | None = None,
) -> ConfObject:
    dbid, _, folder, body = row
    kind, attributes = checker.kind, decode(body)
    if not checker.is_sound(row, attributes):
        raise ValueError(f"{kind.name} {dbid} is damaged")  # the transaction explains it
    if members.get(dbid):
        attributes["objectIDs"] = members[dbid]
    for name in checker.secrets:
        attributes.pop(name, None)
    if wanted is not None and wanted.excludes:
        for name in checker.key_values & attributes.keys():
            attributes[name] = wanted.shortened(attributes[name])
    return ConfObject(kind.name, dbid, attributes, folder, folders.path(folder))
