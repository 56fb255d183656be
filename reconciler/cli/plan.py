"""``gwe plan``: what apply would do."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import common
from reconciler.cli.session import open_session
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, ReconcilerError, RefusedError, UsageError

if TYPE_CHECKING:
    from reconciler.plan.model import Plan


def show_plan(plan: Plan, options: dict[str, Any]) -> None:
    """Prints a plan in the format that the options ask for."""
    if options.get("format") == "json":
        from reconciler.plan.codec import plan_json  # noqa: PLC0415

        click.echo(plan_json(plan), nl=False)
        return
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.plan_text import PlanText, summary  # noqa: PLC0415

    if options["quiet"] and plan.applyable:
        click.echo(summary(plan))
        return
    console = make_console(no_color=options["no_color"])
    PlanText(console, verbose=options["verbose"]).plan(plan)


def save_plan(plan: Plan, path: Path, *, quiet: bool = False) -> None:
    """Writes a plan file: whole or not at all."""
    from reconciler.plan.codec import plan_json  # noqa: PLC0415 - only for --out
    from reconciler.plan.secrets import unsaveable  # noqa: PLC0415

    hidden = unsaveable(plan)
    if hidden:
        raise RefusedError(
            [
                Diagnostic(
                    f"a plan file cannot hold a secret: {', '.join(hidden)}",
                    hint="Declare it as {secret: true, from: env.NAME}.",
                )
            ]
        )
    if not path.name or path.is_dir():
        raise ReconcilerError(f"{path} cannot be written: it is a folder")
    _check_is_text(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(plan_json(plan), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    if not quiet:
        click.echo(f"Saved the plan as {path}.")


def _check_is_text(path: Path) -> None:
    """UsageError where there is a file already that is no text, such as a server file."""
    with suppress(OSError), path.open("rb") as file:
        if b"\0" in file.read(200):
            raise UsageError(f"--out {path} is there and is no plan", "Name another file.")


@click.command("plan")
@common.with_options(
    *common.FILE_OPTIONS,
    *common.SITE_OPTIONS,
    *common.OVERWRITE_OPTIONS,
    *common.SELECT_OPTIONS,
    common.FORMAT_OPTION,
    click.option(
        "--out",
        type=common.ANY_PATH,
        metavar="FILE",
        help="Also save the plan, for gwe show and gwe apply.",
    ),
    *common.STATE_OPTIONS,
    click.option(
        "--detailed-exitcode", is_flag=True, help="Exit 2 where the plan is not empty, else 0."
    ),
    *common.OUTPUT_OPTIONS,
)
def command(**options: Any) -> int:
    """Show what apply would do. Writes nothing.

    Exits 0 when a plan was made (see --detailed-exitcode), 3 when an action is blocked
    or a prerequisite is missing.
    """
    session = open_session(options)
    loaded = session.load()
    with session.reader() as server:
        plan = session.plan(loaded, server).plan
    show_plan(plan, options)
    if options["out"] is not None:
        save_plan(plan, options["out"], quiet=options["format"] == "json")
    if not plan.applyable:
        return ExitCode.REFUSED
    if options["detailed_exitcode"] and not plan.empty:
        return ExitCode.CHANGES
    return ExitCode.DONE
