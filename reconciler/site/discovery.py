"""Finds a site among the applications that were read. Pure.

From the application named by ``--app`` to its tenant, its cluster, and through their
connections to the applications of each role. What is missing is reported all at once,
each with the application, what it lacks and where to add it.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError, UsageError
from reconciler.kinds.roles import (
    CHAT_ROLE,
    CLUSTER_ROLE,
    INTERACTION_ROLE,
    ROLE_TYPES,
    SERVER_ROLE,
    STAT_ROLE,
)
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import (
    Site,
    application_name,
    application_type,
    backup_of,
    connections,
)

WEB_ENGAGEMENT_TYPES = frozenset({"WebEngagementBackendServer", "WebEngagementFrontEndServer"})
# Types that say nothing of the product behind them.
_SERVER_TYPES = WEB_ENGAGEMENT_TYPES | {"GenericServer", "ThirdPartyServer"}
_CLUSTER_TYPES = _SERVER_TYPES | {"ApplicationCluster"}
_SITE_TYPES = {ROLE_TYPES[INTERACTION_ROLE], ROLE_TYPES[STAT_ROLE]}
_WHERE = "Environment > Applications"


@dataclass(frozen=True)
class SiteOptions:
    """What the user said of the site: ``--app``, ``--tenant`` and ``--cluster``."""

    app: str
    tenant: str = ""
    cluster: str = ""


def discover(live: Snapshot, options: SiteOptions) -> Site:
    """The site. ``live`` holds all tenants and applications, and the hosts if read.

    Raises UsageError where the user must choose, RefusedError where a prerequisite of
    Web Engagement is missing.
    """
    return _Discovery(live, options).run()


def _may_be(application: ConfObject, types: frozenset[str]) -> bool:
    """Whether the type is one of ``types`` or a number that we have no name for."""
    name = application_type(application)
    return name in types or name.isdigit()


def _labels(applications: Iterable[ConfObject]) -> str:
    return ", ".join(application_name(one) for one in applications)


class _Discovery:
    def __init__(self, live: Snapshot, options: SiteOptions) -> None:
        self._live = live
        self._options = options
        self._notices: list[str] = []
        self._warnings: list[str] = []
        self._unreadable_partners: dict[int, int] = {}

    def run(self) -> Site:
        server = self._server()
        tenant = self._tenant(server)
        cluster = self._cluster(server, tenant)
        roles = self._roles(server, cluster, tenant)
        self._check_prerequisites(server, cluster, roles)
        members = {one.dbid for role in roles.values() for one in role}
        pairs = tuple(
            (one.dbid, backup_of(one))
            for members_of_role in roles.values()
            for one in members_of_role
            if backup_of(one) in members
        )
        return Site(
            tenant_name=application_name(tenant),
            tenant_dbid=tenant.dbid,
            server=server,
            cluster=cluster,
            roles=roles,
            pairs=pairs,
            values=self._values(server, cluster, tenant),
            notices=tuple(dict.fromkeys(self._notices)),
            warnings=tuple(dict.fromkeys(self._warnings)),
            unreadable_partners=self._unreadable_partners,
        )

    def _server(self) -> ConfObject:
        name = self._options.app
        found = self._live.find("Application", 0, name)
        if found is None:
            raise self._missing(name)
        kind = application_type(found)
        if kind == "ApplicationCluster":
            nodes = [a for a in self._applications() if found.dbid in connections(a)]
            listed = _labels(nodes) or "none connects to it"
            raise RefusedError(
                [
                    Diagnostic(
                        f"{name} is an Application Cluster, not a Web Engagement Server",
                        hint=f"Name one of its nodes with --app: {listed}.",
                    )
                ]
            )
        if not _may_be(found, _SERVER_TYPES):
            raise RefusedError(
                [
                    Diagnostic(
                        f"{name} is of type {kind}, not a Web Engagement Server",
                        hint="Name the Web Engagement Server application with --app.",
                    )
                ]
            )
        if kind not in WEB_ENGAGEMENT_TYPES:
            self._notices.append(f"{name} is of type {kind}; taken as the Web Engagement Server.")
        if found.attributes.get("state") != 1:
            self._notices.append(f"{name} is disabled.")
        return found

    def _missing(self, name: str) -> RefusedError:
        names = [application_name(one) for one in self._applications()]
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        candidates = close or [
            application_name(a)
            for a in self._applications()
            if application_type(a) in WEB_ENGAGEMENT_TYPES
        ]
        hint = f"Create it in {_WHERE}, or check --app."
        if candidates:
            hint += f" There is {', '.join(candidates)}."
        what = "absent, or not readable by this account"
        return RefusedError([Diagnostic(f"the application {name} is {what}", hint=hint)])

    def _applications(self) -> list[ConfObject]:
        return self._live.of_type("Application")

    def _tenant(self, server: ConfObject) -> ConfObject:
        name = application_name(server)
        dbids = list(server.attributes.get("tenantDBIDs") or [])
        tenants = [t for t in (self._live.get("Tenant", dbid) for dbid in dbids) if t]
        wanted = self._options.tenant
        if wanted:
            for tenant in tenants:
                if application_name(tenant) == wanted:
                    return tenant
            listed = _labels(tenants) or "none"
            raise UsageError(f"{name} does not serve a tenant {wanted}", f"Its tenants: {listed}.")
        if not tenants:
            raise RefusedError(
                [
                    Diagnostic(
                        f"{name} has no tenant that this account can read",
                        hint=f"Add its tenant in {_WHERE} > {name} > Tenants.",
                    )
                ]
            )
        if len(tenants) > 1:
            raise UsageError(
                f"{name} serves several tenants: {_labels(tenants)}",
                "Choose one with --tenant.",
            )
        return tenants[0]

    def _connected(self, applications: Iterable[ConfObject]) -> list[ConfObject]:
        """What the applications connect to, each once. What cannot be read is a warning:
        it may be one that the site needs."""
        found: dict[int, ConfObject] = {}
        for application in applications:
            for dbid in connections(application):
                other = self._live.get("Application", dbid)
                if other is not None:
                    found.setdefault(dbid, other)
                else:
                    self._warnings.append(
                        f"{application_name(application)} connects to the application with"
                        f" DBID {dbid}, which this account cannot read: it is left out."
                    )
        return list(found.values())

    def _cluster(self, server: ConfObject, tenant: ConfObject) -> ConfObject | None:
        leading = [
            one
            for one in self._connected([server])
            if _may_be(one, _CLUSTER_TYPES)
            and _SITE_TYPES & self._connected_types(one)
            and self._usable(one, tenant)
        ]
        # An Application Cluster may also do no more than group servers of one type.
        several = [one for one in leading if len(self._connected_types(one)) > 1]
        candidates = several or (leading if len(leading) == 1 else [])
        wanted = self._options.cluster
        if wanted:
            for one in candidates:
                if application_name(one) == wanted:
                    return one
            raise UsageError(
                f"{application_name(server)} has no connection to a cluster {wanted}",
                f"Clusters it connects to: {_labels(candidates) or 'none'}.",
            )
        if len(candidates) > 1:
            raise UsageError(
                f"{application_name(server)} connects to several clusters: {_labels(candidates)}",
                "Choose one with --cluster.",
            )
        return candidates[0] if candidates else None

    def _roles(
        self, server: ConfObject, cluster: ConfObject | None, tenant: ConfObject
    ) -> dict[str, tuple[ConfObject, ...]]:
        roles: dict[str, tuple[ConfObject, ...]] = {SERVER_ROLE: self._with_partners([server])}
        if cluster is not None:
            roles[CLUSTER_ROLE] = self._with_partners([cluster])
        direct = self._connected([server, cluster] if cluster else [server])
        clusters = [
            one
            for one in direct
            if application_type(one) == "ApplicationCluster" and self._usable(one, tenant)
        ]
        reachable = {one.dbid: one for one in (*direct, *self._connected(clusters))}
        for role, kind in ROLE_TYPES.items():
            found = [one for one in reachable.values() if application_type(one) == kind]
            both = self._with_partners(found)
            usable = [one for one in both if self._usable(one, tenant)]
            roles[role] = tuple(sorted(usable, key=lambda one: one.dbid))
        return roles

    def _with_partners(self, applications: Sequence[ConfObject]) -> tuple[ConfObject, ...]:
        """The applications with their backups, and the primaries that they are backups of."""
        result = {one.dbid: one for one in applications}
        for one in applications:
            backup = self._live.get("Application", backup_of(one))
            if backup is not None:
                result[backup.dbid] = backup
            elif backup_of(one):
                self._unreadable_partners[one.dbid] = backup_of(one)
                self._warnings.append(
                    f"the backup of {application_name(one)}, the application with DBID"
                    f" {backup_of(one)}, is not readable by this account: it is left out."
                )
        wanted = set(result)
        for one in self._applications():
            if backup_of(one) in wanted:
                result[one.dbid] = one
        return tuple(result.values())

    def _connected_types(self, application: ConfObject) -> set[str]:
        found = [self._live.get("Application", dbid) for dbid in connections(application)]
        return {application_type(one) for one in found if one is not None}

    def _usable(self, application: ConfObject, tenant: ConfObject) -> bool:
        name = application_name(application)
        if application.attributes.get("state") != 1:
            self._notices.append(f"{name} is disabled and left out.")
            return False
        if tenant.dbid not in (application.attributes.get("tenantDBIDs") or []):
            self._notices.append(
                f"{name} does not serve tenant {application_name(tenant)} and is left out."
            )
            return False
        return True

    def _check_prerequisites(
        self,
        server: ConfObject,
        cluster: ConfObject | None,
        roles: dict[str, tuple[ConfObject, ...]],
    ) -> None:
        label = application_name(server)
        if cluster is not None:
            label += f" or {application_name(cluster)}"
        problems = []
        for role, product in ((INTERACTION_ROLE, "Interaction Server"), (STAT_ROLE, "Stat Server")):
            if not roles[role]:
                kind = ROLE_TYPES[role]
                left_out = [n for n in self._notices if self._is_about(n, kind)]
                left_out += [warning[0].upper() + warning[1:] for warning in self._warnings]
                hint = f"Add it in {_WHERE} > {label} > Connections."
                hint = " ".join((*left_out, hint))
                problems.append(Diagnostic(f"{label} has no connection to {product}", hint=hint))
        if problems:
            raise RefusedError(problems)
        if not roles[CHAT_ROLE]:
            self._notices.append(
                f"{label} has no connection to Chat Server: what chat needs is skipped."
                f" Add one in {_WHERE} > {label} > Connections."
            )

    def _is_about(self, notice: str, kind: str) -> bool:
        names = [application_name(a) for a in self._applications() if application_type(a) == kind]
        return any(notice.startswith(f"{name} ") for name in names)

    def _values(
        self, server: ConfObject, cluster: ConfObject | None, tenant: ConfObject
    ) -> dict[str, str]:
        info = server.attributes.get("serverInfo") or {}
        host = self._live.get("Host", int(info.get("hostDBID") or 0))
        ports = {p["id"]: p["port"] for p in server.attributes.get("portInfos") or []}
        values = {
            "tenant.name": application_name(tenant),
            "tenant.dbid": str(tenant.dbid),
            "server.name": application_name(server),
            "server.host": str(host.attributes["name"]) if host else "",
            "server.port": str(ports.get("default") or info.get("port") or ""),
            "cluster.name": application_name(cluster) if cluster else "",
        }
        return {name: value for name, value in values.items() if value}
