"""Ctrl-C and other signals, delivered only where a run can take them.

KeyboardInterrupt may come between any two lines: after the server has created the lock and
before the run knows its DBID, or within the last record of the journal. So a signal waits
while a run does such things, and comes through in the blocks that allow it: where the run
waits, reads, or writes its actions.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Interrupts:
    """Keeps signals back within a ``with`` statement, if they have handlers in Python. In a
    thread other than the main thread, which gets no signals, it does nothing."""

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._waiting: list[int] = []
        self._open = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        with suppress(KeyboardInterrupt):  # the run has ended, and its report or error says how
            self._deliver()

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Signals come through in this block, first those that have waited. After a signal
        that raised an exception none comes through until the next such block."""
        self._open = True
        try:
            self._deliver()
            yield
        finally:
            self._open = False

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if not self._open:
            self._waiting.append(number)
            return
        self._open = False
        self._handlers[number](number, frame)
        self._open = True

    def _deliver(self) -> None:
        while self._waiting:
            number = self._waiting.pop(0)
            self._open = False
            self._handlers[number](number, None)
            self._open = True
