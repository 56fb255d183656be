"""``gwe``, and ``python -m reconciler``: where the process starts and ends."""

import os
import sys
from contextlib import suppress


def run() -> None:
    """The console script. Imports the rest only here, so that Ctrl-C is answered early."""
    try:
        for stream in (sys.stdout, sys.stderr):
            # A name that the terminal's encoding lacks is no reason to fail.
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        from reconciler.cli.main import main  # noqa: PLC0415 - see above

        code = main()
    except KeyboardInterrupt:
        code = 1
    code = _flushed(code)
    if "jpype" in sys.modules:
        # Java's threads may be about to call Python: an interpreter that is taken apart
        # under them aborts the process.
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


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
