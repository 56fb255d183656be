"""An embedded server on the real wire protocol: ``gwe embedded serve``.

The SDK's own listener speaks the protocol. Each client has a session of the embedded
server and a thread that answers its requests one after another; writes of all clients
take turns, and whoever asked for it is told of each before it is answered.
"""

import itertools
import queue
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.engine import SERVER_DBID
from reconciler.server.errors import (
    AccessDeniedError,
    ConfigurationServerError,
    ServerError,
    ServerUnavailableError,
)
from reconciler.server.psdk import handshake, wire
from reconciler.server.psdk.answers import Answers
from reconciler.server.psdk.codes import code_of, pack
from reconciler.server.psdk.endpoint import server_endpoint
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.objects import Mapper
from reconciler.server.psdk.publisher import Publisher, Told, subjects

_UNKNOWN_MESSAGE, _DATABASE_ERROR, _WRONG_PARAMETERS, _UNDEFINED = 3, 6, 20, 26
_LOG_IN = ("RequestRegisterClient", "RequestRestoreSession")
_POLL_SECONDS = 0.2
_END_SECONDS = 2.0


class Listener:
    """A server file, offered at a port. ``open`` it, and ``close`` it at the end."""

    def __init__(
        self,
        sdk: Sdk,
        path: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 2020,
        certificate: str = "",
        key: str = "",
        ca_file: str = "",
        encoding: str = "",
        timeout: float = 30.0,
    ) -> None:
        self._sdk = sdk
        self._path = path
        self._timeout = timeout
        self._where = f"{host}:{port}"
        self._mapper = Mapper(sdk, sdk.metadata)
        self.answers = Answers(sdk, self._mapper)
        self.publisher = Publisher(sdk, self._mapper, self.answers)
        self.writing = threading.Lock()
        self._sessions = itertools.count(1)
        self._clients: dict[int, _Client] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        EmbeddedServer(path, timeout=timeout).close()  # it must be one
        self.encoding = wire.CODE_PAGE_SERVER if encoding else wire.UTF8_SERVER
        endpoint = server_endpoint(sdk, host, port, certificate, key, ca_file, encoding)
        self._channel = sdk.conf("ConfServerProtocolListener")(endpoint)
        # Kept: Java holds them, and Python must not let them go.
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
        """Listens. ServerUnavailableError where the port cannot be had."""
        self._channel.setClientRequestHandler(self._handler)
        self._channel.addChannelListener(self._watcher)
        try:
            self._channel.open()
        except self._sdk.error as error:
            raise ServerUnavailableError(
                f"cannot listen at {self._where}: {self._sdk.reason(error)}",
                "Choose another port with --port.",
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

    def open_server(self, user: str, password: str) -> EmbeddedServer:
        return EmbeddedServer(self._path, user=user, password=password, timeout=self._timeout)

    def next_session(self) -> int:
        return next(self._sessions)

    def publish(self) -> None:
        """Tells every client what is new to it."""
        with self._lock:
            clients = list(self._clients.values())
        for client in clients:
            if client.told:
                self.publisher.publish(client.told, client.send)

    def _watch(self) -> None:
        """Other processes may write to the file as well."""
        while not self._ended.wait(_POLL_SECONDS):
            self.publish()
        self._sdk.leave()

    # Called by Java's threads.

    def _take(self, context: Any) -> None:
        number = int(context.getClientChannel().getChannelId())
        with self._lock:
            if self._ended.is_set():
                return
            client = self._clients.get(number)
            if client is None:
                client = self._clients[number] = _Client(self, self._sdk, self._mapper)
        client.take(context)

    def _gone(self, event: Any) -> None:
        number = int(event.getSource().getChannelId())
        with self._lock:
            client = self._clients.pop(number, None)
        if client is not None:
            client.end()


class _Client:
    """One connection: its session and the thread that serves it."""

    def __init__(self, listener: Listener, sdk: Sdk, mapper: Mapper) -> None:
        self._listener = listener
        self._sdk = sdk
        self._mapper = mapper
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._server: EmbeddedServer | None = None
        self._output: Any = None
        self.told = Told()
        self.thread = threading.Thread(target=self._serve, name="gwe-client", daemon=True)
        self.thread.start()

    def take(self, context: Any) -> None:
        self._requests.put(context)

    def end(self) -> None:
        self._requests.put(None)

    def send(self, event: Any) -> None:
        self._output.send(event)

    def _serve(self) -> None:
        try:
            self._serve_requests()
        finally:
            self.told = Told()
            self._output = None  # letting go of it later would tie the thread to Java again
            if self._server is not None:
                self._server.close()
            self._sdk.leave()

    def _serve_requests(self) -> None:
        while (context := self._requests.get()) is not None:
            self._output = context.getClientChannel()
            request = context.getRequestMessage()
            try:
                self._answer(str(request.messageName()), request)
            except self._sdk.error:
                return  # the client has gone, and takes no answer

    def _answer(self, name: str, request: Any) -> None:
        try:
            if name in Answers.WRITES and self._server is not None:
                with self._listener.writing:
                    events = list(self._events(name, request))
                    self._listener.publish()
            else:
                events = list(self._events(name, request))
        except ServerError as error:
            events = [self._refusal(error)]
        except self._sdk.error as error:
            # The request says what no object can be: a value of the wrong type, say.
            events = [self._error(pack(_WRONG_PARAMETERS), self._sdk.reason(error))]
        except Exception as error:
            # A defect of ours: the client must not wait for ever, and it must be seen.
            self._reply(request, [self._error(pack(_UNDEFINED), type(error).__name__)])
            raise
        self._reply(request, events)

    def _reply(self, request: Any, events: list[Any]) -> None:
        for event in events:
            event.setReferenceId(request.getReferenceID())
            self.send(event)

    def _events(self, name: str, request: Any) -> Any:
        """The answer of one request; errors are ServerError."""
        if name == "RequestProtocolVersion":
            return [handshake.version_event(self._sdk, request, self._listener.encoding)]
        if name in _LOG_IN:
            return [self._log_in(request)]
        if self._server is None:
            raise AccessDeniedError("log in first")
        if name in ("RequestRegisterNotification", "RequestUnregisterNotification"):
            return [self._subscribe(name, request)]
        if not self._listener.answers.knows(name):
            return [self._error(pack(_UNKNOWN_MESSAGE), f"{name} is not served here")]
        return self._listener.answers.to(name, self._server, request)

    def _log_in(self, request: Any) -> Any:
        server = handshake.log_in(self._sdk, request, self._listener.open_server)
        if self._server is not None:
            self._server.close()
        self._server = server
        session, encoding = self._listener.next_session(), self._listener.encoding
        return handshake.registered_event(self._sdk, request, session, SERVER_DBID, encoding)

    def _subscribe(self, name: str, request: Any) -> Any:
        wanted = subjects(request.getSubscription())
        if name == "RequestUnregisterNotification":
            self.told.remove(wanted)
            return self._sdk.conf("confserver.events.EventNotificationUnregistered").create()
        assert self._server is not None  # noqa: S101 - checked before
        self.told.add(self._server, wanted)
        return self._sdk.conf("confserver.events.EventNotificationRegistered").create()

    def _refusal(self, error: ServerError) -> Any:
        if isinstance(error, ConfigurationServerError):
            return self._error(code_of(self._mapper.shapes, error), error.detail)
        return self._error(pack(_DATABASE_ERROR), error.message)

    def _error(self, code: int, text: str) -> Any:
        return self._sdk.conf("confserver.events.EventError").create(self._sdk.integer(code), text)
