"""Other Web Engagement sites that share a tenant or applications with this one. Pure."""

from reconciler.kinds.roles import CLUSTER_ROLE, SERVER_ROLE
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import WEB_ENGAGEMENT_TYPES
from reconciler.site.model import Site, application_name, application_type, connections


def _outside(live: Snapshot, site: Site) -> list[ConfObject]:
    """Web Engagement applications that are neither in the site nor nodes of its cluster."""
    own = {a.dbid for role in (SERVER_ROLE, CLUSTER_ROLE) for a in site.roles.get(role, ())}
    return [
        other
        for other in live.of_type("Application")
        if other.dbid not in own
        and (application_type(other) in WEB_ENGAGEMENT_TYPES or _queue_key(other))
        and not (site.cluster is not None and site.cluster.dbid in connections(other))
    ]


def _queue_key(application: ConfObject) -> str:
    options = application.attributes.get("options") or {}
    return str(options.get("chat", {}).get("queueKey", ""))


def foreign_keys(live: Snapshot, site: Site) -> dict[str, str]:
    """Application outside the site -> its ``queueKey``, for those that have one."""
    keys = {application_name(other): _queue_key(other) for other in _outside(live, site)}
    return {name: key for name, key in keys.items() if key}


def sibling_sites(live: Snapshot, site: Site) -> tuple[str, ...]:
    """Web Engagement Servers outside the site that serve its tenant."""
    return tuple(
        application_name(other)
        for other in _outside(live, site)
        if application_type(other) in WEB_ENGAGEMENT_TYPES
        and site.tenant_dbid in (other.attributes.get("tenantDBIDs") or [])
    )
