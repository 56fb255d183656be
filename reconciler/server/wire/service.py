"""What the clients of a listener share: the server file, and who is told of its changes."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.logon_accounts import LogonAccount
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.objects import Mapper
from reconciler.server.wire.answers import Answers
from reconciler.server.wire.publisher import Publisher
from reconciler.server.wire.sessions import Sessions
from reconciler.server.wire.subscriptions import ClientSubscriptions


class Subscriber(Protocol):
    """A client that may want to be told of changes."""

    subscriptions: ClientSubscriptions

    def send(self, event: Any) -> None:
        """Sends an event to the client."""

    def send_permissions_changed(self, object_type: str, dbid: int, event: Any) -> None:
        """Sends the notification of changed permissions, if the client wants it and may read the
        object. Failures are ignored: the client is gone."""


class Service:
    """A server file, as clients use it. ``timeout``: seconds that a call waits while another
    process writes to the file; ``encoding``: that of all texts; ``connected``: the clients that
    are connected now. ``writing`` is held while a client writes and the others are told."""

    def __init__(
        self,
        sdk: Sdk,
        path: Path,
        timeout: float,
        encoding: int,
        connected: Callable[[], Sequence[Subscriber]],
    ) -> None:
        self._path = path
        self._timeout = timeout
        self._connected = connected
        self.sdk = sdk
        self.encoding = encoding
        self.mapper = Mapper(sdk, sdk.metadata, secrets=True)
        self.answers = Answers(sdk, self.mapper)
        self.publisher = Publisher(sdk, self.mapper, self.answers)
        self.writing = threading.Lock()
        self.sessions = Sessions()

    def open_server(
        self, user: str = "", password: str = "", account: LogonAccount | None = None
    ) -> EmbeddedServer:
        """A session with the server file. ServerError if none can be opened."""
        return EmbeddedServer(
            self._path, user=user, password=password, account=account, timeout=self._timeout
        )

    def publish(self) -> None:
        """Notifies every client of the changes that are new to it."""
        for client in self._connected():
            if client.subscriptions:
                self.publisher.publish(client.subscriptions, client.send)

    def publish_permissions(self, identifier: Any) -> None:
        """Notifies the clients that want it of changed permissions on an object."""
        clients = self._connected()
        kind, dbid, event = self.publisher.permissions_changed(identifier)
        for client in clients:
            client.send_permissions_changed(kind.name, dbid, event)
