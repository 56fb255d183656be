"""What comes after a run that did not finish: recover it, abandon it, release its lock."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from reconciler.apply.lock import Clock, find_locks, holder_of
from reconciler.apply.lock_acquisition import lock_held
from reconciler.apply.recover_actions import Recovered, recover_actions
from reconciler.apply.reread import check_installation, file_specs
from reconciler.apply.session import RunContext, RunOptions, run_session
from reconciler.errors import UnrecoveredError, UsageError
from reconciler.plan.codec import read_plan
from reconciler.plan.model import Plan
from reconciler.server.errors import ObjectNotFoundError
from reconciler.server.port import Server
from reconciler.state.records import RunFinish
from reconciler.state.session import run_held
from reconciler.state.store import RunEntry, RunJournal, StateStore, StoredRun


def unfinished_runs(state: StateStore, identity: str) -> list[RunEntry]:
    """The runs on a server that did not finish, oldest first."""
    return [run for run in state.list_runs(identity) if not run.finished]


def recover_run(
    run: StoredRun,
    plan: Plan,
    server: Server,
    options: RunOptions,
    context: RunContext,
    tell: Callable[[Recovered], None],
    warn: Callable[[str], None],
    *,
    reverse: bool = False,
) -> None:
    """Finishes the actions that a run left half done, and releases its lock. ``reverse``: a
    half-done replace brings the old object back. ``tell`` gets each result.

    Raises RunHeldError while the run's process is alive, RefusedError where its launch files
    are elsewhere, and UnrecoveredError where the server refused something. On these and on
    all errors of the server the run and its lock stay, and recover can be repeated.
    """
    check_installation(run, plan, options.installation)
    with options.state.hold(run.name) as journal:
        run = options.state.read_run(run.name)  # again: now no other process writes it
        if run.finished:
            return  # another process has just recovered it
        # The lock names the run, so that its finder knows whose journal has the rest.
        own = replace(context, name=run.name)
        following = max((step.number for step in run.steps), default=0) + 1
        with run_session(
            plan, server, journal, options, own, warn, resumes_at=following
        ) as session:
            results = [
                *_told(recover_actions(run, plan, session, reverse=reverse), tell),
                *_told(_removed_drafts(plan, options), tell),
            ]
            left = [result.address for result in results if not result.complete]
            if left:
                raise UnrecoveredError(
                    f"not recovered: {', '.join(left)}",
                    "Correct the causes listed above and run gwe recover again, or give up the run"
                    f" with gwe lock release --abandon {run.name}.",
                )
            _finish(journal, context.clock)
            session.lock.keep = False


def _told(results: Iterator[Recovered], tell: Callable[[Recovered], None]) -> Iterator[Recovered]:
    for result in results:
        tell(result)
        yield result


def _finish(journal: RunJournal, clock: Clock) -> None:
    journal.append(RunFinish("recovered", unsettled=False, ended=clock.timestamp(0)))


def _removed_drafts(plan: Plan, options: RunOptions) -> Iterator[Recovered]:
    """Removes drafts of launch files that the run did not live to put in place."""
    addresses = {action.subject.name: action.address for action in plan.writes}
    if options.installation is None:
        return
    for spec in file_specs(plan):
        for _ in options.installation.clear(spec.path):
            message = "a new file that was not put in its place was removed"
            yield Recovered(addresses[spec.path], message)


def plan_of_run(run: StoredRun) -> Plan:
    """The plan that a run applied, with empty secrets."""
    return read_plan(run.plan_text, f"the plan of run {run.name}")


def abandon(state: StateStore, name: str, clock: Clock) -> bool:
    """Records that an unfinished run is not to be recovered; False where the run is not in
    this state."""
    try:
        run = state.find_run(name)
    except UsageError:
        return False
    state.abandon(run, clock.timestamp(0))
    return True


def release_orphaned_lock(state: StateStore, server: Server) -> str:
    """Releases a lock that a finished run of this state left behind; the name of that run,
    empty if there is none. LockHeldError where a run that is not in this state may have left
    something half done."""
    runs = {run.name: run for run in state.list_runs()}
    for one in find_locks(server):
        held = holder_of(one)
        run = runs.get(held.run)
        if run is not None and run.finished:
            if state.is_held(run.name):
                raise run_held(run.name)
            with suppress(ObjectNotFoundError):  # another process has just released it
                server.delete("Transaction", one.dbid)
            return run.name
        if run is None and held.writing:
            raise lock_held(one)
    return ""
