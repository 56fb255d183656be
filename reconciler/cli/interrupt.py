"""Ctrl-C during a run: the first finishes the object in hand, the second stops at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click


@contextmanager
def gentle_interrupt() -> Iterator[Callable[[], bool]]:
    """Inside it, SIGINT, SIGTERM and the end of the terminal set the flag that the given
    function returns; a second one raises KeyboardInterrupt."""
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal's signature
        asked.append(number)
        if len(asked) > 1:
            raise KeyboardInterrupt
        message = "Finishing the object in hand; once more to stop at once."
        with suppress(OSError):  # the terminal may be gone
            click.echo(f"\n{message}", err=True)

    heard = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):
        heard.append(signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
