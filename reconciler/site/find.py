"""Reads the applications of a server once and finds the site among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.server.connect import server_values
from reconciler.server.port import ConfObject, Reader
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions, discover
from reconciler.site.model import Site

if TYPE_CHECKING:
    from reconciler.launch.files import Installation


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
    return found, replace(site, values=values, installation=_label(installation))


def _label(installation: Installation | None) -> str:
    if installation is None:
        return ""
    from reconciler.launch.adapter import installation_label  # noqa: PLC0415 - few plans have it

    return installation_label(installation)


def _hosts(server: Reader, applications: Snapshot, app: str) -> list[ConfObject]:
    """The host of the Web Engagement Server, for ``${site.server.host}``."""
    found = applications.find("Application", 0, app)
    info = found.attributes.get("serverInfo") if found else None
    host = (info or {}).get("hostDBID")
    return server.read("Host", {"dbid": host}) if host else []
