"""A connection pooler for the tests: it gives each transaction of each client to one and the
same session of the server, as PgBouncer does with ``pool_mode = transaction``."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

_PROTOCOL = 196608  # version 3.0
_PORT = 5432


class _Wire:
    """One side of a connection in the protocol of PostgreSQL."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._file = connected.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def startup(self) -> bytes:
        """The parameters that a client sends first; requests for encryption are declined."""
        while True:
            (length, code) = struct.unpack("!II", self._read(8))
            body = self._read(length - 8)
            if code == _PROTOCOL:
                return body
            self.socket.sendall(b"N")

    def message(self) -> bytes:
        """The next message, with its type and length."""
        first = self._read(5)
        return first + self._read(struct.unpack("!I", first[1:])[0] - 4)

    def _read(self, length: int) -> bytes:
        found = self._file.read(length)
        if len(found) < length:
            raise ConnectionError
        return found


class _Pooler:
    def __init__(self, server: Path) -> None:
        self._server = server
        self._session: _Wire | None = None
        self._hello = b""
        self._lock = threading.Lock()

    def serve(self, client: _Wire) -> None:
        parameters = client.startup()
        with self._lock:
            session = self._connected(parameters)
        # A process number of the pooler's own, as PgBouncer has.
        client.socket.sendall(self._hello + b"K" + struct.pack("!III", 12, 99, 99) + _READY)
        held = False
        while True:
            message = client.message()
            if message[:1] == b"X":
                return
            if not held:
                self._lock.acquire()
                held = True
            session.socket.sendall(message)
            if message[:1] in b"SQ" and self._answer(session, client) == b"I":
                self._lock.release()
                held = False

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    @staticmethod
    def _answer(session: _Wire, client: _Wire) -> bytes:
        """Passes an answer on; the state of the transaction."""
        while True:
            message = session.message()
            client.socket.sendall(message)
            if message[:1] == b"Z":
                return message[5:]

    def _connected(self, parameters: bytes) -> _Wire:
        if self._session is None:
            connected = socket.socket(socket.AF_UNIX)
            connected.connect(f"{self._server}/.s.PGSQL.{_PORT}")
            connected.sendall(struct.pack("!II", len(parameters) + 8, _PROTOCOL) + parameters)
            self._session = _Wire(connected)
            while (message := self._session.message())[:1] != b"Z":
                if message[:1] in b"RS":
                    self._hello += message
        return self._session


_READY = b"Z" + struct.pack("!I", 5) + b"I"


@contextmanager
def running_pooler(server: Path, folder: Path) -> Iterator[None]:
    """A pooler whose socket is in ``folder``, before the server whose socket is in
    ``server``."""
    pooler = _Pooler(server)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/.s.PGSQL.{_PORT}")
        listener.listen()
        accepting = threading.Thread(target=_accept, args=(pooler, listener))
        accepting.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        pooler.close()


def _accept(pooler: _Pooler, listener: socket.socket) -> None:
    serving = []
    with suppress(OSError):
        while True:
            client = _Wire(listener.accept()[0])
            serving.append(threading.Thread(target=_serve, args=(pooler, client)))
            serving[-1].start()
    for thread in serving:
        thread.join()


def _serve(pooler: _Pooler, client: _Wire) -> None:
    with closing(client), suppress(OSError):
        pooler.serve(client)
