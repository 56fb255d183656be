"""A relay between a client and a server: it delays, falls silent, or cuts the line."""

import queue
import socket
import threading
import time
from contextlib import suppress


class Relay:
    """Listens at ``port`` of the loopback and passes on what it gets. ``delay``: seconds
    that every answer is late."""

    def __init__(self, target: int, delay: float = 0.0) -> None:
        self._target = target
        self._delay = delay
        self._mute = threading.Event()
        self._deaf = threading.Event()
        self.swallowed = threading.Event()
        """Set when something was not passed on."""
        self.heard, self.told = bytearray(), bytearray()
        """What the clients have said, and what they were told."""
        self._left: dict[int, int] = {}  # of one of the two: bytes until the line is cut
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def mute(self) -> None:
        """From now on no answer reaches the client."""
        self._mute.set()

    def deaf(self) -> None:
        """From now on no request reaches the server."""
        self._deaf.set()

    def cut_after(self, count: int, of: bytearray) -> None:
        """Breaks the line when so many more bytes ``of`` what is said or told have passed."""
        self._left[id(of)] = count

    def cut(self) -> None:
        """Breaks every connection, and takes no new one."""
        self._listening.close()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    close = cut

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets += [client, server]
                self._pass(client, server, self._deaf, 0.0, self.heard)
                self._pass(server, client, self._mute, self._delay, self.told)

    def _pass(
        self,
        source: socket.socket,
        sink: socket.socket,
        gag: threading.Event,
        delay: float,
        heard: bytearray,
    ) -> None:
        late: queue.SimpleQueue[tuple[float, bytes | None]] = queue.SimpleQueue()

        def take() -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    heard.extend(data)
                    left = self._left.get(id(heard), len(data) + 1)
                    if gag.is_set():
                        self.swallowed.set()
                    else:
                        late.put((time.monotonic() + delay, data[:left]))
                    if id(heard) in self._left:
                        self._left[id(heard)] = max(0, left - len(data))
                        if left <= len(data):
                            late.put((0.0, None))
                            return
            late.put((0.0, b""))

        def give() -> None:
            with suppress(OSError):
                while True:
                    due, data = late.get()
                    if data is None:
                        self.cut()
                        return
                    if not data:
                        break
                    time.sleep(max(0.0, due - time.monotonic()))
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()
