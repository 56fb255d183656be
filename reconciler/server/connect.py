"""From a server URL to an open server: the registry of adapters, by URL scheme.

Another adapter is a package that offers ``ADAPTER`` (see ``adapter.Adapter``), and an entry
here.
"""

import importlib
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.server.adapter import Adapter
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.port import Server

ADAPTERS: Mapping[str, str] = {
    "embedded": "reconciler.server.embedded.scheme",
    "confserv": "reconciler.server.psdk.scheme",
    "confservs": "reconciler.server.psdk.scheme",
}
"""URL scheme -> the module with its ``ADAPTER``, imported when a URL asks for it."""


def find_adapter(url: str) -> Adapter | None:
    """The adapter for the scheme of a URL; None for an unknown or missing scheme."""
    scheme, colon, _ = url.partition(":")
    return _load(ADAPTERS[scheme]) if colon and scheme in ADAPTERS else None


def check_has_no_password(url: str) -> None:
    """UsageError if a URL may have a password (``user:password@host``). The message does
    not repeat it. The path of a server in a file may have an ``@``."""
    adapter = find_adapter(url)
    if "@" in url and (adapter is None or adapter.is_real):
        raise UsageError(
            "the URL of a server has no place for a user or a password",
            "Name the user with --user or GWE_USER; the password comes from GWE_PASSWORD,"
            " --password-file or the keyring.",
        )


def adapter_for(url: str) -> Adapter:
    """The adapter for a URL, or UsageError that shows how server URLs are written."""
    check_has_no_password(url)
    scheme, colon, rest = url.partition(":")
    adapter = find_adapter(url)
    if adapter is not None and rest:
        return adapter
    forms = " ".join(_load(module).url_forms for module in dict.fromkeys(ADAPTERS.values()))
    if not colon or not rest:
        raise UsageError(f"{url!r} is not a server URL", forms)
    raise UsageError(f"{scheme}: is not a known scheme of server URLs", forms)


def _load(module: str) -> Adapter:
    adapter: Adapter = importlib.import_module(module).ADAPTER
    return adapter


def connect(url: str, credentials: Credentials, options: ConnectionOptions | None = None) -> Server:
    """A session with the server behind a URL.

    UsageError for a URL of no known form, ServerError if no session can be opened.
    """
    begun = time.monotonic()
    server = adapter_for(url).open(url, credentials, options or ConnectionOptions())
    if "logging" not in sys.modules:  # there is no log handler, and the import takes 4 ms
        return server
    from reconciler.server.logged import LOG, logged, since  # noqa: PLC0415 - see above

    account = f"as {credentials.user}" if credentials.user else "without a user"
    LOG.info("connected to %s %s: %.1f ms", url, account, since(begun))
    return logged(server)


def head_start(url: str, options: ConnectionOptions) -> None:
    """Starts a thread that loads what ``connect`` will need, if that takes long. Failures are not
    reported here: they occur again in ``connect``."""
    adapter = find_adapter(url)
    if adapter is not None and adapter.prepare is not None:
        threading.Thread(target=_prepare, args=(adapter, options), daemon=True).start()


def _prepare(adapter: Adapter, options: ConnectionOptions) -> None:
    with suppress(Exception):  # Java's exceptions too
        assert adapter.prepare is not None  # noqa: S101 - checked by the caller
        adapter.prepare(options)


def relative_to(folder: Path, url: str) -> str:
    """The URL; a relative path in it is joined with ``folder``."""
    adapter = find_adapter(url)
    return adapter.relative_to(folder, url) if adapter else url


def from_any_folder(url: str) -> str:
    """The URL with an absolute path, if it has a path: it means the same server in every working
    folder."""
    return relative_to(Path.cwd(), url)


def is_relative(url: str) -> bool:
    """Whether the server that the URL means depends on the working folder."""
    return relative_to(Path(), url) != relative_to(Path("/").absolute(), url)


def recorded_url_text(recorded: str, now: str) -> str:
    """The URL of the server of a plan or a run, for a message that it is another server than that
    at ``now`` (an absolute URL)."""
    if is_relative(recorded):
        return f"{recorded} as seen from the folder of that time"
    return f"{recorded} as it was then" if recorded == now else recorded


def known_identity(url: str) -> str:
    """The identity of the server behind a URL, as far as it is known without a session, for
    ``identity.is_at``; empty: not known. UsageError for a URL of no known form."""
    return adapter_for(url).identity(url)


def server_values(url: str) -> dict[str, str]:
    """The host and port of the server behind a URL, for ``${site.configserver.…}``. For a server in
    this process, those of a Configuration Server on this host."""
    adapter = find_adapter(url)
    host, port = adapter.address(url) if adapter else ("localhost", "2020")
    return {"configserver.host": host, "configserver.port": port}
