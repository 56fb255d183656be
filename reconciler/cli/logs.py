"""``--log-level`` and ``--log-file``: whether a command writes a log, and where."""

from pathlib import Path

import click

from reconciler.cli.flags import FlagGroup, flag

_LEVELS = ("debug", "info", "warning", "error")


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
    """Logs until the running command ends, if logging was asked for. ReconcilerError if the file
    cannot be written."""
    context = click.get_current_context(silent=True)
    if context is None or not (flags.log_level or flags.log_file):
        return
    from reconciler.cli.log_output import open_log  # noqa: PLC0415 - Python's logging takes 4 ms

    context.call_on_close(open_log(flags.log_level or "debug", flags.log_file))
