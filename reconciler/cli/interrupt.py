"""Ctrl-C while something is written. During a run, the first Ctrl-C lets calls in flight end, the
second stops at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from reconciler.errors import InterruptedRunError
from reconciler.render.console import say


@contextmanager
def interrupt_explained(message: str, hint: str) -> Iterator[None]:
    """Raises InterruptedRunError in place of KeyboardInterrupt, for a block that may have written
    something when it is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedRunError(message, hint) from None


@contextmanager
def gentle_interrupt() -> Iterator[Callable[[], bool]]:
    """Yields a function that tells whether SIGINT, SIGTERM or SIGHUP (the terminal was closed)
    has arrived. A second signal raises KeyboardInterrupt."""
    received: list[int] = []

    def receive(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal's signature
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt
        message = "Finishing what has begun; interrupt again to stop at once."
        with suppress(OSError):  # the terminal may be gone
            say(err=True)
            say(message, err=True)

    signals = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        signals.append(signal.SIGHUP)
    before = {number: signal.signal(number, receive) for number in signals}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
