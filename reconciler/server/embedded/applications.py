"""What follows from an application's type, and from its being a backup.

A server needs a folder and a command line and a port called default, a client has none of
that; a backup mirrors its primary; a server keeps its host while others rely on it.
"""

from typing import Any, Protocol

from reconciler.kinds import enums
from reconciler.kinds.model import Attributes, ObjectType
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.embedded.store import Store
from reconciler.server.encoding import decode
from reconciler.server.errors import (
    IncompleteObjectDataError,
    IncorrectReferencesError,
    UnchangeableInfoError,
    ValueOutOfRangeError,
)

MIRRORED = ("appServerDBIDs", "tenantDBIDs", "flexibleProperties")
"""What a backup has from its primary, and cannot have of its own."""

_NEVER_STARTED = {
    enums.APPLICATION_TYPE["ApplicationCluster"],
    enums.APPLICATION_TYPE["DBServer"],
}
_T_SERVER = enums.APPLICATION_TYPE["TServer"]


class Writer(Protocol):
    """Writes rows and notes the change; see ``engine``."""

    @property
    def store(self) -> Store: ...

    def write(
        self, kind: ObjectType, dbid: int, attributes: dict[str, Any], folder: int
    ) -> None: ...

    def remove(self, kind: ObjectType, dbid: int) -> None: ...


def from_template(store: Store, kind: ObjectType, given: Attributes) -> Attributes:
    """What an application is created from: type and version are its template's where they
    are not given."""
    template = given.get("appPrototypeDBID") if kind.name == "Application" else None
    row = store.row("AppPrototype", template) if template else None
    if row is None:
        return given
    missing = {name: decode(row[3])[name] for name in ("type", "version") if not given.get(name)}
    return {**given, **missing}


def complete_application(attributes: dict[str, Any]) -> None:
    """Sets what the server derives from the type."""
    attributes["isServer"] = attributes["type"] not in enums.CLIENT_APPLICATION_TYPES
    if attributes["type"] in _NEVER_STARTED:
        attributes["startupType"] = enums.STARTUP_TYPE["Disabled"]


def check_application(attributes: Attributes) -> None:
    """Refuses what an application of its type cannot have, or cannot do without."""
    if attributes["isServer"]:
        for name in ("workDirectory", "commandLine"):
            if not attributes.get(name):
                raise IncompleteObjectDataError(f"a server needs {name}", "Application", name)
        ports = attributes.get("portInfos") or []
        if ports and not any(port["id"] == "default" for port in ports):
            raise ValueOutOfRangeError("one port is called default", "Application", "portInfos")
    else:
        for name in ("serverInfo", "tenantDBIDs", "portInfos"):
            if attributes.get(name):
                raise ValueOutOfRangeError("a client application has none", "Application", name)
    if attributes.get("flexibleProperties") and attributes["type"] != _T_SERVER:
        raise ValueOutOfRangeError(
            "a T-Server alone has flexible properties", "Application", "flexibleProperties"
        )
    if attributes["type"] == _T_SERVER and len(attributes.get("tenantDBIDs") or []) > 1:
        raise ValueOutOfRangeError("a T-Server has one tenant", "Application", "tenantDBIDs")


def check_backup(store: Store, dbid: int, attributes: Attributes) -> None:
    """A backup is another application of the same type, and has one primary. ``dbid``: 0
    for an application that is yet to be created."""
    backup = backup_of(attributes)
    row = store.row("Application", backup) if backup else None
    if row is None:
        return
    primary = primary_of(store, backup)
    if decode(row[3])["type"] != attributes["type"] or backup == dbid or primary not in (0, dbid):
        raise IncorrectReferencesError(
            "a backup is of its primary's type and has one primary", "Application", "serverInfo"
        )


def check_application_update(
    store: Store, dbid: int, live: Attributes, updated: Attributes, delta: Delta
) -> None:
    """Refuses what cannot change while an application is a backup, or has clients."""
    primary = primary_of(store, dbid)
    for name in (*delta.values, *delta.key_values, *delta.lists) if primary else ():
        if name in MIRRORED:
            raise UnchangeableInfoError(f"{name} of a backup is its primary's", "Application", name)
    hosts = [(one.get("serverInfo") or {}).get("hostDBID") for one in (live, updated)]
    if hosts[0] and hosts[0] != hosts[1] and store.referrers("Application", dbid):
        raise UnchangeableInfoError(
            "a server keeps its host while it has clients or a primary", "Application", "serverInfo"
        )


def backup_of(attributes: Attributes) -> int:
    """The DBID of an application's backup; 0: none."""
    return int((attributes.get("serverInfo") or {}).get("backupServerDBID") or 0)


def primary_of(store: Store, dbid: int) -> int:
    """The DBID of the application that an application is the backup of; 0: none."""
    for object_type, referrer, name in store.referrers("Application", dbid):
        if object_type == "Application" and name == "serverInfo":
            return referrer
    return 0


def mirror(writer: Writer, dbid: int) -> None:
    """Brings the backup of an application, if it has one, to what its primary has."""
    row = writer.store.row("Application", dbid)
    attributes = decode(row[3]) if row else {}
    backup = backup_of(attributes)
    found = writer.store.row("Application", backup) if backup else None
    if found is None:
        return
    old = decode(found[3])
    new = {name: value for name, value in old.items() if name not in MIRRORED}
    new.update({name: attributes[name] for name in MIRRORED if name in attributes})
    new["isPrimary"] = False
    if new != old:
        writer.write(OBJECT_TYPES["Application"], found[0], new, found[2])


def unmirror(writer: Writer, backup: int) -> None:
    """An application that ceases to be a backup is a primary again."""
    row = writer.store.row("Application", backup)
    if row is not None and not primary_of(writer.store, backup):
        attributes = decode(row[3])
        if not attributes.get("isPrimary"):
            writer.write(
                OBJECT_TYPES["Application"], backup, {**attributes, "isPrimary": True}, row[2]
            )
