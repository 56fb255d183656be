"""One connection to one host: requests, their answers, and unsolicited events.

Reference numbers match answers to requests, so several may be pending at once. When the
connection breaks, a pending read has failed, and a pending write may have taken effect.
"""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from reconciler.server.errors import (
    ConfigurationServerError,
    OutcomeUnknownError,
    ServerError,
    ServerUnavailableError,
)
from reconciler.server.psdk.address import Address
from reconciler.server.psdk.codes import to_error
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Shapes
from reconciler.server.psdk.whole_deltas import WholeDeltas

Unasked = Callable[[str, Any], None]
"""Called with the name of an unsolicited event, and the event; with an empty name and None
when the connection has closed."""

_MORE = "EventObjectsRead"
_FIRST_REFERENCE = 1000
_KEPT = 4
"""How many events of an answer, each with many objects, may wait here and in the SDK until they are
taken."""
_FOR_EVER = 1 << 62  # milliseconds
_POLL_MILLISECONDS = 200


class Channel:
    """An open session with a host. Made by ``login.open_channel``."""

    def __init__(self, sdk: Sdk, address: Address, protocol: Any, unasked: Unasked) -> None:
        self.sdk = sdk
        self.address = address
        self._protocol = protocol
        self._unasked = unasked
        self._references = itertools.count(_FIRST_REFERENCE)
        self._lock = threading.Lock()
        self._waiting: dict[int, _Answers] = {}
        self._closed = ""
        self.shapes: Shapes | None = None
        self.deltas = WholeDeltas(sdk, "confserver.events.EventObjectUpdated")
        self.deltas.ask_for_texts(protocol)
        self._received = sdk.commons("protocol.QueueMessageReceiver")(_KEPT, False)
        # Without this, what does not fit into the queue is dropped: the SDK must wait instead.
        self._received.setEnqueTimeout(_FOR_EVER)
        # Java calls this: Python must not collect it.
        self._listener = sdk.implement(
            sdk.commons("protocol.ChannelListener"),
            onChannelClosed=self._on_closed,
            onChannelError=lambda event: None,  # noqa: ARG005 - Java calls it
            onChannelOpened=lambda event: None,  # noqa: ARG005 - Java calls it
        )
        self._invoker = sdk.commons("threading.SingleThreadInvoker")("gwe")
        protocol.setInvoker(self._invoker)
        protocol.setReceiver(self._received)
        protocol.addChannelListener(self._listener)
        threading.Thread(target=self._receive, name="gwe-receive", daemon=True).start()

    @property
    def is_open(self) -> bool:
        return not self._closed

    @property
    def context(self) -> Any:
        """What the server reported about itself at log-in."""
        return self._protocol.getServerContext()

    def ask(self, request: Any, timeout: float, *, writes: bool = False) -> list[Any]:
        """The events that answer a request. ``timeout``: how many seconds of silence are
        allowed. ``writes``: a lost answer means an unknown outcome.

        ConfigurationServerError for an error event; ServerUnavailableError or, for a write,
        OutcomeUnknownError if no answer came."""
        return list(self.events(request, timeout, writes=writes))

    def events(self, request: Any, timeout: float, *, writes: bool = False) -> Iterator[Any]:
        """Like ``ask``, but yields the events one by one. While ``_KEPT`` events have not been
        taken, nothing else is received from the server, not even other answers; so take them, or
        close the iterator."""
        reference = next(self._references)
        answers = _Answers()
        with self._lock:
            if self._closed:
                raise ServerUnavailableError(
                    f"the connection to {self.address} is gone: {self._closed}",
                    "Run the command again when the server is back.",
                )
            self._waiting[reference] = answers
        try:
            yield from self._exchange(request, reference, answers, timeout, writes=writes)
        finally:
            with self._lock:
                self._waiting.pop(reference, None)
            answers.give_up()

    def _exchange(
        self,
        request: Any,
        reference: int,
        answers: "_Answers",
        timeout: float,
        *,
        writes: bool,
    ) -> Iterator[Any]:
        try:
            request.setReferenceId(reference)
            self._protocol.send(request)
        except self.sdk.error as error:
            reason = self.sdk.reason(error)
            if "ChannelClosed" in type(error).__name__:
                self._closed = self._closed or reason  # its event comes later
            raise self._lost(reason, writes=writes) from error
        while True:
            try:
                name, event = answers.get(timeout)
            except queue.Empty:
                reason = f"no answer for {timeout:g} s"
                raise self._lost(reason, writes=writes) from None
            if event is None:
                raise self._lost(self._closed, writes=writes)
            if name.startswith("EventError"):
                raise self._error(name, event)
            yield event
            if name != _MORE:
                return

    def _lost(self, reason: str, *, writes: bool) -> ServerError:
        if writes:
            return OutcomeUnknownError(
                f"the connection to {self.address} was lost during a write"
                f" ({reason}): it may have taken effect",
                "Plan again: it reads what is there now.",
            )
        return ServerUnavailableError(
            f"the connection to {self.address} was lost: {reason}",
            "Run the command again when the server is back.",
        )

    def _error(self, name: str, event: Any) -> ConfigurationServerError:
        text = str(event.getDescription() or "") if name == "EventError" else ""
        shapes = self.shapes or Shapes(self.sdk, self.sdk.metadata)
        return to_error(self.sdk, shapes, int(event.getErrorCode() or 0), text)

    def close(self) -> None:
        """Ends the session. May be called twice."""
        with self._lock:
            self._closed = self._closed or "closed by this end"
            waiting, self._waiting = list(self._waiting.values()), {}
        for answers in waiting:
            answers.end()
            answers.give_up()
        with suppress(self.sdk.error):  # it may be closed already
            self._protocol.close()
        self._invoker.release()
        self._received.releaseReceivers()

    def _receive(self) -> None:
        """Hands every event to its receiver, until the connection is gone and all earlier events
        are handed over."""
        while True:
            event = self._received.receive(_POLL_MILLISECONDS)
            if event is not None:
                self._hand_over(event)
            elif self._closed:
                break
        with self._lock:
            waiting = list(self._waiting.values())
        for answers in waiting:
            answers.end()
        self._unasked("", None)
        self.sdk.leave()

    def _hand_over(self, event: Any) -> None:
        name = str(event.messageName())
        reference = event.getReferenceID()
        with self._lock:
            answers = self._waiting.get(int(reference)) if reference is not None else None
        if answers is not None:
            answers.put(name, event)
        elif not reference:
            self._unasked(name, event)

    # Called by one of Java's threads.

    def _on_closed(self, event: Any) -> None:
        cause = event.getCause()
        reason = self.sdk.reason(cause) if cause is not None else "closed by the server"
        with self._lock:
            self._closed = self._closed or reason


class _Answers:
    """The events that answer one request. The thread that receives waits in ``put`` while
    ``_KEPT`` of them have not been taken, and then the SDK waits for that thread; so the rest of
    an answer, which may have a hundred thousand objects, waits on the line and not in memory."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._free = threading.Semaphore(_KEPT)

    def put(self, name: str, event: Any) -> None:
        self._free.acquire()
        self._events.put((name, event))

    def end(self) -> None:
        """Records that no more events will come: the connection is gone."""
        self._events.put(("", None))

    def get(self, timeout: float) -> tuple[str, Any]:
        """The name of the next event, and the event; None: the connection is gone.
        queue.Empty after ``timeout`` seconds without any."""
        found = self._events.get(timeout=timeout)
        self._free.release()
        return found

    def give_up(self) -> None:
        """Stops taking events, so that the receiving thread, which may be waiting with an event,
        continues."""
        self._free.release()
