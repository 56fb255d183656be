"""``gwe``, and ``python -m reconciler``: where the process starts and ends."""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress

ALLOCATIONS = 1_000_000
"""After how many new objects Python looks for cycles of garbage. A command makes few of them and
keeps most of its objects to the end; with the usual 700, that search takes a third of the time of
a plan of 10,000 objects. A million objects are one to two hundred MiB."""


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
            if getattr(sys, name) is None:  # it was closed before we began
                setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        for stream in (sys.stdout, sys.stderr):
            # A name that the terminal's encoding lacks is no reason to fail.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        code = main()
    except KeyboardInterrupt:
        code = 1
    code = _flushed(code)
    if "jpype" in sys.modules or _java_is_coming():
        # Java's threads may be about to call Python, or ours may be starting Java: an
        # interpreter that is taken apart under them aborts the process, or never ends.
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)
    # Python looks for cycles of garbage again when it ends: a quarter of the time of a small plan.
    gc.freeze()
    sys.exit(code)


def _java_is_coming() -> bool:
    """Whether a thread has begun to start Java."""
    threads = sys.modules.get("threading")
    return threads is not None and threads.active_count() > 1


def _flushed(code: int) -> int:
    """Sends what is still buffered. Whoever read it may have gone: then to nobody."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or 1
    return code


if __name__ == "__main__":
    run()
