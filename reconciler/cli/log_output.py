"""The log of a command, through Python's own logging."""

import logging
from collections.abc import Callable
from pathlib import Path

from reconciler.files.errors import unwritable
from reconciler.text.visible import escaped

_FORMAT = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"


class _EscapingFormatter(logging.Formatter):
    """Escapes messages, so that names in them cannot begin a line or move the cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return escaped(super().formatMessage(record))


def open_log(level: str, file: Path | None) -> Callable[[], None]:
    """Logs to a file, or to standard error, until the function that it returns is called.
    ReconcilerError if the file cannot be written."""
    log = logging.getLogger("reconciler")
    try:
        handler: logging.Handler = (
            logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler()
        )
    except OSError as error:
        raise unwritable(Path(file or ""), error, "--log-file") from error
    handler.setFormatter(_EscapingFormatter(_FORMAT, "%Y-%m-%d %H:%M:%S"))
    log.addHandler(handler)
    before = log.level
    log.setLevel(level.upper())

    def stop() -> None:
        log.removeHandler(handler)
        log.setLevel(before)
        handler.close()

    return stop
