"""``gwe runs``: what was applied when, and how it ended."""

import json
from typing import Any

import click

from reconciler.cli import common
from reconciler.cli.session import Session, open_session
from reconciler.errors import ExitCode
from reconciler.state.runs import Run, read_run, read_runs

_DETAILS = ("plan", "undoes", "server", "app", "tenant", "user", "host", "started", "tool")


@click.group("runs", invoke_without_command=True)
@common.with_options(*common.STATE_OPTIONS, common.FORMAT_OPTION)
@click.pass_context
def command(context: click.Context, /, **options: Any) -> int:
    """List the runs of the state folder, newest last; gwe runs show RUN tells one."""
    context.obj = options
    if context.invoked_subcommand is not None:
        return ExitCode.DONE
    runs = read_runs(_session(options).state())
    if options["format"] == "json":
        click.echo(json.dumps([_data(run) for run in runs], indent=2, ensure_ascii=False))
        return ExitCode.DONE
    if not runs:
        click.echo("No run yet.")
    for run in runs:
        finish = run.ending or {}
        done = sum(status == "done" for status, _ in run.outcomes.values())
        of = finish.get("of", run.head.get("actions", 0))
        click.echo(f"{run.name}  {run.status:<15}  {done}/{of}  {run.head.get('app')}")
        if run.head.get("undoes"):
            click.echo(f"{'':>22}undoes {run.head['undoes']}")
    return ExitCode.DONE


@command.command("show")
@click.argument("run", metavar="RUN")
@common.with_options(*common.STATE_OPTIONS, common.FORMAT_OPTION)
@click.pass_context
def show(context: click.Context, /, run: str, **options: Any) -> int:
    """Show a run: who, where, when, and what became of every object. No values are shown;
    they are in the journal."""
    given = {name: options[name] or context.obj[name] for name in ("state_dir",)}
    state = _session({**options, **given}).state()
    found = read_run(state, run)
    if options["format"] == "json":
        click.echo(json.dumps(_data(found), indent=2, ensure_ascii=False))
        return ExitCode.DONE
    click.echo(f"Run {found.name}: {found.status}")
    for name in _DETAILS:
        if found.head.get(name):
            click.echo(f"  {name:<8} {found.head[name]}")
    if found.ending and found.ending.get("ended"):
        click.echo(f"  {'ended':<8} {found.ending['ended']}")
    click.echo(f"  {'journal':<8} {state.run_path(found.name)}")
    for address, (status, message) in found.outcomes.items():
        click.echo(f"{status:>13}  {address}")
        if message and status != "not-started":
            click.echo(f"{'':>15}{message}")
    for step in found.steps:
        if step.unknown and not found.finished:
            click.echo(f"{'unknown':>13}  {step.address}: {step.call} without an answer")
    return ExitCode.DONE


def _session(options: dict[str, Any]) -> Session:
    return open_session({"profile": "", **options})


def _data(run: Run) -> dict[str, Any]:
    head = {name: value for name, value in run.head.items() if name not in ("record", "format")}
    return {
        **head,
        "run": run.name,
        "status": run.status,
        "settled": run.finished,
        "ended": (run.ending or {}).get("ended"),
        "outcomes": [
            {"address": address, "status": status, "message": message}
            for address, (status, message) in run.outcomes.items()
        ],
    }
