"""``gwe show``: a plan file as text or JSON."""

from pathlib import Path
from typing import Any

import click

from reconciler.cli import common
from reconciler.cli.plan import show_plan
from reconciler.errors import ExitCode, UsageError
from reconciler.plan.codec import read_plan


def read_text(path: Path) -> str:
    """The text of a plan file. UsageError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(
            f"the plan file {path} cannot be read: {reason}",
            "Plan files are made by gwe plan --out FILE.",
        ) from error


@click.command("show")
@click.argument("plan_file", type=common.ANY_PATH, metavar="PLAN")
@common.with_options(common.FORMAT_OPTION, *common.OUTPUT_OPTIONS)
def command(plan_file: Path, **options: Any) -> int:
    """Show a plan file that gwe plan --out has made. Asks no server."""
    text = read_text(plan_file)
    plan = read_plan(text, str(plan_file))
    if options["format"] == "json":
        click.echo(text, nl=False)
    else:
        show_plan(plan, options)
    return ExitCode.DONE
