"""Reads the applications of a server once and finds the site among them."""

from dataclasses import replace

from reconciler.launch.adapter import installation_label
from reconciler.launch.files import Installation
from reconciler.server.connect import server_values
from reconciler.server.port import ConfObject, Reader
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions, discover
from reconciler.site.model import Site


def find_site(
    server: Reader, options: SiteOptions, installation: Installation | None
) -> tuple[Snapshot, Site]:
    """The objects that were read (all tenants and applications, the server's host), and the
    site among them."""
    applications = Snapshot(
        [*server.read("Tenant", {"all_tenants": 1}), *server.read("Application")]
    )
    found = Snapshot([*applications, *_hosts(server, applications, options.app)])
    site = discover(found, options)
    values = {**site.values, **server_values(server.info().url)}
    label = installation_label(installation) if installation else ""
    return found, replace(site, values=values, installation=label)


def _hosts(server: Reader, applications: Snapshot, app: str) -> list[ConfObject]:
    """The host of the Web Engagement Server, for ``${site.server.host}``."""
    found = applications.find("Application", 0, app)
    info = found.attributes.get("serverInfo") if found else None
    host = (info or {}).get("hostDBID")
    return server.read("Host", {"dbid": host}) if host else []
