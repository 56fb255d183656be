"""``gwe runs``: what was applied when, and how it ended."""

import re
from dataclasses import fields
from datetime import timedelta

import click

from reconciler.cli.common import ProfileFlags, StateFlags
from reconciler.cli.complete_values import complete_run
from reconciler.cli.connection import takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import FormatFlags, PageFlags, check_out
from reconciler.cli.help import SectionedGroup
from reconciler.cli.interrupt import interrupt_explained
from reconciler.cli.session import find_settings, state_store
from reconciler.errors import DamagedRunError, ExitCode
from reconciler.render.console import say
from reconciler.state.store import StateStore

_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


class _Age(click.ParamType[timedelta]):
    """A time span: a number and a unit, such as 90d."""

    name = "age"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        found = re.fullmatch(r"([0-9]{1,5})([hdw])", str(value))
        if not found:
            self.fail(f"{value!r} is no number of hours, days or weeks, such as 90d", param, ctx)
        return timedelta(hours=int(found[1]) * _HOURS[found[2]])


@click.group("runs", cls=SectionedGroup, invoke_without_command=True)
@takes_site
@click.pass_context
@click.option("-n", "count", type=click.IntRange(min=1), metavar="N", help="Only the last N runs.")
@with_flags
def command(
    context: click.Context,
    count: int | None,
    state: StateFlags,
    form: FormatFlags,
    page: PageFlags,
    profile: ProfileFlags,
) -> int:
    """List the runs, newest last; gwe runs show RUN shows one run."""
    context.obj = (state, profile)
    if context.invoked_subcommand is None:
        check_out(form, page.out)
        runs = state_store(state, find_settings(profile.profile)).list_runs()
        form.opened(page.out).runs(runs[-count:] if count else runs)
    return ExitCode.DONE


@command.command("show")
@takes_site
@click.argument("run", metavar="RUN", shell_complete=complete_run)
@click.pass_context
@with_flags
def show(
    context: click.Context,
    run: str,
    state: StateFlags,
    form: FormatFlags,
    page: PageFlags,
    profile: ProfileFlags,
) -> int:
    """Show a run: who, where, when, and what became of every object. Values are not shown;
    they are in the journal. Of a damaged run, what can still be read is shown."""
    check_out(form, page.out)
    store = _store(context, state, profile)
    name = store.find_run(run)
    output = form.opened(page.out)
    try:
        found = store.read_run(name)
    except DamagedRunError:
        output.damaged_run(name, store.read_intact(name), store.place)
        raise
    output.run(found, store.place)
    return ExitCode.DONE


@command.command("prune")
@takes_site
@click.option(
    "--older-than",
    type=_Age(),
    required=True,
    metavar="AGE",
    help="How old a run must be: a number of hours, days or weeks, such as 12h, 90d, 8w.",
)
@click.pass_context
@with_flags
def prune(
    context: click.Context, older_than: timedelta, state: StateFlags, profile: ProfileFlags
) -> int:
    """Delete old runs with their backups: they can no longer be shown or reverted. Unfinished
    runs stay, and so do the last run and the last run that wrote to each server."""
    store = _store(context, state, profile)
    with interrupt_explained(
        "interrupted: some of the old runs may have been deleted",
        "gwe runs lists those that are left. Run gwe runs prune again to delete the others.",
    ):
        names = store.prune(older_than)
    for name in names:
        say(f"Deleted run {name}.")
    if not names:
        say("No run is old enough to be deleted.")
    return ExitCode.DONE


def _store(context: click.Context, state: StateFlags, profile: ProfileFlags) -> StateStore:
    """The store that was named after the subcommand, else before it."""
    outer_state, outer_profile = context.obj
    named = any(getattr(state, one.name) for one in fields(state))
    settings = find_settings(profile.profile or outer_profile.profile)
    return state_store(state if named else outer_state, settings)
