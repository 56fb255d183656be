"""One connection to one host: requests, their answers, and unsolicited events.

Reference numbers match answers to requests, so several may be pending at once. When the
connection breaks, a pending read has failed, and a pending write may have taken effect.
"""

import itertools
import queue
import threading
from collections.abc import Callable
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

Unasked = Callable[[str, Any], None]
"""Called with the name of an unsolicited event, and the event; with an empty name and None
when the connection has closed."""

_MORE = "EventObjectsRead"
_FIRST_REFERENCE = 1000


class Channel:
    """An open session with a host. Made by ``login.open_channel``."""

    def __init__(self, sdk: Sdk, address: Address, protocol: Any, unasked: Unasked) -> None:
        self.sdk = sdk
        self.address = address
        self._protocol = protocol
        self._unasked = unasked
        self._references = itertools.count(_FIRST_REFERENCE)
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Any]] = {}
        self._closed = ""
        self.shapes: Shapes | None = None
        # Java calls these: Python must not collect them.
        self._handler = sdk.implement(
            sdk.commons("protocol.MessageHandler"), onMessage=self._on_message
        )
        self._listener = sdk.implement(
            sdk.commons("protocol.ChannelListener"),
            onChannelClosed=self._on_closed,
            onChannelError=lambda event: None,  # noqa: ARG005 - Java calls it
            onChannelOpened=lambda event: None,  # noqa: ARG005 - Java calls it
        )
        self._invoker = sdk.commons("threading.SingleThreadInvoker")("gwe")
        protocol.setInvoker(self._invoker)
        protocol.setMessageHandler(self._handler)
        protocol.addChannelListener(self._listener)

    @property
    def is_open(self) -> bool:
        return not self._closed

    @property
    def context(self) -> Any:
        """What the server said about itself at log-in."""
        return self._protocol.getServerContext()

    def ask(self, request: Any, timeout: float, *, writes: bool = False) -> list[Any]:
        """The events that answer a request. ``timeout``: how many seconds of silence are
        allowed. ``writes``: a lost answer means an unknown outcome.

        ConfigurationServerError for an error event; ServerUnavailableError or, for a write,
        OutcomeUnknownError where no answer came."""
        reference = next(self._references)
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self._lock:
            if self._closed:
                raise ServerUnavailableError(
                    f"the connection to {self.address} is gone: {self._closed}",
                    "Run the command again when the server is back.",
                )
            self._waiting[reference] = answers
        try:
            return self._exchange(request, reference, answers, timeout, writes=writes)
        finally:
            with self._lock:
                self._waiting.pop(reference, None)

    def _exchange(
        self,
        request: Any,
        reference: int,
        answers: "queue.SimpleQueue[Any]",
        timeout: float,
        *,
        writes: bool,
    ) -> list[Any]:
        found: list[Any] = []
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
                name, event = answers.get(timeout=timeout)
            except queue.Empty:
                reason = f"no answer for {timeout:g} s"
                raise self._lost(reason, writes=writes) from None
            if event is None:
                raise self._lost(self._closed, writes=writes)
            if name.startswith("EventError"):
                raise self._error(name, event)
            found.append(event)
            if name != _MORE:
                return found

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
        with suppress(self.sdk.error):  # it may be closed already
            self._protocol.close()
        self._invoker.release()

    # Called by Java's threads.

    def _on_message(self, event: Any) -> None:
        name = str(event.messageName())
        reference = event.getReferenceID()
        with self._lock:
            answers = self._waiting.get(int(reference)) if reference is not None else None
        if answers is not None:
            answers.put((name, event))
        elif not reference:
            self._unasked(name, event)

    def _on_closed(self, event: Any) -> None:
        cause = event.getCause()
        reason = self.sdk.reason(cause) if cause is not None else "closed by the server"
        with self._lock:
            self._closed = self._closed or reason
            waiting = list(self._waiting.values())
        for answers in waiting:
            answers.put(("", None))
        self._unasked("", None)
