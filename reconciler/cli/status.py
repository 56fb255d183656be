"""The status line of a command, on standard error: what takes so long."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.engine.progress import Progress
from reconciler.render.status import StatusLine


class _Reading(Progress):
    def __init__(self, line: StatusLine) -> None:
        self._line = line

    def reading(self, done: int, total: int) -> None:
        self._line.advance(done, total)


@contextmanager
def reading_shown() -> Iterator[Progress]:
    """Shows the progress of the reads of a plan."""
    with StatusLine("Reading live objects", sys.stderr) as line:
        yield _Reading(line)
