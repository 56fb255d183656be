"""A status line on a terminal: what takes so long, and how much time is left.

It appears only after a while, and is removed before anything else is printed. It uses no escape
sequences, so that any terminal shows it.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TextIO

from reconciler.render.console import columns_of, overwrite

DELAY = 2.0
"""Seconds before the line appears: quicker work needs none."""

_BEAT = 0.5


def status_text(label: str, done: int, total: int, elapsed: float) -> str:
    """The line: ``Applying: 3 of 9, about 12 s left``. ``elapsed``: seconds since the start."""
    if not total:
        return f"{label}: {_span(elapsed)}"
    if not done:
        return f"{label}: 0 of {total}, {_span(elapsed)}"
    left = elapsed / done * (total - done)
    return f"{label}: {done} of {total}, about {_span(left)} left"


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


class StatusLine:
    """Shows the line during a ``with`` statement. On a stream that is no terminal it shows
    nothing."""

    def __init__(self, label: str, stream: TextIO) -> None:
        self._label, self._stream = label, stream
        self._begun = time.monotonic()
        self._done = self._total = self._shown = 0
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "StatusLine":
        if self._stream.isatty():
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._erase()

    def advance(self, done: int, total: int) -> None:
        """Records that ``done`` of ``total`` steps are done."""
        with self._lock:
            self._done, self._total = done, total

    @contextmanager
    def away(self) -> Iterator[None]:
        """Removes the line while something else is printed."""
        with self._lock:
            self._erase()
            yield

    def _beat(self) -> None:
        wait = DELAY
        while not self._ended.wait(wait):
            wait = _BEAT
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        elapsed = time.monotonic() - self._begun
        text = status_text(self._label, self._done, self._total, elapsed)
        text = text[: max(columns_of(self._stream) - 1, 20)]
        self._write(text)
        self._shown = len(text)

    def _erase(self) -> None:
        if self._shown:
            self._write("")
            self._shown = 0
            self._write("")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # the terminal may be gone; the work continues
            overwrite(text, self._stream, self._shown)
