"""Finds a site among the applications that were read. Pure.

The application named by ``--app`` gives its tenant and its cluster, and their connections give the
applications of each role. If the user must choose or correct a name, the error lists the
candidates.
"""

from collections.abc import Iterable

from msgspec import Struct

from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError, UsageError
from reconciler.kinds.roles import (
    CLUSTER_ROLE,
    INTERACTION_ROLE,
    ROLE_TYPES,
    SERVER_ROLE,
    STAT_ROLE,
)
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import (
    APPLICATIONS,
    Site,
    application_name,
    application_type,
    backup_of,
    connections,
)
from reconciler.site.neighbours import Neighbours
from reconciler.site.prerequisites import check_prerequisites

WEB_ENGAGEMENT_TYPES = frozenset({"WebEngagementBackendServer", "WebEngagementFrontEndServer"})
# Types that do not tell which product an application is.
_SERVER_TYPES = WEB_ENGAGEMENT_TYPES | {"GenericServer", "ThirdPartyServer"}
_CLUSTER_TYPES = _SERVER_TYPES | {"ApplicationCluster"}
_SITE_TYPES = {ROLE_TYPES[INTERACTION_ROLE], ROLE_TYPES[STAT_ROLE]}


class SiteOptions(Struct, frozen=True):
    """The options ``--app``, ``--tenant`` and ``--cluster``."""

    app: str
    tenant: str = ""
    cluster: str = ""


def discover(live: Snapshot, options: SiteOptions) -> Site:
    """The site. ``live`` holds all tenants and applications, and the server's host if it was
    read.

    UsageError if the user must choose or correct a name; RefusedError if a prerequisite
    of Web Engagement is missing.
    """
    return _Discovery(live, options).run()


def _may_be(application: ConfObject, types: frozenset[str]) -> bool:
    """Whether the type is one of ``types``, or a number whose name is unknown."""
    name = application_type(application)
    return name in types or name.isdigit()


def _labels(applications: Iterable[ConfObject]) -> str:
    return ", ".join(map(application_name, applications))


def _refusal(summary: str, hint: str) -> RefusedError:
    return RefusedError([Diagnostic(summary, hint=hint)])


class _Discovery:
    def __init__(self, live: Snapshot, options: SiteOptions) -> None:
        self._live = live
        self._options = options
        self._near = Neighbours(live)

    def run(self) -> Site:
        server = self._server()
        tenant = self._tenant(server)
        cluster = self._cluster(server, tenant)
        roles = self._roles(server, cluster, tenant)
        check_prerequisites(server, cluster, roles, self._near)
        members = [application for role in roles.values() for application in role]
        dbids = {application.dbid for application in members}
        pairs = tuple(
            (primary.dbid, backup_of(primary)) for primary in members if backup_of(primary) in dbids
        )
        return Site(
            tenant_name=application_name(tenant),
            tenant_dbid=tenant.dbid,
            server=server,
            cluster=cluster,
            roles=roles,
            pairs=pairs,
            values=self._values(server, cluster, tenant),
            notices=tuple(dict.fromkeys(self._near.notices)),
            warnings=tuple(dict.fromkeys(self._near.warnings)),
            unreadable_partners=self._near.unreadable_partners,
        )

    def _server(self) -> ConfObject:
        name = self._options.app
        found = self._live.find("Application", 0, name)
        if found is None:
            raise self._missing(name)
        kind = application_type(found)
        if kind == "ApplicationCluster":
            nodes = [a for a in self._near.applications() if found.dbid in connections(a)]
            raise _refusal(
                f"{name} is an Application Cluster, not a Web Engagement Server",
                f"Name one of its nodes with --app: {_labels(nodes) or 'none connects to it'}.",
            )
        if not _may_be(found, _SERVER_TYPES):
            raise _refusal(
                f"{name} is of type {kind}, not a Web Engagement Server",
                "Name the Web Engagement Server application with --app.",
            )
        if kind not in WEB_ENGAGEMENT_TYPES:
            self._near.notices.append(
                f"{name} is of type {kind}; it is treated as the Web Engagement Server."
            )
        if found.attributes.get("state") != 1:
            self._near.notices.append(f"{name} is disabled.")
        return found

    def _missing(self, name: str) -> RefusedError:
        names = [application_name(a) for a in self._near.applications()]
        import difflib  # noqa: PLC0415 - only for this error

        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        candidates = close or [
            application_name(a)
            for a in self._near.applications()
            if application_type(a) in WEB_ENGAGEMENT_TYPES
        ]
        hint = f"Create it in {APPLICATIONS}, or check --app."
        if candidates:
            hint += f" Candidates: {', '.join(candidates)}."
        return _refusal(f"the application {name} is absent, or not readable by this account", hint)

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
            raise _refusal(
                f"{name} has no tenant that this account can read",
                f"Add its tenant in {APPLICATIONS} > {name} > Tenants.",
            )
        if len(tenants) > 1:
            raise UsageError(
                f"{name} serves several tenants: {_labels(tenants)}",
                "Choose one with --tenant.",
            )
        return tenants[0]

    def _cluster(self, server: ConfObject, tenant: ConfObject) -> ConfObject | None:
        leading = [
            application
            for application in self._near.connected([server])
            if _may_be(application, _CLUSTER_TYPES)
            and _SITE_TYPES & self._near.connected_types(application)
            and self._near.usable(application, tenant)
        ]
        # An Application Cluster may also merely group servers of one type.
        several = [a for a in leading if len(self._near.connected_types(a)) > 1]
        candidates = several or (leading if len(leading) == 1 else [])
        wanted = self._options.cluster
        if wanted:
            for candidate in candidates:
                if application_name(candidate) == wanted:
                    return candidate
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
        roles: dict[str, tuple[ConfObject, ...]] = {SERVER_ROLE: self._near.with_partners([server])}
        if cluster is not None:
            roles[CLUSTER_ROLE] = self._near.with_partners([cluster])
        direct = self._near.connected([server, cluster] if cluster else [server])
        clusters = [
            application
            for application in direct
            if application_type(application) == "ApplicationCluster"
            and self._near.usable(application, tenant)
        ]
        reachable = {a.dbid: a for a in (*direct, *self._near.connected(clusters))}
        for role, kind in ROLE_TYPES.items():
            found = [a for a in reachable.values() if application_type(a) == kind]
            both = self._near.with_partners(found)
            usable = [a for a in both if self._near.usable(a, tenant)]
            roles[role] = tuple(sorted(usable, key=lambda application: application.dbid))
        return roles

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
