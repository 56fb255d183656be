"""``--log-level`` and ``--log-file``: the log of a command, through Python's own logging."""

import logging
from pathlib import Path

import click

from reconciler.cli.flags import FlagGroup, flag
from reconciler.files.errors import unwritable
from reconciler.text.visible import escaped

_FORMAT = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"
_LEVELS = ("debug", "info", "warning", "error")


class _EscapingFormatter(logging.Formatter):
    """The names in a message make no line of their own and do not move the cursor."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return escaped(super().formatMessage(record))


class LogFlags(FlagGroup):
    """What is logged, and where."""

    log_level: str | None = flag(
        "--log-level",
        type=click.Choice(_LEVELS),
        help="Log on standard error; debug: every call to the server and its duration.",
    )
    log_file: Path | None = flag(
        "--log-file",
        type=click.Path(path_type=Path, readable=False),
        metavar="FILE",
        help="Append the log to this file instead; the level is debug unless it is given.",
    )


def start_logging(flags: LogFlags) -> None:
    """Logs until the running command ends, if it was asked for. ReconcilerError where the
    file cannot be written."""
    context = click.get_current_context(silent=True)
    if context is None or not (flags.log_level or flags.log_file):
        return
    log = logging.getLogger("reconciler")
    try:
        handler: logging.Handler = (
            logging.FileHandler(flags.log_file, encoding="utf-8")
            if flags.log_file
            else logging.StreamHandler()
        )
    except OSError as error:
        raise unwritable(Path(flags.log_file or ""), error, "--log-file") from error
    handler.setFormatter(_EscapingFormatter(_FORMAT, "%Y-%m-%d %H:%M:%S"))
    log.addHandler(handler)
    before = log.level
    log.setLevel((flags.log_level or "debug").upper())

    def stop() -> None:
        log.removeHandler(handler)
        log.setLevel(before)
        handler.close()

    context.call_on_close(stop)
