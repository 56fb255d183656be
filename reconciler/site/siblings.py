"""Other Web Engagement sites that share what this one uses. Pure."""

from reconciler.kinds.roles import CLUSTER_ROLE, SERVER_ROLE
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import WEB_ENGAGEMENT_TYPES
from reconciler.site.model import Site, application_name, application_type, connections


def _outside(live: Snapshot, site: Site) -> list[ConfObject]:
    """Web Engagement applications that are neither of the site nor nodes of its cluster."""
    own = {one.dbid for role in (SERVER_ROLE, CLUSTER_ROLE) for one in site.roles.get(role, ())}
    return [
        one
        for one in live.of_type("Application")
        if one.dbid not in own
        and (application_type(one) in WEB_ENGAGEMENT_TYPES or _queue_key(one))
        and not (site.cluster is not None and site.cluster.dbid in connections(one))
    ]


def _queue_key(application: ConfObject) -> str:
    options = application.attributes.get("options") or {}
    return str(options.get("chat", {}).get("queueKey", ""))


def endpoint_users(live: Snapshot, site: Site, key: str) -> tuple[str, ...]:
    """Applications outside the site whose ``queueKey`` is ``key`` (tenant:endpoint)."""
    return tuple(application_name(one) for one in _outside(live, site) if _queue_key(one) == key)


def foreign_keys(live: Snapshot, site: Site) -> dict[str, str]:
    """Application outside the site -> its ``queueKey``, for those that have one."""
    return {
        application_name(one): _queue_key(one) for one in _outside(live, site) if _queue_key(one)
    }


def sibling_sites(live: Snapshot, site: Site) -> tuple[str, ...]:
    """Web Engagement Servers outside the site that serve its tenant."""
    return tuple(
        application_name(one)
        for one in _outside(live, site)
        if application_type(one) in WEB_ENGAGEMENT_TYPES
        and site.tenant_dbid in (one.attributes.get("tenantDBIDs") or [])
    )
