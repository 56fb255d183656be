"""The life of a run from its plan to its report: lock, check, write, and leave in order.

    journal begun -> lock taken -> everything read again and compared -> actions written,
    each compared once more -> journal ended -> lock given back

A run that may have left something by half keeps its name in the lock and in the journal:
``gwe recover`` settles it. ``docs/reliability.md`` says what happens when something breaks.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import reconciler
from reconciler.apply.calls import Calls
from reconciler.apply.check import check_server, check_site, stale_error, stale_outcomes
from reconciler.apply.executor import OutcomeListener, execute
from reconciler.apply.lock import Clock, Confirmation, Holder, NoLock
from reconciler.apply.lock_acquisition import acquire
from reconciler.apply.report import RunReport
from reconciler.apply.reread import file_specs, read_again
from reconciler.errors import (
    ExitCode,
    InterruptedRunError,
    JournalError,
    LockHeldError,
    ReconcilerError,
    RunHeldError,
    RunOnceError,
)
from reconciler.launch.adapter import WithFiles
from reconciler.launch.files import Installation
from reconciler.plan.document import plan_id
from reconciler.plan.model import Plan
from reconciler.server.errors import ServerError
from reconciler.server.port import Server, ServerInfo
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.state.folder import JOURNAL, StateFolder
from reconciler.state.journal import FORMAT, Journal
from reconciler.state.runs import next_number, read_runs


@dataclass(frozen=True)
class RunContext:
    """Who runs, where and when. ``name``: what the run is called."""

    name: str
    user: str
    host: str
    process: int
    started: str
    clock: Clock


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out. ``lock_wait`` and ``lease`` in seconds. ``from_file``: the
    plan is a file, which is run once. ``installation``: where the launch files are."""

    state: StateFolder
    lock: bool = True
    lock_wait: float = 0.0
    lease: float = 60.0
    skip_stale: bool = False
    from_file: bool = False
    installation: Installation | None = None


def execute_plan(
    plan: Plan,
    text: str,
    server: Server,
    options: RunOptions,
    context: RunContext,
    listener: OutcomeListener,
    warn: Callable[[str], None],
    stopping: Callable[[], bool],
) -> RunReport:
    """Carries a plan out. ``text``: its JSON. ``warn`` is told what people should know.

    Raises StalePlanError, LockHeldError, RunOnceError or RefusedError where nothing was
    written, and StateFolderError or JournalError where the journal cannot be kept.
    """
    info = server.info()
    check_server(plan, info.identity, info.url)
    _check_no_unsettled(options.state, info.identity)
    if options.from_file:
        _check_not_run(options.state, plan_id(text), info.identity)
    number = next_number(options.state)
    backups = options.state.make_run(context.name, text)
    server = with_files(server, plan, options.installation, backups)
    with open_journal(options.state, context.name) as journal:
        journal.record("run", number=number, **_head(plan, text, info, context))
        report: RunReport | None = None
        sent, refused = False, int(ExitCode.FAILED)
        try:
            with locked(server, plan, options, context, warn) as lock:
                _check_none_goes_on(options.state, info.identity, context.name)
                live, site = read_again(plan, server, options.installation)
                check_site(plan, site)
                stale = stale_outcomes(plan, live)
                if stale and not options.skip_stale:
                    raise stale_error(stale)
                calls = Calls(server, journal, lock)
                lock.keep = sent = True
                report = execute(plan, live, server, listener, stopping, calls=calls, stale=stale)
                report.journal_broken = journal.broken
                lock.keep = report.needs_recovery or journal.broken
        except ReconcilerError as error:
            refused = int(error.exit_code)
            raise
        except KeyboardInterrupt:
            if report is None and sent:
                raise InterruptedRunError(
                    "the run was interrupted; something may have been written",
                    "Run gwe recover: it looks what is there and finishes it.",
                ) from None
            if report is None:
                raise
        finally:
            # A journal without an end is one that gwe recover looks at.
            if report is not None or not sent:
                with suppress(JournalError, KeyboardInterrupt):
                    journal.record("finish", **_tail(report, refused, context))
    return report


def with_files(
    server: Server, plan: Plan, installation: Installation | None, backups: Path | None = None
) -> Server:
    """The server, answering for the launch files of the plan as well."""
    if installation is None:
        return server
    return WithFiles(server, installation, file_specs(plan), backups)


def _head(plan: Plan, text: str, info: ServerInfo, context: RunContext) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "tool": f"gwe-reconciler {reconciler.__version__}",
        "run": context.name,
        "plan": plan_id(text),
        "undoes": plan.undoes or None,
        "server": info.url,
        "identity": info.identity,
        "app": plan.site.app,
        "tenant": plan.site.tenant,
        "user": context.user,
        "host": context.host,
        "process": context.process,
        "started": context.started,
        "actions": sum(action.writes for action in plan.actions),
    }


def _tail(report: RunReport | None, refused: int, context: RunContext) -> Mapping[str, Any]:
    ended = context.clock.timestamp(0)
    if report is None:
        return {"status": "nothing written", "unsettled": False, "exit": refused, "ended": ended}
    done = len(report.of("done"))
    status = "applied" if done == len(report.outcomes) else "partly applied"
    if not report.outcomes or not any(o.wrote or o.status == "unknown" for o in report.outcomes):
        status = "nothing written"
    return {
        "status": status,
        "done": done,
        "of": len(report.outcomes),
        "unsettled": report.needs_recovery,
        "exit": int(report.exit_code),
        "ended": ended,
    }


@contextmanager
def open_journal(state: StateFolder, run: str) -> Iterator[Journal]:
    """The journal of a run, held by this process. RunHeldError where another one has it."""
    with state.held(run), Journal(state.run_path(run) / JOURNAL) as journal:
        yield journal


class HeldLock:
    """A lock for the length of a run. ``keep``: it is left, with the run's name in it."""

    def __init__(self, lock: Confirmation) -> None:
        self._lock = lock
        self.keep = False

    def confirm(self) -> None:
        self._lock.confirm()

    def start_writing(self) -> None:
        self._lock.start_writing()

    def release(self) -> None:
        self._lock.release()


@contextmanager
def locked(
    server: Server,
    plan: Plan,
    options: RunOptions,
    context: RunContext,
    warn: Callable[[str], None],
    ours: str = "",
) -> Iterator["HeldLock"]:
    """The lock, for as long as a run needs it. ``ours``: see ``contender.acquire``."""
    lock: Confirmation = NoLock()
    if options.lock:
        holder = Holder(context.user, context.host, context.name, lease=options.lease)
        tenants = (ENVIRONMENT, plan.site.tenant_dbid)
        lock, warning = acquire(
            server, holder, tenants, context.clock, wait=options.lock_wait, ours=ours
        )
        if warning:
            warn(warning)
    held = HeldLock(lock)
    try:
        yield held
    finally:
        if not held.keep:
            try:
                held.release()
            except ServerError as error:
                warn(f"The lock could not be given back: {error.message}. See gwe lock show.")
            except KeyboardInterrupt:
                warn("Interrupted while the lock was given back. See gwe lock show.")


def _check_no_unsettled(state: StateFolder, identity: str) -> None:
    for run in read_runs(state, identity):
        if not run.finished and not _goes_on(state, run.name):
            raise LockHeldError(
                f"the run {run.name} did not finish on this server",
                "Run gwe recover first, which finishes what it left,"
                f" or gwe lock release --abandon {run.name}.",
            )


def _check_none_goes_on(state: StateFolder, identity: str, own: str) -> None:
    """With the lock in hand: a run that has none may still write."""
    for run in read_runs(state, identity):
        if run.name != own and not run.finished and _goes_on(state, run.name):
            raise LockHeldError(f"the run {run.name} still goes on", "Wait for its end.")


def _goes_on(state: StateFolder, run: str) -> bool:
    """Whether the process of a run is alive: then its lock says so."""
    try:
        with state.held(run):
            return False
    except RunHeldError:
        return True


def last_run(state: StateFolder, identity: str) -> str:
    """The last run on a server that has written; empty: there is none."""
    return next((run.name for run in reversed(read_runs(state, identity)) if run.begun), "")


def _check_not_run(state: StateFolder, plan: str, identity: str) -> None:
    for run in read_runs(state, identity):
        if run.head.get("plan") == plan and run.begun:
            raise RunOnceError(
                f"this plan was run already, as {run.name}",
                "A plan is run once. Make a new one: it shows what is left.",
            )
