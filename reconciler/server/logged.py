"""Every call to a server in the log, with its duration.

A call is logged by its type, its filter or DBID, and how many objects it answered with. Values of
options and passwords are never logged; of an error only its class is, since a server's
text may repeat a value.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from reconciler.diagnostics import counted
from reconciler.server.port import Server

LOG = logging.getLogger("reconciler.server")


class LoggedServer:
    """Passes every call on to a server and logs it. Has the methods of that server, also those
    that the port does not know."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._server, name)
        return _logged(name, found) if callable(found) else found


def logged(server: Server) -> Server:
    """The server, with its calls in the log where somebody reads it."""
    return cast("Server", LoggedServer(server)) if LOG.isEnabledFor(logging.DEBUG) else server


def _logged(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        words = (
            _described(one, is_filter=name.startswith("read"))
            for one in (*arguments, *named.values())
        )
        what = " ".join([name, *filter(None, words)])
        begun = time.monotonic()
        try:
            result = call(*arguments, **named)
        except Exception as error:
            LOG.warning("%s: %s after %.1f ms", what, type(error).__name__, since(begun))
            raise
        count = f", {counted(len(result), 'object')}" if isinstance(result, list) else ""
        LOG.debug("%s: %.1f ms%s", what, since(begun), count)
        return result

    return timed


def _described(argument: object, *, is_filter: bool) -> str:
    """A type, DBID or filter as it is; of the attributes of an object only its name."""
    if isinstance(argument, str | int):
        return str(argument)
    if not isinstance(argument, Mapping):
        return ""
    if is_filter:
        return ",".join(f"{key}={value}" for key, value in argument.items())
    return str(argument.get("name", ""))


def since(begun: float) -> float:
    """Milliseconds since a moment of the monotonic clock."""
    return (time.monotonic() - begun) * 1000
