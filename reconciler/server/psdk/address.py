"""URLs of real Configuration Servers: one host, or several to fail over to. Pure."""

import re

from msgspec import Struct

from reconciler.errors import UsageError

DEFAULT_PORT = 2020
URL_FORMS = (
    "A Configuration Server is confserv://HOST[:2020][,HOST2[:PORT]], over TLS confservs://…"
)

_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/,@\[\]]+)(?::(?P<port>[0-9]{1,5}))?")


class Address(Struct, frozen=True):
    """One host of a server."""

    host: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ServerUrl(Struct, frozen=True):
    """The hosts behind ``confserv://…`` or ``confservs://…``, in the order in which they are
    tried. ``text``: the URL as it was given."""

    text: str
    tls: bool
    hosts: tuple[Address, ...]

    @property
    def host_list(self) -> str:
        """The hosts as the URL spells them: a part of the server's identity."""
        return self.text.partition("://")[2].rstrip("/")


def parse_url(text: str) -> ServerUrl:
    """The hosts behind a URL, or UsageError."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("confserv", "confservs"):
        raise UsageError(f"{text!r} is no URL of a Configuration Server", URL_FORMS)
    hosts = []
    for part in rest.rstrip("/").split(","):
        found = _HOST.fullmatch(part)
        port = int(found["port"] or DEFAULT_PORT) if found else 0
        if not found or not 0 < port < 2**16:
            raise UsageError(f"{text!r}: {part!r} is not a host with a port", URL_FORMS)
        hosts.append(Address(found["host"].strip("[]"), port))
    return ServerUrl(text, scheme == "confservs", tuple(hosts))
