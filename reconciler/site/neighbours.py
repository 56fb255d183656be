"""Applications as they connect to one another, and what of them is left out of a site. Pure.

What is left out is told: as a notice where that is as the site wants it, as a warning
where the account cannot read what may be needed.
"""

from collections.abc import Iterable, Sequence

from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import application_name, application_type, backup_of, connections


class Neighbours:
    """The applications that were read. ``unreadable_partners``: see ``Site``."""

    def __init__(self, live: Snapshot) -> None:
        self._live = live
        self.notices: list[str] = []
        self.warnings: list[str] = []
        self.unreadable_partners: dict[int, int] = {}

    def applications(self) -> list[ConfObject]:
        """Every one of them."""
        return self._live.of_type("Application")

    def connected(self, applications: Iterable[ConfObject]) -> list[ConfObject]:
        """What the applications connect to, each once. What cannot be read is a warning:
        it may be one that the site needs."""
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
        """The types of the applications that one connects to."""
        found = [self._live.get("Application", dbid) for dbid in connections(application)]
        return {application_type(one) for one in found if one is not None}

    def with_partners(self, applications: Sequence[ConfObject]) -> tuple[ConfObject, ...]:
        """The applications with their backups, and the primaries that they are backups of."""
        result = {one.dbid: one for one in applications}
        for one in applications:
            backup = self._live.get("Application", backup_of(one))
            if backup is not None:
                result[backup.dbid] = backup
            elif backup_of(one):
                self.unreadable_partners[one.dbid] = backup_of(one)
                self.warnings.append(
                    f"the backup of {application_name(one)}, the application with DBID"
                    f" {backup_of(one)}, is not readable by this account: it is left out."
                )
        wanted = set(result)
        for one in self.applications():
            if backup_of(one) in wanted:
                result[one.dbid] = one
        return tuple(result.values())

    def usable(self, application: ConfObject, tenant: ConfObject) -> bool:
        """Whether it belongs to a site of the tenant; told where not."""
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
