"""Logs every call to a server, with its duration.

The log has the type of the call, its filter or DBID, and the number of objects in the answer. It
never has values of options or passwords, and only the class of an error, since a server's text may
repeat a value.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from reconciler.diagnostics import counted
from reconciler.server.port import Server

LOG = logging.getLogger("reconciler.server")


class LoggedServer:
    """Passes every call on to a server and logs it. Has all methods of that server, including those
    that are not in the port."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._server, name)
        return _logged(name, found) if callable(found) else found


def logged(server: Server) -> Server:
    """The server; if there is a log, its calls are logged."""
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
    """An argument for the log: a type, DBID or filter as it is; for attributes, only the object's
    name."""
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
