"""An open session with a Configuration Server: the server as reader and as writer."""

from types import TracebackType
from typing import Self

from reconciler.errors import UsageError
from reconciler.server.port import Reader, Server, read_only
from reconciler.server.proxy import check_is_master


class ServerSession:
    """Holds a server open; use it in a ``with`` statement, which closes it."""

    def __init__(self, server: Server) -> None:
        self._server: Server | None = server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the session. May be called twice."""
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def reader(self) -> Reader:
        """The server without its write methods."""
        return read_only(self._open())

    @property
    def writer(self) -> Server:
        """The server with all its methods. ServerIsProxyError if it is a proxy."""
        server = self._open()
        check_is_master(server.info())
        return server

    def _open(self) -> Server:
        if self._server is None:
            raise UsageError("the session with the server is closed")
        return self._server
