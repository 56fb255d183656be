"""What the rest of the program must know about an adapter.

``connect`` maps URL schemes to adapters. No other code looks at the scheme of a URL: it asks the
adapter.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from reconciler.server.checks import CheckResult
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.port import Server


def _this_host(url: str) -> tuple[str, str]:  # noqa: ARG001 - one signature for all adapters
    """A server without an address of its own stands for a Configuration Server here."""
    return "localhost", "2020"


def _names_no_path(folder: Path, url: str) -> str:  # noqa: ARG001 - one signature for all
    return url


def _not_known(url: str) -> str:  # noqa: ARG001 - one signature for all adapters
    return ""


def _nothing_to_check(url: str, options: ConnectionOptions) -> Iterable[CheckResult]:  # noqa: ARG001
    return ()


class Adapter(Struct, frozen=True):
    """One adapter. The defaults suit a server in this process.

    ``url_forms``: a sentence that shows how its URLs are written, such as "Or remote:HOST." One
    message shows the sentences of all adapters, in the order of ``connect.ADAPTERS``.
    ``open``: (URL, credentials, options) -> a session. UsageError for
    a malformed URL, ServerError if no session can be opened.
    ``is_real``: a Configuration Server on the network. Clients register with it as an
    application, its URL names the port, and it may be a proxy.
    ``address``: URL -> host and port, the first where it names several. UsageError for a
    malformed URL.
    ``relative_to``: (folder, URL) -> the URL; a path in it is made relative to that folder instead
    of the working folder. ``identity``: URL -> what ``identity.is_at`` compares with the identities
    of runs, found without a session; empty if that is not possible. ``prepare``: loads what
    ``open`` will need, in a separate thread; None: loading is not worth a thread. ``check_access``:
    the checks that ``gwe doctor`` makes before it logs in.
    """

    url_forms: str
    open: Callable[[str, Credentials, ConnectionOptions], Server]
    is_real: bool = False
    address: Callable[[str], tuple[str, str]] = _this_host
    relative_to: Callable[[Path, str], str] = _names_no_path
    identity: Callable[[str], str] = _not_known
    prepare: Callable[[ConnectionOptions], object] | None = None
    check_access: Callable[[str, ConnectionOptions], Iterable[CheckResult]] = _nothing_to_check
