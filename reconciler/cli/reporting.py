"""How a command that changes something reports its result: as text while it goes on, or as one JSON
report at its end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.formats import JsonFlags
from reconciler.errors import ReconcilerError, UsageError
from reconciler.files.reading import STANDARD_STREAM
from reconciler.render.console import print_data

if TYPE_CHECKING:
    from reconciler.render.reports import CommandResult


def reported(
    form: JsonFlags,
    name: str,
    result: Callable[..., CommandResult],
    work: Callable[[], CommandResult],
) -> int:
    """Does the work. Returns the exit code. With ``--format json``, all that the work prints goes
    to standard error, and standard output gets the report: of the work's result, or of its error.

    ``name``: that of the report in ``RESULTS``; ``result``: makes the report's value from an exit
    code and ``problems``."""
    if form.format != "json":
        return work().exit_code
    from reconciler.render.result_reports import RESULTS  # noqa: PLC0415 - only for JSON

    report = RESULTS[name]
    try:
        with redirect_stdout(sys.stderr):
            done = work()
    except ReconcilerError as error:
        print_data(report.text(result(error.exit_code, problems=error.diagnostics)))
        raise
    print_data(report.text(done))
    return done.exit_code


def check_one_output(form: JsonFlags, out: Path | None, option: str = "--out") -> None:
    """UsageError if both the report and the output of ``option`` go to standard output."""
    if form.format == "json" and out == STANDARD_STREAM:
        raise UsageError(
            f"--format json and {option} - both write to standard output", "Name a file or folder."
        )
