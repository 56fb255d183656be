"""``gwe plan``: what apply would do."""

from typing import Any

import click

from reconciler.cli import common
from reconciler.exits import ExitCode
from reconciler.plan.model import Plan


def show_plan(plan: Plan, options: dict[str, Any]) -> None:
    """Prints a plan in the format that the options ask for."""
    if options.get("format") == "json":
        from reconciler.render.plan_json import plan_json  # noqa: PLC0415

        click.echo(plan_json(plan), nl=False)
        return
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.plan_text import PlanText, summary  # noqa: PLC0415

    if options["quiet"] and not plan.blocked:
        click.echo(summary(plan))
        return
    console = make_console(no_color=options["no_color"])
    PlanText(console, verbose=options["verbose"]).plan(plan)


@click.command("plan")
@common.with_options(
    *common.FILE_OPTIONS,
    *common.SITE_OPTIONS,
    *common.OVERWRITE_OPTIONS,
    *common.SELECT_OPTIONS,
    common.FORMAT_OPTION,
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
    session = common.open_session(options)
    loaded = session.load()
    with session.reader() as server:
        plan = session.plan(loaded, server).plan
    show_plan(plan, options)
    if plan.blocked:
        return ExitCode.REFUSED
    if options["detailed_exitcode"] and not plan.empty:
        return ExitCode.CHANGES
    return ExitCode.DONE
