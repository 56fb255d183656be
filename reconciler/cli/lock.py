"""``gwe lock``: who holds the lock in Configuration Server, and how it is released."""

from collections.abc import Sequence

import click

from reconciler.apply.lock.lock_object import Holder, find_locks, holder_of
from reconciler.apply.recovery.recover import abandon
from reconciler.cli.common import StateFlags
from reconciler.cli.complete_values import complete_run
from reconciler.cli.connection import ConnectionFlags, takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.help import SectionedGroup
from reconciler.cli.interrupt import interrupt_explained
from reconciler.cli.session import open_session, state_store
from reconciler.diagnostics import Diagnostic
from reconciler.engine.run_context import run_context
from reconciler.errors import ExitCode, RefusedError, UsageError
from reconciler.render.console import say
from reconciler.server.errors import ObjectNotFoundError
from reconciler.state.store import StateStore


@click.group("lock", cls=SectionedGroup)
def command() -> None:
    """Show or release the lock that lets one run write at a time."""


@command.command("show")
@takes_site
@with_flags
def show(connection: ConnectionFlags) -> int:
    """Show who holds the lock."""
    with open_session(connection).connect() as engine:
        locks = find_locks(engine.reader)
    if not locks:
        say("Nobody holds the lock.")
    for lock in locks:
        held = holder_of(lock)
        doing = "writing, or left unfinished" if held.writing else "checking; nothing written yet"
        if held.recovering:
            doing = "being recovered, or left unfinished"
        say(f"Held by {held.owner} on {held.host}, run {held.run}")
        say(f"  since    {held.since}")
        say(f"  until    {held.until}, unless it is renewed")
        say(f"  status   {doing}")
        if held.counter is None:
            say("  counter  no number: it is unknown how long ago it was renewed")
        if held.place:
            say(f"  state    {held.place}")
        say(f"  object   Transaction {lock.attributes['name']}, DBID {lock.dbid}")
    return ExitCode.DONE


_INTERRUPTED = (
    "interrupted: the lock may or may not have been released",
    "gwe lock show tells whether it is still held.",
)


@command.command("release")
@takes_site
@click.option(
    "--abandon",
    "run",
    default="",
    metavar="RUN",
    shell_complete=complete_run,
    help="Release the lock of RUN without finishing what the run left half done.",
)
@with_flags
def release(run: str, connection: ConnectionFlags, state: StateFlags) -> int:
    """Release the lock of a dead run. If the run is alive after all, it notices and stops
    before its next write.

    A dead run that had begun to write may have left an object half done: gwe recover, with its
    state, finishes that object and releases the lock. Only where you cannot run it, use
    --abandon RUN.
    """
    session = open_session(connection)
    store = state_store(state, session.settings)
    with session.connect(state=state) as engine, interrupt_explained(*_INTERRUPTED):
        server = engine.writer
        locks = find_locks(server)
        holders = [holder_of(lock) for lock in locks]
        _check_may_release(holders, run)
        if run and run not in [held.run for held in holders]:
            if not _abandon(store, run):
                raise UsageError(
                    f"there is no lock of a run {run}, and no such run in {store.place}",
                    "gwe lock show names the runs that hold a lock, gwe runs those of the state.",
                )
            return ExitCode.DONE
        for lock, held in zip(locks, holders, strict=True):
            try:
                server.delete("Transaction", lock.dbid)
            except ObjectNotFoundError:
                say(f"The lock of run {held.run} was released meanwhile.")
            else:
                say(f"Released the lock of run {held.run}.")
    if run:
        _abandon(store, run)
    if not locks:
        say("Nobody holds the lock.")
    return ExitCode.DONE


def _check_may_release(holders: Sequence[Holder], run: str) -> None:
    """RefusedError where a run other than ``run`` has begun to write."""
    for held in holders:
        if held.writing and held.run != run:
            raise RefusedError(
                [
                    Diagnostic(
                        f"{held.run_display()} has begun to write and may have left an object"
                        " half done",
                        hint=f"Use {held.recovery()}, or give the run up with"
                        f" --abandon {held.run}.",
                    )
                ]
            )


def _abandon(store: StateStore, run: str) -> bool:
    """Gives up a run; False where it is not in this store."""
    found = abandon(store, run, run_context("").clock)
    if found:
        say(f"Gave up run {run}; what it left half done stays so.")
    return found
