"""Reads what must be known of an object before it is deleted, and whether it is gone already."""

from reconciler.errors import StaleActionError
from reconciler.plan.actions import Delete
from reconciler.server.errors import NoPermissionError, ObjectNotFoundError
from reconciler.server.port import AccessEntry, ConfObject, Reader
from reconciler.site.model import backup_of


def permissions_before(server: Reader, old: ConfObject) -> tuple[AccessEntry, ...]:
    """The permissions of an object. StaleActionError if the account cannot read them."""
    try:
        return tuple(server.permissions(old.type, old.dbid))
    except NoPermissionError as error:
        raise StaleActionError(
            "not replaced or deleted: this account cannot read its permissions,"
            " so they would be lost",
            "Grant this account Read Permissions on it.",
        ) from error


def read_backup(server: Reader, old: ConfObject) -> list[ConfObject]:
    """The backup of an application; once the application is deleted, it can no longer be read."""
    backup = backup_of(old)
    return server.read(old.type, {"dbid": backup}) if backup else []


def is_gone(server: Reader, action: Delete) -> bool:
    """Whether the object no longer exists, rather than being unreadable by this account."""
    if server.read(action.object_type, {"dbid": action.dbid}):
        return False
    try:
        server.permissions(action.object_type, action.dbid)
    except ObjectNotFoundError:
        return True
    except NoPermissionError:
        return False
    return False
