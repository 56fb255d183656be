"""``gwe runs``: what was applied when, and how it ended."""

from pathlib import Path

import click

from reconciler.cli.common import FormatFlags, StateFlags
from reconciler.cli.flags import with_flags
from reconciler.cli.session import state_folder
from reconciler.errors import ExitCode
from reconciler.render.forms import FORMS, OutputStyle
from reconciler.settings import read_settings
from reconciler.state.runs import read_run, read_runs


@click.group("runs", invoke_without_command=True)
@click.pass_context
@with_flags
def command(context: click.Context, state: StateFlags, form: FormatFlags) -> int:
    """List the runs of the state folder, newest last; gwe runs show RUN shows one."""
    context.obj = state
    if context.invoked_subcommand is None:
        runs = read_runs(state_folder(state, read_settings(Path())))
        FORMS[form.format](OutputStyle()).runs(runs)
    return ExitCode.DONE


@command.command("show")
@click.argument("run", metavar="RUN")
@click.pass_context
@with_flags
def show(context: click.Context, run: str, state: StateFlags, form: FormatFlags) -> int:
    """Show a run: who, where, when, and what became of every object. Values are not shown;
    they are in the journal."""
    above: StateFlags = context.obj
    folder = state_folder(state if state.state_dir else above, read_settings(Path()))
    found = read_run(folder, run)
    FORMS[form.format](OutputStyle()).run(found, folder.run_path(found.name))
    return ExitCode.DONE
