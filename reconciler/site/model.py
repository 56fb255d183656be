"""A site: its tenant, its applications and the role of each."""

from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.kinds import enums
from reconciler.server.port import ConfObject

APPLICATIONS = "Environment > Applications"
"""The folder of applications, as Genesys Administrator shows it."""


def application_type(application: ConfObject) -> str:
    """The mnemonic of an application's type, or its number as text."""
    return enums.mnemonic(enums.APPLICATION_TYPE, int(application.attributes["type"]))


def application_name(application: ConfObject) -> str:
    return str(application.attributes["name"])


def connections(application: ConfObject) -> list[int]:
    """The DBIDs of the applications that an application connects to, in its order."""
    entries = application.attributes.get("appServerDBIDs") or []
    return [entry["appServerDBID"] for entry in entries]


def backup_of(application: ConfObject) -> int:
    """The DBID of an application's backup; 0 if it has none."""
    server = application.attributes.get("serverInfo") or {}
    return int(server.get("backupServerDBID") or 0)


class Site(Struct, frozen=True):
    """What discovery found.

    ``roles``: role -> applications, ordered by DBID. ``pairs``: the DBIDs (primary, backup)
    of HA pairs among them. ``values``: name -> value of ``${site.NAME}``, for those that the
    site has. ``unreadable_partners``: DBID of a member -> DBID of its backup, which this
    account cannot read. ``installation``: host and folder of the launch files; empty if no
    folder was named.
    """

    tenant_name: str
    tenant_dbid: int
    server: ConfObject
    cluster: ConfObject | None
    roles: Mapping[str, tuple[ConfObject, ...]]
    pairs: tuple[tuple[int, int], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unreadable_partners: Mapping[int, int] = field(default_factory=dict)
    installation: str = ""

    def members(self) -> dict[int, ConfObject]:
        """The applications of every role, by DBID, each once."""
        return {member.dbid: member for role in self.roles.values() for member in role}

    def partner(self, dbid: int) -> int:
        """The DBID of the other member of an application's HA pair; 0 if it is in no pair."""
        for primary, backup in self.pairs:
            if dbid == primary:
                return backup
            if dbid == backup:
                return primary
        return 0
