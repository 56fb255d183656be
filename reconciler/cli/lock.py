"""``gwe lock``: who holds the lock in Configuration Server, and how it is released."""

from collections.abc import Sequence

import click

from reconciler.apply.check import on_another_server
from reconciler.apply.lock.lock_object import Holder, find_locks, holder_of
from reconciler.cli.common import StateFlags
from reconciler.cli.completing import complete_run
from reconciler.cli.connection import ConnectionFlags, takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedGroup
from reconciler.cli.interrupt import interrupt_explained
from reconciler.cli.reporting import reported
from reconciler.cli.session import open_session
from reconciler.cli.settings import state_store
from reconciler.diagnostics import Diagnostic
from reconciler.engine.run_context import run_context
from reconciler.errors import ExitCode, RefusedError, UsageError
from reconciler.render.console import say
from reconciler.render.reports import HeldLock, LockResult
from reconciler.server.errors import ObjectNotFoundError
from reconciler.server.identity import same_server
from reconciler.server.port import ServerInfo
from reconciler.state.store import RunEntry, StateStore


@click.group("lock", cls=SectionedGroup)
def command() -> None:
    """Show or release the lock that lets one run write at a time."""


@command.command("show")
@takes_site
@with_flags
def show(connection: ConnectionFlags, form: JsonFlags) -> int:
    """Show who holds the lock."""

    def work() -> LockResult:
        with open_session(connection).connect() as engine:
            found = find_locks(engine.reader)
        locks = [HeldLock(holder_of(one), str(one.attributes["name"]), one.dbid) for one in found]
        if not locks:
            say("Nobody holds the lock.")
        for lock in locks:
            _say_lock(lock)
        return LockResult(ExitCode.DONE, locks)

    return reported(form, "lock", LockResult, work)


def _say_lock(lock: HeldLock) -> None:
    held = lock.holder
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
    say(f"  object   Transaction {lock.object}, DBID {lock.dbid}")


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
        entry = _find_run(store, run) if run else None
        if run and run not in [held.run for held in holders]:
            _check_may_abandon(entry, run, server.info(), store.place)
            locks, holders = [], []
        for lock, held in zip(locks, holders, strict=True):
            try:
                server.delete("Transaction", lock.dbid)
            except ObjectNotFoundError:
                say(f"The lock of run {held.run} was released meanwhile.")
            else:
                say(f"Released the lock of run {held.run}.")
    if entry is not None and not entry.finished:
        store.abandon(entry.name, run_context("").clock.timestamp(0))
        say(f"Gave up run {entry.name}; what it left half done stays so.")
    elif not locks:
        say("Nobody holds the lock.")
    return ExitCode.DONE


def _find_run(store: StateStore, text: str) -> RunEntry | None:
    """The run that ``text`` means; None if it is not in this state."""
    try:
        name = store.find_run(text)
    except UsageError:
        return None
    return next((one for one in store.list_runs() if one.name == name), None)


def _check_may_abandon(entry: RunEntry | None, text: str, info: ServerInfo, place: str) -> None:
    """Checks that a run without a lock may be abandoned: it did not finish on this server.
    UsageError if there is no such run in the state at ``place``, RefusedError for any other."""
    if entry is None:
        raise UsageError(
            f"there is no lock of a run {text}, and no such run in {place}",
            "gwe lock show names the runs that hold a lock, gwe runs those of the state.",
        )
    if entry.head is not None and not same_server(entry.head.identity, info.identity):
        raise RefusedError([on_another_server(entry.head, info)])
    if entry.finished:
        raise RefusedError(
            [
                Diagnostic(
                    f"the run {entry.name} has ended: {entry.status}",
                    hint="There is nothing to abandon. gwe runs lists the unfinished runs.",
                )
            ]
        )


def _check_may_release(holders: Sequence[Holder], run: str) -> None:
    """RefusedError if a run other than ``run`` has begun to write."""
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
