"""What tells one Configuration Server from another: its identity, and whether it is a proxy."""

import hashlib
import json
import socket
from collections.abc import Callable, Iterable, Sequence

from reconciler.server.port import ConfObject, Filter
from reconciler.server.proxy import CONFIGURATION_SERVER, host_of, listens_at, proxies_among
from reconciler.server.psdk.address import Address
from reconciler.server.psdk.channel import Channel

Read = Callable[[str, Filter], Sequence[ConfObject]]
SERVERS: Filter = {"app_type": CONFIGURATION_SERVER}
"""The filter for applications that are Configuration Servers."""


def identity(host_list: str, tenants: Iterable[ConfObject]) -> str:
    """The host list with a digest of the tenants' DBIDs and names."""
    named = sorted([one.dbid, one.attributes.get("name", "")] for one in tenants)
    digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]
    return f"confserv:{host_list}#{digest}"


def proxy_of(applications: Iterable[ConfObject], channel: Channel, read: Read) -> str:
    """The server whose proxy answers at the other end; empty where it is not known to be one.

    The DBID that comes with the log-in may be the master's: so the addresses of the proxies
    are looked at as well. ``read`` is asked for their hosts.
    """
    address, dbid = channel.address, int(channel.context.getDbid())
    known = list(applications)
    proxies = proxies_among(known)
    if dbid in proxies:
        return proxies[dbid]
    names: list[str] = []
    for one in known:
        if one.dbid not in proxies or not host_of(one):
            continue
        for host in read("Host", {"dbid": host_of(one)}):
            names = names or [address.host, *_numbers(address)]
            if listens_at(one, host, names, address.port):
                return proxies[one.dbid]
    return ""


def _numbers(address: Address) -> list[str]:
    """The IP addresses of a host; none where its name cannot be found."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(one[4][0]) for one in found]
