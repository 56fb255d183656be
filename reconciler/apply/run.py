"""Executes a plan, from the plan to the report.

    journal begun -> lock acquired -> everything read again and compared -> actions written,
    each compared once more -> journal ended -> lock released

A run that may have left an action half done keeps its name in the lock and its journal
without an end: ``gwe recover`` finishes it. ``docs/reliability.md`` says what happens when
something breaks.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import reconciler
from reconciler.apply.calls import recover_hint
from reconciler.apply.check import (
    check_guards,
    check_server,
    check_site,
    stale_error,
    stale_outcomes,
)
from reconciler.apply.executor import execute
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.inventory import claim_inventory, record_ownership
from reconciler.apply.progress import RunProgress
from reconciler.apply.report import Outcome, RunReport
from reconciler.apply.session import (
    RunContext,
    RunOptions,
    RunSession,
    held_lock,
    lock_request,
    open_session,
)
from reconciler.diagnostics import defect
from reconciler.errors import (
    ExitCode,
    InterruptedRunError,
    JournalError,
    LockHeldError,
    ReconcilerError,
    RunOnceError,
    StateError,
)
from reconciler.plan.file.codec import seal_of
from reconciler.plan.model import Plan
from reconciler.server.connect import from_any_folder
from reconciler.server.port import Server, ServerInfo
from reconciler.state.records import RunFinish, RunHead
from reconciler.state.store import DamagedRun, RunJournal, StateStore, left_unfinished


def execute_plan(
    plan: Plan,
    text: str,
    server: Server,
    options: RunOptions,
    context: RunContext,
    progress: RunProgress,
) -> RunReport:
    """Applies a plan. ``text``: its JSON.

    Raises StalePlanError, LockHeldError, RunOnceError or RefusedError if nothing was
    written, and StateError or JournalError if the journal cannot be kept.
    """
    info = server.info()
    _check_may_begin(plan, text, info, options)
    head = _head(plan, text, info, context)
    with Interrupts() as interrupts, _new_run(options.state, head, text) as journal:
        report: RunReport | None = None
        began_writing, exit_code = False, int(ExitCode.FAILED)
        try:
            request, warn = lock_request(plan, options, context), progress.warning
            with held_lock(server, request, context.clock, interrupts, warn) as lock:
                with interrupts.allowed():
                    _check_none_running(options.state, info.identity, context.name)
                    session = open_session(plan, server, journal, lock, options.installation)
                    stale = _stale(plan, session, options)
                    options.confirm()
                    claim_inventory(plan, session.server, session.calls, context.name)
                lock.keep = began_writing = True
                try:
                    with interrupts.allowed():
                        report = execute(plan, session, progress, stale, options.in_flight)
                finally:
                    if report is not None:
                        _record_ownership(plan, report, session, options, warn)
                        report.journal_broken = journal.broken
                        lock.keep = report.needs_recovery or journal.broken
        except ReconcilerError as error:
            exit_code = int(error.exit_code)
            raise
        except KeyboardInterrupt:
            if report is None and began_writing:
                raise _interrupted("the run was interrupted", options.state) from None
            if report is None:
                raise
        except Exception as error:
            if report is None and began_writing:
                raise _interrupted(defect(error), options.state) from error
            raise
        finally:
            # gwe recover looks at every run whose journal has no end.
            if report is not None or not began_writing:
                _end(journal, report, exit_code, context)
        return report


def _record_ownership(
    plan: Plan,
    report: RunReport,
    session: RunSession,
    options: RunOptions,
    warn: Callable[[str], None],
) -> None:
    """Writes into the inventory what the run has created and deleted, unless that is left to a
    recovery."""
    calls = session.calls
    if not (report.needs_recovery or calls.journal.broken):
        report.inventory_unsettled = not record_ownership(
            plan, session.server, calls, calls.ownership, options.state, warn
        )


def _end(
    journal: RunJournal, report: RunReport | None, exit_code: int, context: RunContext
) -> None:
    """Writes the last record. If that fails, the report says so."""
    try:
        journal.append(_finish(report, exit_code, context))
    except JournalError as error:
        if report is not None:
            report.note_broken_journal(error)


def _check_may_begin(plan: Plan, text: str, info: ServerInfo, options: RunOptions) -> None:
    check_server(plan, info.identity, info.url)
    check_none_unfinished(options.state, info.identity)
    if options.from_file:
        _check_not_run(options.state, text, info.identity)


def _interrupted(reason: str, state: StateStore) -> InterruptedRunError:
    return InterruptedRunError(
        f"{reason}; something may have been written", recover_hint(state.place)
    )


@contextmanager
def _new_run(state: StateStore, head: RunHead, text: str) -> Iterator[RunJournal]:
    """A new run, held by this process. StateError if it cannot be created."""
    with ExitStack() as stack:
        try:
            journal = stack.enter_context(state.create_run(head, text))
        except StateError as error:
            raise type(error)(error.message, f"{error.hint} Nothing was written.") from error
        yield journal


def _stale(plan: Plan, session: RunSession, options: RunOptions) -> Sequence[Outcome]:
    """The outcomes of stale actions. StalePlanError if there are any that may not be skipped."""
    check_site(plan, session.site)
    check_guards(plan, session.site, session.live, options.limits)
    stale = stale_outcomes(plan, session.live)
    if stale and not options.skip_stale:
        raise stale_error(plan, stale, session.live)
    return stale


def _head(plan: Plan, text: str, info: ServerInfo, context: RunContext) -> RunHead:
    seal = seal_of(text)
    return RunHead(
        run=context.name,
        plan_id=seal.id,
        plan_digest=seal.digest,
        server=from_any_folder(info.url),  # a state may hold the runs of many folders
        identity=info.identity,
        app=plan.site.app,
        tenant=plan.site.tenant,
        user=context.user,
        host=context.host,
        process=context.process,
        started=context.started,
        actions=len(plan.writes),
        tool=f"gwe-reconciler {reconciler.__version__}",
        undoes=plan.undoes,
        machine=context.machine,
    )


def _finish(report: RunReport | None, exit_code: int, context: RunContext) -> RunFinish:
    ended = context.clock.timestamp(0)
    if report is None:
        return RunFinish("nothing written", unsettled=False, ended=ended, exit=exit_code)
    done = len(report.of("done"))
    status = "applied" if done == len(report.outcomes) else "partly applied"
    if not report.outcomes or not any(o.wrote or o.status == "unknown" for o in report.outcomes):
        status = "nothing written"
    return RunFinish(
        status,
        unsettled=report.needs_recovery,
        ended=ended,
        exit=int(report.exit_code),
        done=done,
        of=len(report.outcomes),
    )


def check_none_unfinished(state: StateStore, identity: str) -> None:
    """LockHeldError if a run on a server did not finish."""
    for run in left_unfinished(state, identity):
        give_up = f"gwe lock release --abandon {run.name}"
        if isinstance(run, DamagedRun):
            raise LockHeldError(
                f"the run {run.name} in {state.place} may not have finished on this server, and"
                f" cannot be read: {run.problem}",
                f"Restore the state from a backup, or abandon the run with {give_up}.",
            )
        raise LockHeldError(
            f"the run {run.name} did not finish on this server",
            f"Run gwe recover first, which finishes it, or {give_up}."
            f" The run's state is {state.place}.",
        )


def _check_none_running(state: StateStore, identity: str, own: str) -> None:
    """Called with the lock held: a run without a lock may still be writing."""
    for run in state.list_runs(identity):
        if run.name != own and not run.finished and state.is_held(run.name):
            raise LockHeldError(f"the run {run.name} is still running", "Wait until it ends.")


def _check_not_run(state: StateStore, text: str, identity: str) -> None:
    run = state.run_of_plan(seal_of(text).digest, identity)
    if run:
        heads = (one.head for one in state.list_runs(identity) if one.name == run)
        host = next((f" from host {head.host}" for head in heads if head), "")
        raise RunOnceError(
            f"this plan was applied already, as run {run}{host}",
            "A plan file is applied once. Make a new plan: it shows what is left to do.",
        )
