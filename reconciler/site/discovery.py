"""Finds a site among the applications that were read. Pure.

From the application named by ``--app`` to its tenant, its cluster, and through their
connections to the applications of each role. What the user must choose, or name rightly,
is said with what there is.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

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
# Types that say nothing of the product behind them.
_SERVER_TYPES = WEB_ENGAGEMENT_TYPES | {"GenericServer", "ThirdPartyServer"}
_CLUSTER_TYPES = _SERVER_TYPES | {"ApplicationCluster"}
_SITE_TYPES = {ROLE_TYPES[INTERACTION_ROLE], ROLE_TYPES[STAT_ROLE]}


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
        self._near = Neighbours(live)

    def run(self) -> Site:
        server = self._server()
        tenant = self._tenant(server)
        cluster = self._cluster(server, tenant)
        roles = self._roles(server, cluster, tenant)
        check_prerequisites(server, cluster, roles, self._near)
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
            self._near.notices.append(
                f"{name} is of type {kind}; taken as the Web Engagement Server."
            )
        if found.attributes.get("state") != 1:
            self._near.notices.append(f"{name} is disabled.")
        return found

    def _missing(self, name: str) -> RefusedError:
        names = [application_name(one) for one in self._near.applications()]
        close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        candidates = close or [
            application_name(a)
            for a in self._near.applications()
            if application_type(a) in WEB_ENGAGEMENT_TYPES
        ]
        hint = f"Create it in {APPLICATIONS}, or check --app."
        if candidates:
            hint += f" There is {', '.join(candidates)}."
        what = "absent, or not readable by this account"
        return RefusedError([Diagnostic(f"the application {name} is {what}", hint=hint)])

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
                        hint=f"Add its tenant in {APPLICATIONS} > {name} > Tenants.",
                    )
                ]
            )
        if len(tenants) > 1:
            raise UsageError(
                f"{name} serves several tenants: {_labels(tenants)}",
                "Choose one with --tenant.",
            )
        return tenants[0]

    def _cluster(self, server: ConfObject, tenant: ConfObject) -> ConfObject | None:
        leading = [
            one
            for one in self._near.connected([server])
            if _may_be(one, _CLUSTER_TYPES)
            and _SITE_TYPES & self._near.connected_types(one)
            and self._near.usable(one, tenant)
        ]
        # An Application Cluster may also do no more than group servers of one type.
        several = [one for one in leading if len(self._near.connected_types(one)) > 1]
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
        roles: dict[str, tuple[ConfObject, ...]] = {SERVER_ROLE: self._near.with_partners([server])}
        if cluster is not None:
            roles[CLUSTER_ROLE] = self._near.with_partners([cluster])
        direct = self._near.connected([server, cluster] if cluster else [server])
        clusters = [
            one
            for one in direct
            if application_type(one) == "ApplicationCluster" and self._near.usable(one, tenant)
        ]
        reachable = {one.dbid: one for one in (*direct, *self._near.connected(clusters))}
        for role, kind in ROLE_TYPES.items():
            found = [one for one in reachable.values() if application_type(one) == kind]
            both = self._near.with_partners(found)
            usable = [one for one in both if self._near.usable(one, tenant)]
            roles[role] = tuple(sorted(usable, key=lambda one: one.dbid))
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
