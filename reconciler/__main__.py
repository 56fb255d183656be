"""``gwe``, and ``python -m reconciler``: where the process starts and ends."""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress

ALLOCATIONS = 1_000_000
"""After how many new objects Python's garbage collector looks for cycles. A command makes few
cycles and keeps most of its objects to the end; with the default of 700, the search takes a third
of the time of a plan of 10,000 objects. A million objects are one to two hundred MiB."""


def run() -> None:
    """The console script. Imports as little as possible, so that Ctrl-C works at once."""
    start(_gwe)


def _gwe() -> int:
    from reconciler.cli.main import main  # noqa: PLC0415 - see above

    return main()


def start(main: Callable[[], int]) -> None:
    """Runs a program to the end of the process. ``main`` returns the exit code."""
    gc.set_threshold(ALLOCATIONS)
    try:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # the stream was closed before gwe started
                setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        for stream in (sys.stdout, sys.stderr):
            # A name that the terminal's encoding lacks is no reason to fail.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        code = main()
    except KeyboardInterrupt:
        code = 1
    # Everything that must be closed is closed. An orderly shutdown of the interpreter would take a
    # tenth of the time of a small plan, and beside Java's threads it aborts or never ends.
    code = _flushed(code)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def _flushed(code: int) -> int:
    """Flushes the stream. If its reader is gone, what is still buffered is dropped."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or 1
    return code


if __name__ == "__main__":
    run()
