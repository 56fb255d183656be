"""Which account a server application runs under, as the server file keeps it.

An account is a person or an access group; without a choice it is the access group SYSTEM.
"""

from reconciler.server.embedded.store import Store
from reconciler.server.errors import DependentObjectsError

LogonAccount = tuple[str, int]
"""The type and the DBID of an account."""

SYSTEM: LogonAccount = ("AccessGroup", 98)

_PREFIX = "logon account of Application "


def account_of(store: Store, application: int) -> LogonAccount:
    """The account of a server application."""
    account_type, _, dbid = store.setting(f"{_PREFIX}{application}").partition(" ")
    return (account_type, int(dbid)) if dbid else SYSTEM


def chosen(store: Store) -> dict[int, LogonAccount]:
    """The accounts of the server applications that do not run under SYSTEM, by DBID."""
    numbers = (key.removeprefix(_PREFIX) for key in store.settings() if key.startswith(_PREFIX))
    found = {int(number): account_of(store, int(number)) for number in numbers}
    return {number: account for number, account in found.items() if account != SYSTEM}


def choose(store: Store, application: int, account: LogonAccount) -> None:
    """Sets the account of a server application."""
    account_type, dbid = account
    store.set_setting(f"{_PREFIX}{application}", f"{account_type} {dbid}")


def forget(store: Store, application: int) -> None:
    """Forgets the account of an application that is deleted."""
    store.remove_setting(f"{_PREFIX}{application}")


def check_unused(store: Store, account_type: str, dbid: int) -> None:
    """DependentObjectsError for an account that a server application runs under."""
    for key, value in store.settings().items():
        if key.startswith(_PREFIX) and value == f"{account_type} {dbid}":
            raise DependentObjectsError(
                f"cannot be deleted: {key.removeprefix('logon account of ')} logs on as it",
                account_type,
                "DBID",
            )
