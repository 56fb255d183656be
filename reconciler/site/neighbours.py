"""How applications connect to one another, and which of them a site leaves out. Pure.

Each omission is reported: as a notice if the site is configured that way, as a warning if the
account cannot read an application that may be needed.
"""

from collections.abc import Iterable, Sequence

from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import application_name, application_type, backup_of, connections


class Neighbours:
    """The applications that were read, by their connections. ``unreadable_partners``: see
    ``Site``."""

    def __init__(self, live: Snapshot) -> None:
        self._live = live
        self.notices: list[str] = []
        self.warnings: list[str] = []
        self.unreadable_partners: dict[int, int] = {}

    def applications(self) -> list[ConfObject]:
        """All applications that were read."""
        return self._live.of_type("Application")

    def connected(self, applications: Iterable[ConfObject]) -> list[ConfObject]:
        """The applications that the given applications connect to, each once. An application that
        cannot be read is a warning: the site may need it."""
        found: dict[int, ConfObject] = {}
        for application in applications:
            for dbid in connections(application):
                other = self._live.get("Application", dbid)
                if other is not None:
                    found.setdefault(dbid, other)
                else:
                    self.warnings.append(
                        f"{application_name(application)} connects to the application with"
                        f" DBID {dbid}, which this account cannot read: it is left out."
                    )
        return list(found.values())

    def connected_types(self, application: ConfObject) -> set[str]:
        """The types of the applications that the given application connects to."""
        found = [self._live.get("Application", dbid) for dbid in connections(application)]
        return {application_type(other) for other in found if other is not None}

    def with_partners(self, applications: Sequence[ConfObject]) -> tuple[ConfObject, ...]:
        """The applications with their backups, and with the primaries whose backups they are."""
        result = {application.dbid: application for application in applications}
        for application in applications:
            dbid = backup_of(application)
            backup = self._live.get("Application", dbid)
            if backup is not None:
                result[dbid] = backup
            elif dbid:
                self.unreadable_partners[application.dbid] = dbid
                self.warnings.append(
                    f"the backup of {application_name(application)}, the application with DBID"
                    f" {dbid}, is not readable by this account: it is left out."
                )
        wanted = set(result)
        result |= {a.dbid: a for a in self.applications() if backup_of(a) in wanted}
        return tuple(result.values())

    def usable(self, application: ConfObject, tenant: ConfObject) -> bool:
        """Whether an application is enabled and serves the tenant; if not, adds a notice."""
        name = application_name(application)
        if application.attributes.get("state") != 1:
            self.notices.append(f"{name} is disabled and left out.")
            return False
        if tenant.dbid not in (application.attributes.get("tenantDBIDs") or []):
            self.notices.append(
                f"{name} does not serve tenant {application_name(tenant)} and is left out."
            )
            return False
        return True
