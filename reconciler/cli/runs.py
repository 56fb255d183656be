"""``gwe runs``: what was applied when, and how it ended."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from msgspec import Struct

from reconciler.cli.common import ANY_PATH, ApplicationFlags, StateFlags, WholeNumber
from reconciler.cli.completing import complete_run
from reconciler.cli.connection import ServerFlags, takes_site
from reconciler.cli.flags import Group, with_flags, with_values
from reconciler.cli.formats import FormatFlags, PageFlags, check_out
from reconciler.cli.help import SectionedGroup
from reconciler.cli.interrupt import interrupt_explained
from reconciler.cli.run_selection import RunSelection, named_site
from reconciler.cli.settings import find_settings, state_store
from reconciler.cli.terminal import check_can_ask, confirm
from reconciler.diagnostics import counted
from reconciler.errors import DamagedRunError, ExitCode, UsageError
from reconciler.files.writing import write_new_file
from reconciler.render.console import say
from reconciler.render.forms import FORMS
from reconciler.render.output_form import OutputStyle
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
            self.fail(f"{value!r} is not a number of hours, days or weeks, such as 90d", param, ctx)
        return timedelta(hours=int(found[1]) * _HOURS[found[2]])


_OPTIONS = "--profile, --server and --app"


class _Runs(Struct, frozen=True):
    """The runs that a command is about: where they are stored, and their site."""

    state: StateFlags
    server: ServerFlags
    application: ApplicationFlags

    def opened(self, *, last: bool = False) -> tuple[StateStore, RunSelection]:
        """The store, and the site that was named; or the site that ``last`` refers to."""
        settings = find_settings(self.server.profile)
        chosen = named_site(self.server, settings, self.application, last=last)
        return state_store(self.state, settings), chosen


@click.group("runs", cls=SectionedGroup, invoke_without_command=True)
@takes_site
@click.pass_context
@click.option("-n", "count", type=WholeNumber(min=1), metavar="N", help="Only the last N runs.")
@with_flags
def command(
    context: click.Context,
    count: int | None,
    state: StateFlags,
    form: FormatFlags,
    page: PageFlags,
    server: ServerFlags,
    application: ApplicationFlags,
) -> int:
    """List the runs, newest last; gwe runs show RUN shows one run.

    The runs of every site in the state are listed. --server, --app or a profile that names them
    choose one site, here, for gwe runs show last and for gwe runs prune.
    """
    context.obj = _Runs(state, server, application)
    if context.invoked_subcommand is None:
        check_out(form, page.out)
        store, site = context.obj.opened()
        runs = store.list_runs()
        found = site.of(runs)
        form.opened(page.out).runs(found[-count:] if count else found, site.description, found)
        if form.format == "text" and len(found) < len(runs):
            others = counted(len(runs) - len(found), "run")
            say(f"Not listed: {others} of other sites. Without {_OPTIONS}, gwe runs lists all.")
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
    server: ServerFlags,
    application: ApplicationFlags,
) -> int:
    """Show a run: who, where, when, and what became of every object. Values are not shown;
    they are in the journal. Of a damaged run, what can still be read is shown."""
    check_out(form, page.out)
    store, site = _nearest(context, _Runs(state, server, application)).opened(last=True)
    name = site.find(store, run)
    output = form.opened(page.out)
    try:
        found = store.read_run(name)
    except DamagedRunError:
        output.damaged_run(name, store.read_intact(name), store.place)
        raise
    output.run(found, store.place)
    return ExitCode.DONE


@command.command("file")
@takes_site
@click.argument("run", metavar="RUN", shell_complete=complete_run)
@click.argument("path", metavar="PATH")
@click.option(
    "--out", type=ANY_PATH, required=True, metavar="FILE", help="Where to write it: a new file."
)
@click.pass_context
@with_flags
def file(
    context: click.Context,
    run: str,
    path: str,
    out: Path,
    state: StateFlags,
    server: ServerFlags,
    application: ApplicationFlags,
) -> int:
    """Write a launch file as it was before a run changed it. PATH is its path in the
    installation folder, as gwe runs show lists it. The file itself stays as it is now; gwe
    undo reverts the whole run."""
    store, site = _nearest(context, _Runs(state, server, application)).opened(last=True)
    found = store.read_run(site.find(store, run))
    saved = {one.path: one.digest for one in reversed(found.backups)}  # the first is the oldest
    if path not in saved:
        raise UsageError(
            f"the run {found.name} changed no launch file {path}",
            f"It changed {', '.join(saved)}." if saved else "It changed no launch file at all.",
        )
    write_new_file(out, store.backup(saved[path]))
    say(f"Wrote {out}: {path} as it was before run {found.name}.")
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
@click.option("--auto-approve", is_flag=True, help="Do not ask. Needed without a terminal.")
@click.pass_context
@with_flags
def prune(
    context: click.Context,
    older_than: timedelta,
    auto_approve: bool,
    state: StateFlags,
    server: ServerFlags,
    application: ApplicationFlags,
) -> int:
    """Delete old runs with their backups: they can no longer be shown or reverted. Lists them,
    and asks. Unfinished runs stay, and so do the last run and the last run that wrote to each
    server. A profile, --server or --app limit this to the runs of one site."""
    store, site = _nearest(context, _Runs(state, server, application)).opened()
    found = [run for run in store.prunable(older_than) if site.surely_has(run)]
    if not found:
        say(f"No run{site.description} is old enough to be deleted.")
        return ExitCode.DONE
    if not auto_approve:
        FORMS["text"](OutputStyle()).runs(found, site.description, store.list_runs())
        check_can_ask(
            auto_approve=False,
            hint="Nothing was deleted. --auto-approve deletes the runs that are listed above.",
        )
        if not confirm(f"Delete {counted(len(found), 'run')} with all backups?"):
            say("Declined; nothing was deleted.", err=True)
            return ExitCode.FAILED
    shown = {run.number for run in found}
    with interrupt_explained(
        "interrupted: some of the old runs may have been deleted",
        "gwe runs lists those that are left. Run gwe runs prune again to delete the others.",
    ):
        names = store.prune(older_than, lambda run: run.number in shown)
    for name in names:
        say(f"Deleted run {name}.")
    return ExitCode.DONE


def _nearest(context: click.Context, inner: _Runs) -> _Runs:
    """The options after the subcommand, else those before it. The options of a state are not
    combined from both places."""
    outer: _Runs = context.obj
    state = inner.state if any(_given(context, inner.state)) else outer.state
    server = with_values(outer.server, **dict(_given(context, inner.server)))
    application = with_values(outer.application, **dict(_given(context, inner.application)))
    return _Runs(state, server, application)


def _given(context: click.Context, group: Group) -> Iterator[tuple[str, Any]]:
    """The options of a group after the subcommand, with their values."""
    for name in group.options:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            yield name, getattr(group, name)
