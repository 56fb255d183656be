"""Executes a plan, from the plan to the report.

    journal begun -> lock acquired -> everything read again and compared -> actions written,
    each compared once more -> journal ended -> lock released

A run that may have left an action half done keeps its name in the lock and its journal
without an end: ``gwe recover`` finishes it. ``docs/reliability.md`` says what happens when
something breaks.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import reconciler
from reconciler.apply.check import check_server, check_site, stale_error, stale_outcomes
from reconciler.apply.executor import OutcomeListener, execute
from reconciler.apply.report import RunReport
from reconciler.apply.session import (
    RunContext,
    RunOptions,
    RunSession,
    is_running,
    open_journal,
    run_session,
)
from reconciler.errors import (
    ExitCode,
    InterruptedRunError,
    JournalError,
    LockHeldError,
    ReconcilerError,
    RunOnceError,
)
from reconciler.plan.codec import plan_id
from reconciler.plan.model import Plan
from reconciler.server.port import Server, ServerInfo
from reconciler.state.folder import StateFolder
from reconciler.state.journal import FORMAT
from reconciler.state.runs import next_number, read_runs


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
    """Applies a plan. ``text``: its JSON. ``listener`` gets each outcome, ``warn`` sentences
    for the user; ``stopping`` is asked before each action.

    Raises StalePlanError, LockHeldError, RunOnceError or RefusedError where nothing was
    written, and StateFolderError or JournalError where the journal cannot be kept.
    """
    info = server.info()
    check_server(plan, info.identity, info.url)
    _check_none_unfinished(options.state, info.identity)
    if options.from_file:
        _check_not_run(options.state, plan_id(text), info.identity)
    number = next_number(options.state)
    options.state.make_run(context.name, text)
    with open_journal(options.state, context.name) as journal:
        journal.record("run", number=number, **_head(plan, text, info, context))
        report: RunReport | None = None
        began_writing, exit_code = False, int(ExitCode.FAILED)
        try:
            with run_session(plan, server, journal, options, context, warn) as session:
                _check_none_running(options.state, info.identity, context.name)
                stale = _stale(plan, session, options)
                session.lock.keep = began_writing = True
                report = execute(
                    plan, session.live, session.server, listener, stopping,
                    calls=session.calls, stale=stale,
                )  # fmt: skip
                report.journal_broken = journal.broken
                session.lock.keep = report.needs_recovery or journal.broken
        except ReconcilerError as error:
            exit_code = int(error.exit_code)
            raise
        except KeyboardInterrupt:
            if report is None and began_writing:
                raise InterruptedRunError(
                    "the run was interrupted; something may have been written",
                    "Run gwe recover: it checks what was written and finishes it.",
                ) from None
            if report is None:
                raise
        finally:
            # gwe recover looks at every run whose journal has no end.
            if report is not None or not began_writing:
                with suppress(JournalError, KeyboardInterrupt):
                    journal.record("finish", **_tail(report, exit_code, context))
    return report


def _stale(plan: Plan, session: RunSession, options: RunOptions) -> Any:
    """The outcomes of stale actions. StalePlanError if there are any that may not be skipped."""
    check_site(plan, session.site)
    stale = stale_outcomes(plan, session.live)
    if stale and not options.skip_stale:
        raise stale_error(stale)
    return stale


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
        "actions": len(plan.writes),
    }


def _tail(report: RunReport | None, exit_code: int, context: RunContext) -> Mapping[str, Any]:
    ended = context.clock.timestamp(0)
    if report is None:
        return {"status": "nothing written", "unsettled": False, "exit": exit_code, "ended": ended}
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


def _check_none_unfinished(state: StateFolder, identity: str) -> None:
    for run in read_runs(state, identity):
        if not run.finished and not is_running(state, run.name):
            raise LockHeldError(
                f"the run {run.name} did not finish on this server",
                "Run gwe recover first, which finishes it,"
                f" or gwe lock release --abandon {run.name}.",
            )


def _check_none_running(state: StateFolder, identity: str, own: str) -> None:
    """Asked with the lock held: a run without a lock may still be writing."""
    for run in read_runs(state, identity):
        if run.name != own and not run.finished and is_running(state, run.name):
            raise LockHeldError(f"the run {run.name} is still running", "Wait until it ends.")


def _check_not_run(state: StateFolder, plan: str, identity: str) -> None:
    for run in read_runs(state, identity):
        if run.head.get("plan") == plan and run.begun:
            raise RunOnceError(
                f"this plan was applied before, by run {run.name}",
                "A plan file is applied once. Make a new plan: it shows what is left to do.",
            )


def last_run(state: StateFolder, identity: str) -> str:
    """The last run that wrote to a server; empty if there is none."""
    return next((run.name for run in reversed(read_runs(state, identity)) if run.begun), "")
