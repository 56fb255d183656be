"""Rules of applications: by their type, and for primaries and backups.

A server needs a working folder, a command line and a port called default; a client has none
of these. A backup mirrors its primary. A server keeps its host while others depend on it.
"""

from typing import Any, Protocol

from reconciler.kinds import enums
from reconciler.kinds.model import Attributes, ObjectType
from reconciler.kinds.types.applications import MIRRORED
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.embedded.store import Store
from reconciler.server.encoding import decode
from reconciler.server.errors import (
    IncompleteObjectDataError,
    IncorrectReferencesError,
    UnchangeableInfoError,
    ValueOutOfRangeError,
)

_NEVER_STARTED = {
    enums.APPLICATION_TYPE["ApplicationCluster"],
    enums.APPLICATION_TYPE["DBServer"],
}
_SWITCHING = {enums.APPLICATION_TYPE["TServer"], enums.APPLICATION_TYPE["HAProxy"]}
"""Types that serve one tenant, and the only ones with flexible properties."""


class Writer(Protocol):
    """Writes rows and logs changes. ``engine.Engine`` implements it."""

    @property
    def store(self) -> Store: ...

    def write(
        self, kind: ObjectType, dbid: int, attributes: dict[str, Any], folder: int
    ) -> None: ...

    def remove(self, kind: ObjectType, dbid: int) -> None: ...


def from_template(store: Store, kind: ObjectType, given: Attributes) -> Attributes:
    """The attributes to create an object from: an application takes type and version from its
    template, unless they are given."""
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
    """Refuses what the type of an application forbids, and the lack of what it needs."""
    if attributes["isServer"]:
        for name in ("workDirectory", "commandLine"):
            if not attributes.get(name):
                raise IncompleteObjectDataError(f"a server needs {name}", "Application", name)
        ports = attributes.get("portInfos") or []
        if ports and not any(port["id"] == "default" for port in ports):
            raise ValueOutOfRangeError(
                "one port must have the ID default", "Application", "portInfos"
            )
    else:
        for name in ("serverInfo", "tenantDBIDs", "portInfos"):
            if attributes.get(name):
                raise ValueOutOfRangeError(
                    f"a client application cannot have {name}", "Application", name
                )
    if attributes.get("flexibleProperties") and attributes["type"] not in _SWITCHING:
        raise ValueOutOfRangeError(
            "only a T-Server or an HA proxy can have flexible properties",
            "Application",
            "flexibleProperties",
        )
    if attributes["type"] in _SWITCHING and len(attributes.get("tenantDBIDs") or []) > 1:
        raise ValueOutOfRangeError(
            "a T-Server or an HA proxy has one tenant", "Application", "tenantDBIDs"
        )


def check_backup(store: Store, dbid: int, attributes: Attributes) -> None:
    """Refuses a backup that is the application itself, is of another type or has another
    primary. ``dbid``: the primary's; 0 if it does not exist yet."""
    backup = backup_of(attributes)
    row = store.row("Application", backup) if backup else None
    if row is None:
        return
    primary = primary_of(store, backup)
    if decode(row[3])["type"] != attributes["type"] or backup == dbid or primary not in (0, dbid):
        raise IncorrectReferencesError(
            "a backup must be another application of the same type and have only one primary",
            "Application",
            "serverInfo",
        )


def check_application_update(
    store: Store, dbid: int, live: Attributes, updated: Attributes, delta: Delta
) -> None:
    """Refuses changes that are impossible for a backup, or while an application has clients."""
    primary = primary_of(store, dbid)
    for name in (*delta.values, *delta.key_values, *delta.lists) if primary else ():
        if name in MIRRORED:
            raise UnchangeableInfoError(
                f"{name} of a backup cannot be changed; change it in the primary",
                "Application",
                name,
            )
    hosts = [(side.get("serverInfo") or {}).get("hostDBID") for side in (live, updated)]
    if hosts[0] and hosts[0] != hosts[1] and store.referrers("Application", dbid):
        raise UnchangeableInfoError(
            "the host cannot be changed while the server has clients or a primary",
            "Application",
            "serverInfo",
        )


def backup_of(attributes: Attributes) -> int:
    """The DBID of an application's backup; 0: none."""
    return int((attributes.get("serverInfo") or {}).get("backupServerDBID") or 0)


def primary_of(store: Store, dbid: int) -> int:
    """The DBID of the primary that an application is the backup of; 0: none."""
    for object_type, referrer, name in store.referrers("Application", dbid):
        if object_type == "Application" and name == "serverInfo":
            return referrer
    return 0


def mirror(writer: Writer, dbid: int) -> None:
    """Copies the mirrored attributes of an application to its backup, if it has one."""
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
    """Makes an application a primary again, if it is no longer the backup of any application."""
    row = writer.store.row("Application", backup)
    if row is not None and not primary_of(writer.store, backup):
        attributes = decode(row[3])
        if not attributes.get("isPrimary"):
            writer.write(
                OBJECT_TYPES["Application"], backup, {**attributes, "isPrimary": True}, row[2]
            )
