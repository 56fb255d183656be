"""Server URLs, and everything that can be said of a connection. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from reconciler.errors import UsageError
from reconciler.kinds.enums import APPLICATION_TYPE, number_of

DEFAULT_PORT = 2020
FORMS = "A Configuration Server is confserv://HOST[:2020][,HOST2[:PORT]], over TLS confservs://…"

_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/,@\[\]]+)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True)
class Address:
    """One host of a server."""

    host: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class ServerUrl:
    """``confserv://…`` or ``confservs://…``. ``text``: as it was given."""

    text: str
    tls: bool
    hosts: tuple[Address, ...]

    @property
    def host_list(self) -> str:
        """The hosts as they were given: a part of the server's identity."""
        return self.text.partition("://")[2].rstrip("/")


def parse_url(text: str) -> ServerUrl:
    """The hosts behind a URL, or UsageError."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("confserv", "confservs"):
        raise UsageError(f"{text!r} is no URL of a Configuration Server", FORMS)
    hosts = []
    for part in rest.rstrip("/").split(","):
        found = _HOST.fullmatch(part)
        port = int(found["port"] or DEFAULT_PORT) if found else 0
        if not found or not 0 < port < 2**16:
            raise UsageError(f"{text!r}: {part!r} is no host with a port", FORMS)
        hosts.append(Address(found["host"].strip("[]"), port))
    return ServerUrl(text, scheme == "confservs", tuple(hosts))


@dataclass(frozen=True)
class Options:
    """How to connect. Times are seconds. Everything has a default that fits most servers.

    ``psdk``, ``install_dir``: where the jars are. ``client``, ``client_type``: the client
    application. ``ca_file`` (PEM) or ``trust_store`` (Java, with its password): whom to
    trust; neither: whom Java trusts. ``certificate`` and ``key`` (PEM): the client's own.
    ``tls_upgrade``: TLS starts on a plain port, and the session does not go on without it.
    ``encoding``: of a server that is not multilingual. ``addp``: time limits for silence,
    of the client and of the server.
    """

    psdk: str = ""
    install_dir: str = ""
    client: str = "default"
    client_type: str = "SCE"
    ca_file: str = ""
    trust_store: str = ""
    trust_store_password: str = ""
    certificate: str = ""
    key: str = ""
    tls_upgrade: bool = False
    encoding: str = ""
    addp: bool = True
    addp_timeout: int = 10
    addp_remote_timeout: int = 20
    in_flight: int = 8
    connect_timeout: float = 10.0

    @property
    def client_type_number(self) -> int:
        """The application type, or UsageError."""
        found = number_of(APPLICATION_TYPE, self.client_type)
        if found is None:
            raise UsageError(
                f"{self.client_type!r} is no application type",
                "Use its name, such as SCE or GenericClient, or its number.",
            )
        return found

    def __repr__(self) -> str:
        shown = {one.name: getattr(self, one.name) for one in fields(self)}
        shown["trust_store_password"] = "(secret)" if self.trust_store_password else ""
        return f"Options({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def options_from(*sources: Mapping[str, object]) -> Options:
    """The options that several places name; the first one that names one wins. None and
    empty texts name nothing."""
    chosen: dict[str, object] = {}
    for name in (one.name for one in fields(Options)):
        for source in sources:
            if source.get(name) not in (None, ""):
                chosen[name] = source[name]
                break
    return Options(**chosen)  # type: ignore[arg-type]
