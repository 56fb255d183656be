"""A client of the listener: its session, and the thread that answers its requests in order."""

import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.engine import SERVER_DBID
from reconciler.server.errors import AccessDeniedError, ServerError
from reconciler.server.psdk.codes import pack
from reconciler.server.wire import handshake, refusals
from reconciler.server.wire.answers import Answers
from reconciler.server.wire.publisher import subjects
from reconciler.server.wire.service import Service
from reconciler.server.wire.subscriptions import ClientSubscriptions

_PERMISSIONS = {
    "RequestRegisterPermissionsNotification": "EventPermissionsNotificationRegistered",
    "RequestUnregisterPermissionsNotification": "EventPermissionsNotificationUnregistered",
}
"""The requests to start or stop notifications of changed permissions, and their answers."""

_LOG_IN = ("RequestRegisterClient", "RequestRegisterClient2", "RequestRestoreSession")


class Client:
    """One connection: its session and the thread that serves it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._sdk = service.sdk
        self._mapper = service.mapper
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._server: EmbeddedServer | None = None
        self._output: Any = None
        self.subscriptions = ClientSubscriptions()
        self.thread = threading.Thread(target=self._serve, name="gwe-client", daemon=True)
        self.thread.start()

    def enqueue(self, context: Any) -> None:
        """Takes a request, with the channel that its answer goes to."""
        self._requests.put(context)

    def end(self) -> None:
        """Ends the thread, once it has answered what is in the queue."""
        self._requests.put(None)

    def send(self, event: Any) -> None:
        self._output.send(event)

    def send_permissions_changed(self, object_type: str, dbid: int, event: Any) -> None:
        """Sends the notification of changed permissions, if the client wants it and may read the
        object. Failures are ignored: the client is gone."""
        if self.subscriptions.permissions and self._server is not None:
            with suppress(ServerError, self._sdk.error):
                self._server.effective_permissions(object_type, dbid)
                self.send(event)

    def _serve(self) -> None:
        try:
            self._serve_requests()
        finally:
            self.subscriptions.suspend()
            self._output = None  # releasing it later would attach the thread to Java again
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
                return  # the client is gone
            except Exception:  # noqa: BLE001 - a defect of ours: it is shown, and others answered
                threading.excepthook(threading.ExceptHookArgs([*sys.exc_info(), self.thread]))

    def _answer(self, name: str, request: Any) -> None:
        for event in self._made(name, request):
            event.setReferenceId(request.getReferenceID())
            self.send(event)

    def _made(self, name: str, request: Any) -> Iterator[Any]:
        """The events that answer a request, each made when the previous event has been sent."""
        try:
            if name in Answers.WRITES and self._server is not None:
                with self._service.writing:
                    events = list(self._events(name, request))
                    self._service.publish()
                    if name == "RequestUpdatePermissions":
                        acl = request.getConfPermissionsACL()
                        self._service.publish_permissions(acl.getPropertyValue("objectID"))
                yield from events
            else:
                yield from self._events(name, request)
        except ServerError as error:
            yield refusals.refusal(self._sdk, self._mapper.shapes, error)
        except self._sdk.error as error:
            # A malformed request, for example with a value of the wrong type.
            yield self._error(refusals.WRONG_PARAMETERS, self._sdk.reason(error))
        except Exception as error:
            # A defect of ours: the client must not wait for ever.
            yield self._error(refusals.UNDEFINED, type(error).__name__)
            raise

    def _events(self, name: str, request: Any) -> Any:
        """The events that answer a request, or ServerError."""
        if name == "RequestProtocolVersion":
            return [handshake.version_event(self._sdk, request, self._service.encoding)]
        if name in _LOG_IN:
            return [self._log_in(name, request)]
        if self._server is None:
            raise AccessDeniedError("log in first")
        if name in ("RequestRegisterNotification", "RequestUnregisterNotification"):
            return [self._subscribe(name, request)]
        if name in _PERMISSIONS:
            self.subscriptions.permissions = name.startswith("RequestRegister")
            return [self._sdk.conf(f"confserver.events.{_PERMISSIONS[name]}").create()]
        if name == "RequestHistoryLog":
            return [self._send_missed(request)]
        if not self._service.answers.knows(name):
            return [self._error(refusals.UNKNOWN_MESSAGE, f"{name} is not served here")]
        return self._service.answers.answer(name, self._server, request)

    def _log_in(self, name: str, request: Any) -> Any:
        address = self._output.getRemoteEndPoint()  # null: the client is gone already
        host = str(address.getHostString()) if address is not None else ""
        server = handshake.log_in(self._sdk, request, host, self._service.open_server)
        subscriptions, sessions = ClientSubscriptions(), self._service.sessions
        owner = (str(request.getUserName() or ""), str(request.getClientName() or ""))
        try:
            if name == "RequestRestoreSession":
                session = int(request.getSessionId() or 0)
                former = sessions.restore(session, *owner, subscriptions)
                subscriptions.resume(server, former)
            else:
                session = sessions.begin(*owner, subscriptions)
        except ServerError:
            server.close()
            raise
        self.subscriptions.suspend()
        if self._server is not None:
            self._server.close()
        self._server, self.subscriptions = server, subscriptions
        encoding = self._service.encoding
        return handshake.registered_event(self._sdk, request, session, SERVER_DBID, encoding)

    def _send_missed(self, request: Any) -> Any:
        """Sends the changes after the last that the client knows, as if they were new."""
        after = int(request.getUnsolisitedEventNumber() or 0)
        last = self._service.publisher.send_missed(self.subscriptions, after, self.send)
        event = self._sdk.conf("confserver.events.EventHistoryLogSent").create()
        event.setUnsolisitedEventNumber(last)
        return event

    def _subscribe(self, name: str, request: Any) -> Any:
        wanted = subjects(request.getSubscription())
        if name == "RequestUnregisterNotification":
            self.subscriptions.remove(wanted)
            return self._sdk.conf("confserver.events.EventNotificationUnregistered").create()
        assert self._server is not None  # noqa: S101 - checked before
        self.subscriptions.add(self._server, wanted)
        return self._sdk.conf("confserver.events.EventNotificationRegistered").create()

    def _error(self, number: int, text: str) -> Any:
        return refusals.error_event(self._sdk, pack(number), text)
