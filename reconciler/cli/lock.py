"""``gwe lock``: who holds the lock in Configuration Server, and giving it up."""

from typing import Any

import click

from reconciler.apply.lock import find_locks, holder_of
from reconciler.apply.recover import abandon
from reconciler.cli import common
from reconciler.cli.run_context import run_context
from reconciler.cli.session import open_session
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, RefusedError, UsageError


@click.group("lock")
def command() -> None:
    """Show or release the lock that lets one run write at a time."""


@command.command("show")
@common.with_options(*common.CONNECT_OPTIONS)
def show(**options: Any) -> int:
    """Show who holds the lock."""
    session = open_session(options)
    with session.reader() as server:
        found = find_locks(server)
    if not found:
        click.echo("Nobody holds the lock.")
    for one in found:
        held = holder_of(one)
        click.echo(f"Held by {held.owner} on {held.host}, run {held.run}")
        click.echo(f"  since    {held.since}")
        click.echo(f"  until    {held.until}, unless it is renewed")
        doing = "writing, or left unfinished" if held.writing else "checking; nothing written yet"
        click.echo(f"  state    {doing}")
        click.echo(f"  object   Transaction {one.attributes['name']}, DBID {one.dbid}")
    return ExitCode.DONE


@command.command("release")
@common.with_options(
    *common.CONNECT_OPTIONS,
    click.option(
        "--abandon",
        default="",
        metavar="RUN",
        help="The run whose lock it is, where it has begun to write: it is left as it is.",
    ),
    *common.STATE_OPTIONS,
)
def release(**options: Any) -> int:
    """Take the lock away from a run that is dead. A live one notices, and stops before its
    next write.

    A run that has begun to write may have left an object by half: gwe recover, on its
    host, settles it and gives the lock back. Only where that cannot be done, --abandon RUN.
    """
    wanted = options.pop("abandon")
    session = open_session(options)
    with session.server() as server:
        found = find_locks(server)
        for one in found:
            held = holder_of(one)
            if held.writing and wanted != held.run:
                raise RefusedError(
                    [
                        Diagnostic(
                            f"{held.display()}, has begun to write and may have left an object"
                            " by half",
                            hint=f"Use gwe recover on {held.host}; or leave it as it is with"
                            f" --abandon {held.run}.",
                        )
                    ]
                )
        if wanted and not any(holder_of(one).run == wanted for one in found):
            here = abandon(session.state(), wanted, run_context("").clock)
            if not here:
                raise UsageError(f"no lock and no journal is of run {wanted}")
            click.echo(f"Run {wanted} is left as it is.")
            return ExitCode.DONE
        for one in found:
            server.delete("Transaction", one.dbid)
            click.echo(f"Released the lock of run {holder_of(one).run}.")
    if wanted and abandon(session.state(), wanted, run_context("").clock):
        click.echo(f"Run {wanted} is left as it is.")
    if not found:
        click.echo("Nobody holds the lock.")
    return ExitCode.DONE
