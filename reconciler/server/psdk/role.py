"""The identity of a Configuration Server, and whether it is a proxy."""

import hashlib
import json
import socket
from collections.abc import Callable, Iterable, Sequence

from reconciler.server.identity import real_identity
from reconciler.server.port import ConfObject, Filter
from reconciler.server.proxy import CONFIGURATION_SERVER, host_of, listens_at, proxies_among
from reconciler.server.psdk.address import Address
from reconciler.server.psdk.channel import Channel

Read = Callable[[str, Filter], Sequence[ConfObject]]
SERVERS: Filter = {"app_type": CONFIGURATION_SERVER}
"""The filter for applications that are Configuration Servers."""


def identity(host_list: str, tenants: Iterable[ConfObject]) -> str:
    """The host list with a digest of the tenants' DBIDs and names."""
    named = sorted([tenant.dbid, tenant.attributes.get("name", "")] for tenant in tenants)
    digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]
    return real_identity(host_list, digest)


def proxy_of(applications: Iterable[ConfObject], channel: Channel, read: Read) -> str:
    """The name of the master, if the other end is a proxy; empty if it is no proxy as far as the
    account can see.

    A proxy may answer a log-in with its master's DBID, so the addresses of proxies are
    compared as well. ``read`` reads their hosts.
    """
    address, dbid = channel.address, int(channel.context.getDbid())
    known = list(applications)
    proxies = proxies_among(known)
    if dbid in proxies:
        return proxies[dbid]
    names: list[str] = []
    for application in known:
        if application.dbid not in proxies or not host_of(application):
            continue
        for host in read("Host", {"dbid": host_of(application)}):
            names = names or [address.host, *_ip_addresses(address)]
            if listens_at(application, host, names, address.port):
                return proxies[application.dbid]
    return ""


def _ip_addresses(address: Address) -> list[str]:
    """The IP addresses of a host; none if its name cannot be resolved."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(entry[4][0]) for entry in found]
