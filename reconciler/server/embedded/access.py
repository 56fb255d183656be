"""Log-in, and what an account may do: access groups, permissions with inheritance.

An object without permissions of its own inherits from its folder, from the folders around
that, from their owner, and so on up to tenant Environment. Only the nearest list counts. A
session without a user may do everything: it has the file anyway.
"""

from collections.abc import Iterator
from typing import Any

from reconciler.kinds.enums import ACCESS_GROUP_TYPE, STATE
from reconciler.kinds.model import ObjectType
from reconciler.kinds.types.table import type_name
from reconciler.server.embedded.engine import EVERYONE, Engine
from reconciler.server.embedded.passwords import matches
from reconciler.server.encoding import decode
from reconciler.server.errors import (
    AccessDeniedError,
    LoginIncorrectError,
    NoPermissionError,
    ObjectNotFoundError,
    ReadOnlyModeError,
    UserMustChangePasswordError,
)
from reconciler.server.port import Permission
from reconciler.server.snapshot import ENVIRONMENT

MODES = ("Full", "ReadOnly", "Emergency")
_Account = tuple[str, int]
_Lists = dict[tuple[str, int], dict[_Account, int]]


def log_in(engine: Engine, user: str, password: str) -> int:
    """The DBID of the person with this user name and password. Errors: see ``authenticate``;
    UserMustChangePasswordError if the password was set for a first log-in only."""
    dbid, person = authenticate(engine, user, password)
    if person.get("changePasswordOnNextLogin"):
        raise UserMustChangePasswordError(
            f"{user} must change the password before the next login",
            "Person",
            "changePasswordOnNextLogin",
        )
    return dbid


def authenticate(engine: Engine, user: str, password: str) -> tuple[int, dict[str, Any]]:
    """The DBID and the attributes of the person with this user name and password.
    LoginIncorrectError if there is none, AccessDeniedError if the person is disabled."""
    where = "AND json_extract(body, '$.userName') = ?"
    with engine.store.reading():
        row = next(engine.store.rows("Person", where, (user,)), None)
    person = decode(row[3]) if row else {}
    if row is None or not matches(password, person.get("password", "")):
        raise LoginIncorrectError(f"login of {user} was refused", "Person")
    if person.get("state") != STATE["Enabled"]:
        raise AccessDeniedError(f"the person {user} is disabled", "Person", "state")
    return row[0], person


class Access:
    """What one session may do. ``account``: the person or access group that it runs as; None: the
    session may do everything. Its methods run inside a transaction."""

    def __init__(self, engine: Engine, account: _Account | None) -> None:
        self._engine = engine
        self._account = account
        self._masks: tuple[object, Masks] | None = None

    def _accounts(self) -> tuple[set[_Account], bool]:
        """The account and all access groups it belongs to; whether any of these groups has super
        administrators."""
        groups = {row[0]: decode(row[3]) for row in self._engine.store.rows("AccessGroup")}
        accounts: set[_Account] = {("AccessGroup", EVERYONE)}
        reached: list[_Account] = [self._account] if self._account else []
        while reached:  # a group may be a member of another group
            account = reached.pop()
            if account not in accounts:
                accounts.add(account)
                reached += [
                    ("AccessGroup", g) for g, group in groups.items() if _has(group, account)
                ]
        kind = ACCESS_GROUP_TYPE["SuperAdministrators"]
        ours = (groups.get(dbid, {}) for name, dbid in accounts if name == "AccessGroup")
        return accounts, any(group.get("type") == kind for group in ours)

    def _lists(self) -> _Lists:
        lists: _Lists = {}
        for object_type, dbid, account_type, account, mask in self._engine.store.permissions():
            lists.setdefault((object_type, dbid), {})[account_type, account] = mask
        return lists

    def check_mode(self) -> None:
        """Refuses a write that the operational mode forbids."""
        mode = self._engine.store.setting("mode", "Full")
        if mode == "ReadOnly" or (
            mode == "Emergency" and self._account and not self._accounts()[1]
        ):
            raise ReadOnlyModeError(f"the server is in mode {mode}")

    def check(self, kind: ObjectType, dbid: int, folder: int, permission: Permission) -> None:
        """Refuses what the session may not do. An object that it may not read counts as absent."""
        if not self._account:
            return
        granted = self._granted().of(kind.name, dbid, folder)
        if not granted & Permission.READ and dbid:
            raise ObjectNotFoundError(f"no {kind.name} has DBID {dbid}", kind.name, "DBID")
        if not granted & permission:
            what = (permission.name or "").lower().replace("_", " ")
            raise NoPermissionError(f"the permission to {what} is missing", kind.name)

    def check_super(self) -> None:
        """Refuses what only a super administrator may do."""
        if self._account and not self._accounts()[1]:
            raise NoPermissionError("only a super administrator may do this")

    def may_see_change(self, object_type: str, dbid: int, tenant: int) -> bool:
        """Whether the session may be notified of a change. A deleted object has lost its
        permissions: those of its tenant count."""
        masks = self.readable()
        if masks is None:
            return True
        row = self._engine.store.row(object_type, dbid)
        if row is None:
            return bool(masks.of("Tenant", tenant or ENVIRONMENT, 0) & Permission.READ)
        return bool(masks.of(object_type, dbid, row[2]) & Permission.READ)

    def readable(self) -> "Masks | None":
        """The permissions that decide what the session may read; None: everything."""
        return self._granted() if self._account else None

    def _granted(self) -> "Masks":
        """The current permissions of the account and its groups; read again only after a write that
        may change them."""
        version = self._engine.store.access_version()
        if self._masks is None or self._masks[0] != version:
            masks = Masks(self._engine, self._lists(), self._accounts()[0])
            self._masks = (version, masks)
        return self._masks[1]


def _has(group: dict[str, Any], account: _Account) -> bool:
    """Whether an access group has an account as a member."""
    members = group.get("memberIDs") or []
    return any((type_name(m["type"]), m["DBID"]) == account for m in members)


class Masks:
    """The permissions of a set of accounts on objects, with inheritance."""

    def __init__(self, engine: Engine, lists: _Lists, accounts: set[_Account]) -> None:
        self._engine = engine
        self._lists = lists
        self._accounts = accounts
        self._folders: dict[int, Permission] = {}

    def of(self, object_type: str, dbid: int, folder: int) -> Permission:
        """The permissions on an object that lives in ``folder``."""
        own = self._lists.get((object_type, dbid)) if dbid else None
        if own is not None:
            return self._granted(own, own_list=True)
        if object_type == "Folder" and dbid:
            folder = dbid  # inherits from itself outwards
        if folder not in self._folders:
            self._folders[folder] = self._of_folder(folder)
        return self._folders[folder]

    def _of_folder(self, folder: int) -> Permission:
        for key in self._containers(folder):
            if key in self._lists:
                return self._granted(self._lists[key], own_list=False)
        return Permission(0)

    def _containers(self, folder: int) -> Iterator[tuple[str, int]]:
        """What an object in a folder inherits from, nearest first."""
        folders = self._engine.folders()
        seen: set[tuple[str, int]] = set()
        while folder:
            yield from (("Folder", outer) for outer in folders.ancestors(folder))
            number, owner = folders.owner(folder)
            key = (type_name(number), owner)
            if key in seen or not key[0]:
                break
            seen.add(key)
            yield key
            row = self._engine.store.row(*key)
            folder = row[2] if row else 0
        yield "Tenant", ENVIRONMENT

    def _granted(self, entries: dict[_Account, int], *, own_list: bool) -> Permission:
        granted = Permission(0)
        for account, mask in entries.items():
            held = Permission(mask)
            if account in self._accounts and (own_list or not held & Permission.NO_PROPAGATION):
                granted |= held
        return granted


def entries_as_data(entries: Any) -> list[tuple[str, int, int]]:
    """Access entries in the store's form: (account type, account, mask)."""
    return [(entry.account_type, entry.account, entry.mask) for entry in entries]
