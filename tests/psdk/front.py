"""A port that changes over to TLS: what the SDK's own listener has no public way to do.

It passes on what a client and a plain listener say until the client starts TLS; from then
on it is the other end of TLS. That the client starts it is asked for by the listener's
answer to the first request (error 38).
"""

import select
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

_HANDSHAKE = b"\x16\x03"
"""What the first record of TLS begins with."""


class Front:
    """Listens at ``port`` of the loopback in front of a plain listener at ``target``.
    ``heard``: what was said in the clear; ``secured``: how many connections changed over."""

    def __init__(self, target: int, folder: Path, name: str = "server") -> None:
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.heard = bytearray()
        self.secured = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def ask_for_certificates(self, ca_file: Path) -> None:
        """Clients need a certificate of this authority."""
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_verify_locations(ca_file)

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client, server:
            if not self._pass_plain(client, server):
                return
            with self._context.wrap_socket(client, server_side=True) as secure:
                self.secured += 1
                back = threading.Thread(target=_pass, args=(server, secure), daemon=True)
                back.start()
                _pass(secure, server)
                back.join()

    def _pass_plain(self, client: socket.socket, server: socket.socket) -> bool:
        """Passes on both ways until the client starts TLS; False: one of them has gone."""
        while True:
            ready, _, _ = select.select([client, server], [], [])
            if server in ready:
                answer = server.recv(65536)
                client.sendall(answer)
                if not answer:
                    return False
            if client in ready:
                if client.recv(len(_HANDSHAKE), socket.MSG_PEEK) == _HANDSHAKE:
                    return True
                said = client.recv(65536)
                self.heard += said
                server.sendall(said)
                if not said:
                    return False


def _pass(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while said := source.recv(65536):
            sink.sendall(said)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
