"""From a server URL to an open server."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.server.port import Server
from reconciler.server.psdk.address import FORMS, Options, parse_url

if TYPE_CHECKING:
    from reconciler.server.psdk.jvm import Sdk

_starting = threading.Lock()
_REAL = ("confserv://", "confservs://")
_FORMS = f"A server is embedded:PATH. {FORMS}"


@dataclass(frozen=True)
class Credentials:
    """Who logs in. Never shown."""

    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r})"


def server_values(url: str) -> dict[str, str]:
    """What ``${site.configserver.…}`` gives: host and port of the server behind a URL, the
    first of several. An embedded server has none, and stands for one on this host."""
    if not url.startswith(_REAL):
        return {"configserver.host": "localhost", "configserver.port": "2020"}
    first = url.partition("://")[2].split(",")[0].split("?")[0].strip("/")
    host, _, port = first.rpartition(":") if first.rpartition(":")[2].isdigit() else (first, "", "")
    return {"configserver.host": host, "configserver.port": port or "2020"}


def connect(
    url: str, credentials: Credentials, timeout: float, options: Options | None = None
) -> Server:
    """Opens the server behind a URL. ``timeout``: seconds that one call may take;
    ``options``: how to reach a real Configuration Server.

    UsageError for a URL of no known form, ServerError where it cannot be opened.
    """
    scheme, colon, rest = url.partition(":")
    if not colon or not rest:
        raise UsageError(f"{url!r} is no server URL", _FORMS)
    if scheme == "embedded":
        from reconciler.server.embedded.adapter import EmbeddedServer  # noqa: PLC0415 - sqlite3

        return EmbeddedServer(
            Path(rest),
            user=credentials.user,
            password=credentials.password,
            timeout=timeout,
        )
    if scheme in ("confserv", "confservs"):
        return _connect_psdk(url, credentials, timeout, options or Options())
    raise UsageError(f"no server is reached through {scheme}:", _FORMS)


def head_start(url: str, options: Options) -> None:
    """Starts Java in a thread where the URL needs it, while the caller does other things.
    Says nothing of what goes wrong: ``connect`` does."""
    if url.startswith(_REAL):
        threading.Thread(target=_prepare, args=(options,), daemon=True).start()


def _prepare(options: Options) -> None:
    with suppress(Exception):  # also what Java raises; the connection meets it again
        _start(options).prepare()


def _start(options: Options) -> "Sdk":
    from reconciler.server.psdk import jars, jvm  # noqa: PLC0415 - only where it is used

    with _starting:  # who comes second finds the jars looked at and Java running
        found = jars.find_jars(jars.folder_of(options.psdk, options.install_dir)).check()
        return jvm.start(found.class_path)


def _connect_psdk(url: str, credentials: Credentials, timeout: float, options: Options) -> Server:
    """A session through the vendor's SDK. The URL is looked at before Java starts."""
    from reconciler.server.psdk.adapter import PsdkServer  # noqa: PLC0415 - only where it is used

    parsed, _ = parse_url(url), options.client_type_number
    return PsdkServer(
        _start(options),
        parsed,
        options,
        user=credentials.user,
        password=credentials.password,
        timeout=timeout,
    )
