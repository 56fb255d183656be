"""Requests about accounts: the accounts of applications, and passwords.

Everyone who knows the old password of a person can change it, whatever the permissions.
"""

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.embedded import logon_accounts
from reconciler.server.embedded.access import Access, authenticate
from reconciler.server.embedded.engine import Engine
from reconciler.server.embedded.logon_accounts import LogonAccount
from reconciler.server.encoding import decode
from reconciler.server.errors import (
    EmptyPasswordDeniedError,
    IncorrectReferencesError,
    ValueOutOfRangeError,
)
from reconciler.server.port import Permission

_APPLICATION, _PERSON = OBJECT_TYPES["Application"], OBJECT_TYPES["Person"]


class Accounts:
    """The accounts of an embedded server, as one session sees them."""

    def __init__(self, engine: Engine, access: Access) -> None:
        self._engine = engine
        self._access = access

    def of_application(self, application: int) -> LogonAccount:
        """The account that a server application runs under: ("Person" or "AccessGroup", DBID).
        ObjectNotFoundError, or ValueOutOfRangeError for an application that is no server."""
        with self._engine.store.reading():
            self._check_application(application, Permission.READ)
            return logon_accounts.account_of(self._engine.store, application)

    def set_of_application(self, application: int, account: LogonAccount) -> None:
        """Sets that account. IncorrectReferencesError if there is no such account."""
        account_type, dbid = account
        store = self._engine.store
        with store.writing():
            self._access.check_mode()
            self._check_application(application, Permission.CHANGE)
            known = account_type in ("Person", "AccessGroup")
            if not known or store.row(account_type, dbid) is None:
                raise IncorrectReferencesError(
                    f"no {account_type or 'account'} has DBID {dbid}", "Application", "account"
                )
            logon_accounts.choose(store, application, account)

    def _check_application(self, application: int, permission: Permission) -> None:
        _, _, folder, body = self._engine.existing("Application", application)
        self._access.check(_APPLICATION, application, folder, permission)
        if not decode(body).get("isServer"):
            raise ValueOutOfRangeError(
                "only a server application has an account", "Application", "isServer"
            )

    def authenticate(self, user: str, password: str) -> None:
        """LoginIncorrectError or AccessDeniedError if a log-in would be refused."""
        authenticate(self._engine, user, password)

    def change_password(self, user: str, old: str, new: str) -> None:
        """Gives a person a new password, which need not be changed at the next log-in.
        EmptyPasswordDeniedError, and the errors of ``authenticate`` for the old password."""
        dbid, person = authenticate(self._engine, user, old)
        if not new:
            raise EmptyPasswordDeniedError("the new password is empty", "Person", "password")
        change: dict[str, str | bool] = {"password": new}
        if person.get("changePasswordOnNextLogin"):
            change["changePasswordOnNextLogin"] = False
        with self._engine.store.writing():
            self._access.check_mode()
            self._engine.update(_PERSON, dbid, Delta(change))
