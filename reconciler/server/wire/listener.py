"""An embedded server on Configuration Server's own protocol: ``gwe embedded serve``.

The SDK's listener speaks the protocol. Each client has a session with the embedded server,
and a thread that answers its requests in order. Writes are serialised over all clients,
and subscribers are notified of a write before it is answered.
"""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.wire.client import Client
from reconciler.server.wire.endpoint import ListenAddress, server_endpoint
from reconciler.server.wire.service import Service

_POLL_SECONDS = 0.2
_END_SECONDS = 2.0


class Listener:
    """A server file, offered at an address between ``open`` and ``close``. ``timeout``: seconds
    that a call waits while another process writes to the file."""

    def __init__(self, sdk: Sdk, path: Path, address: ListenAddress, timeout: float = 30.0) -> None:
        self._sdk = sdk
        self._where = f"{address.host}:{address.port}"
        self._clients: dict[int, Client] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        encoding = constants.CODE_PAGE_SERVER if address.encoding else constants.UTF8_SERVER
        self._service = Service(sdk, path, timeout, encoding, self._connected)
        self._service.open_server().close()  # fails early if it is no server file
        endpoint = server_endpoint(sdk, address)
        self._channel = sdk.conf("ConfServerProtocolListener")(endpoint)
        # Java calls these: Python must not collect them.
        self._handler = sdk.implement(
            sdk.commons("protocol.ClientRequestHandler"), processRequest=self._take
        )
        self._watcher = sdk.implement(
            sdk.commons("protocol.ServerChannelListener"),
            onClientChannelOpened=lambda channel: None,  # noqa: ARG005 - Java calls it
            onClientChannelClosed=self._gone,
            onChannelOpened=lambda event: None,  # noqa: ARG005
            onChannelClosed=lambda event: None,  # noqa: ARG005
            onChannelError=lambda event: None,  # noqa: ARG005
        )

    @property
    def port(self) -> int:
        return int(self._channel.getLocalEndPoint().getPort())

    def open(self) -> None:
        """Begins to listen. ServerUnavailableError if the port cannot be bound."""
        self._channel.setClientRequestHandler(self._handler)
        self._channel.addChannelListener(self._watcher)
        try:
            self._channel.open()
        except self._sdk.error as error:
            raise ServerUnavailableError(
                f"cannot listen at {self._where}: {self._sdk.reason(error)}",
                "Choose another port with --port, or another address of this host with --host.",
            ) from error
        threading.Thread(target=self._watch, name="gwe-changes", daemon=True).start()

    def close(self) -> None:
        """Ends all sessions and frees the port."""
        self._ended.set()
        with suppress(self._sdk.error):  # it may be closed already
            self._channel.close()
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.end()
        for client in clients:
            client.thread.join(_END_SECONDS)

    def _connected(self) -> list[Client]:
        with self._lock:
            return list(self._clients.values())

    def _watch(self) -> None:
        """Publishes changes of other processes, which may write to the file too."""
        while not self._ended.wait(_POLL_SECONDS):
            self._service.publish()
        self._sdk.leave()

    # Called by Java's threads.

    def _take(self, context: Any) -> None:
        channel = context.getClientChannel()
        number = int(channel.getChannelId())
        with self._lock:
            if self._ended.is_set():
                return
            known = self._clients.get(number)
            client = known or Client(self._service)
            self._clients[number] = client
        if known is None:
            self._service.answers.attend(channel)
        client.enqueue(context)

    def _gone(self, event: Any) -> None:
        number = int(event.getSource().getChannelId())
        with self._lock:
            client = self._clients.pop(number, None)
        if client is not None:
            client.end()
