"""Whether a Configuration Server is a proxy, which passes on the data of a master.

The protocol does not tell. But a proxy is an application of type Configuration Server with a
connection to another application of that type (reference: configuration-server 2.9); and a session
knows the DBID of the application it talks to, and the address that answered. Pure.
"""

from collections.abc import Collection, Iterable, Mapping

from reconciler.kinds.enums import APPLICATION_TYPE
from reconciler.server.errors import ServerIsProxyError
from reconciler.server.port import ConfObject, ServerInfo

CONFIGURATION_SERVER = APPLICATION_TYPE["ConfigurationServer"]


def proxies_among(applications: Iterable[ConfObject]) -> Mapping[int, str]:
    """The proxies: DBID -> name of the master."""
    servers = {
        application.dbid: application
        for application in applications
        if application.attributes["type"] == CONFIGURATION_SERVER
    }
    return {
        server.dbid: str(servers[master].attributes["name"])
        for server in servers.values()
        for connection in server.attributes.get("appServerDBIDs", ())
        if (master := connection.get("appServerDBID")) in servers and master != server.dbid
    }


def host_of(application: ConfObject) -> int:
    """The DBID of the host that an application runs on; 0 if it has none."""
    return int((application.attributes.get("serverInfo") or {}).get("hostDBID") or 0)


def listens_at(
    application: ConfObject, host: ConfObject, names: Collection[str], port: int
) -> bool:
    """Whether the application listens at ``port``, and one of ``names`` is its host. ``names``:
    the host name that was connected to, and its IP addresses."""
    info = application.attributes.get("serverInfo") or {}
    ports = {str(entry.get("port", "")) for entry in application.attributes.get("portInfos", ())}
    known = {str(host.attributes.get(key, "")).lower() for key in ("name", "IPaddress")}
    asked = {name.lower() for name in names}
    return str(port) in ports | {str(info.get("port", ""))} and bool((known - {""}) & asked)


def check_is_master(info: ServerInfo) -> None:
    """ServerIsProxyError if the server is a proxy."""
    if info.proxy_of:
        raise is_a_proxy(info.url, info.proxy_of)


def is_a_proxy(server: str, master: str) -> ServerIsProxyError:
    """The error that refuses to write to ``server``."""
    return ServerIsProxyError(
        f"{server} is a Configuration Server Proxy of {master}: nothing is written through a"
        " proxy, because its answers lag behind its writes",
        "Name the master, and its backup, with --server.",
    )
