"""``gwe runs``: what was applied when, and how it ended."""

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import click

from reconciler.cli.common import FormatFlags, StateFlags
from reconciler.cli.flags import with_flags
from reconciler.cli.session import state_store
from reconciler.errors import DamagedRunError, ExitCode
from reconciler.render.console import say
from reconciler.render.forms import FORMS, OutputStyle
from reconciler.settings import read_settings
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


@click.group("runs", invoke_without_command=True)
@click.pass_context
@click.option("-n", "count", type=click.IntRange(min=1), metavar="N", help="Only the last N runs.")
@with_flags
def command(context: click.Context, count: int | None, state: StateFlags, form: FormatFlags) -> int:
    """List the runs, newest last; gwe runs show RUN shows one run."""
    context.obj = state
    if context.invoked_subcommand is None:
        runs = state_store(state, read_settings(Path())).list_runs()
        FORMS[form.format](OutputStyle()).runs(runs[-count:] if count else runs)
    return ExitCode.DONE


@command.command("show")
@click.argument("run", metavar="RUN")
@click.pass_context
@with_flags
def show(context: click.Context, run: str, state: StateFlags, form: FormatFlags) -> int:
    """Show a run: who, where, when, and what became of every object. Values are not shown;
    they are in the journal. Of a damaged run, what can still be read is shown."""
    store = _store(context, state)
    name = store.find_run(run)
    output = FORMS[form.format](OutputStyle())
    try:
        found = store.read_run(name)
    except DamagedRunError:
        output.damaged_run(name, store.read_intact(name), store.place)
        raise
    output.run(found, store.place)
    return ExitCode.DONE


@command.command("prune")
@click.option(
    "--older-than",
    type=_Age(),
    required=True,
    metavar="AGE",
    help="How old a run must be: a number of hours, days or weeks, such as 12h, 90d, 8w.",
)
@click.pass_context
@with_flags
def prune(context: click.Context, older_than: timedelta, state: StateFlags) -> int:
    """Delete old runs with their backups: they can no longer be shown or reverted. Unfinished
    runs stay, and so do the last run and the last run that wrote to each server."""
    names = _store(context, state).prune(older_than)
    for name in names:
        say(f"Deleted run {name}.")
    if not names:
        say("No run is old enough to be deleted.")
    return ExitCode.DONE


def _store(context: click.Context, state: StateFlags) -> StateStore:
    """The store that was named after the subcommand, else before it."""
    named = any(getattr(state, one.name) for one in fields(state))
    return state_store(state if named else context.obj, read_settings(Path()))
