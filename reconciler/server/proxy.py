"""Whether a Configuration Server is a proxy: one that hands on what another server holds.

The protocol does not say it. What is known is the application that the server runs as
(its DBID comes with the log-in) and the address that answered: a proxy is an application
of type Configuration Server with a connection to another one (reference:
configuration-server 2.9). Pure.
"""

from collections.abc import Collection, Iterable, Mapping

from reconciler.kinds.enums import APPLICATION_TYPE
from reconciler.server.errors import ServerIsProxyError
from reconciler.server.port import ConfObject, ServerInfo

CONFIGURATION_SERVER = APPLICATION_TYPE["ConfigurationServer"]


def proxies_among(applications: Iterable[ConfObject]) -> Mapping[int, str]:
    """The proxies: DBID -> name of the server whose proxy it is."""
    servers = {
        one.dbid: one for one in applications if one.attributes["type"] == CONFIGURATION_SERVER
    }
    return {
        one.dbid: str(servers[master].attributes["name"])
        for one in servers.values()
        for master in (entry.get("appServerDBID") for entry in one.attributes.get(_CONNECTIONS, ()))
        if master in servers and master != one.dbid
    }


_CONNECTIONS = "appServerDBIDs"


def host_of(application: ConfObject) -> int:
    """The DBID of the host that an application runs on; 0: it names none."""
    return int((application.attributes.get("serverInfo") or {}).get("hostDBID") or 0)


def listens_at(
    application: ConfObject, host: ConfObject, names: Collection[str], port: int
) -> bool:
    """Whether an application is what answers at a port of a host. ``names``: the name that
    was connected to and its IP addresses."""
    info = application.attributes.get("serverInfo") or {}
    ports = {str(one.get("port", "")) for one in application.attributes.get("portInfos", ())}
    known = {str(host.attributes.get(key, "")).lower() for key in ("name", "IPaddress")}
    asked = {one.lower() for one in names}
    return str(port) in ports | {str(info.get("port", ""))} and bool((known - {""}) & asked)


def check_is_master(info: ServerInfo) -> None:
    """ServerIsProxyError where the server is a proxy."""
    if info.proxy_of:
        raise is_a_proxy(info.url, info.proxy_of)


def is_a_proxy(server: str, master: str) -> ServerIsProxyError:
    """The refusal to write to ``server``."""
    return ServerIsProxyError(
        f"{server} is a Configuration Server Proxy of {master}: nothing is written through a"
        " proxy, which lags behind its own writes",
        "Name the master, and its backup, with --server.",
    )
