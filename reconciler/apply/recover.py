"""What comes after a run that did not finish: recover it, abandon it, release its lock."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from reconciler.apply.lock import Clock, find_locks, holder_of
from reconciler.apply.recover_actions import Recovered, recover_actions
from reconciler.apply.reread import check_installation, file_specs
from reconciler.apply.session import RunContext, RunOptions, open_journal, run_session
from reconciler.errors import UnrecoveredError, UsageError
from reconciler.plan.codec import read_plan
from reconciler.plan.model import Plan
from reconciler.server.port import Server
from reconciler.state.folder import StateFolder
from reconciler.state.journal import Journal
from reconciler.state.runs import Run, read_plan_text, read_run, read_runs


def unfinished_runs(state: StateFolder, identity: str) -> list[Run]:
    """The runs on a server that did not finish, oldest first."""
    runs = read_runs(state, identity)
    return [run for run in runs if run.head.get("identity") == identity and not run.finished]


def recover_run(
    run: Run,
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
    with open_journal(options.state, run.name) as journal:
        run = read_run(options.state, run.name)  # again: now no other process writes it
        # The lock names the run, so that its finder knows whose journal has the rest.
        own = replace(context, name=run.name)
        following = max((step.number for step in run.steps), default=0) + 1
        with run_session(
            plan, server, journal, options, own, warn, resumes_at=following
        ) as session:
            results = [
                *_told(recover_actions(run, plan, session, reverse=reverse), tell),
                *_told(_removed_drafts(run, plan, options), tell),
            ]
            left = [result.address for result in results if not result.complete]
            if left:
                raise UnrecoveredError(
                    f"not recovered: {', '.join(left)}",
                    "Remove what stands in the way and run gwe recover again, or give up with"
                    f" gwe lock release --abandon {run.name}.",
                )
            _finish(journal, "recovered", context.clock)
            session.lock.keep = False


def _told(results: Iterator[Recovered], tell: Callable[[Recovered], None]) -> Iterator[Recovered]:
    for result in results:
        tell(result)
        yield result


def _finish(journal: Journal, status: str, clock: Clock) -> None:
    journal.record("finish", status=status, unsettled=False, ended=clock.timestamp(0))


def _removed_drafts(run: Run, plan: Plan, options: RunOptions) -> Iterator[Recovered]:
    """Removes drafts of launch files that the run did not live to put in place."""
    backups = options.state.run_path(run.name)
    addresses = {action.subject.name: action.address for action in plan.writes}
    if options.installation is None:
        return
    for spec in file_specs(plan):
        for _ in options.installation.clear(spec.path, backups):
            message = "a new file that was not put in its place was removed"
            yield Recovered(addresses[spec.path], message)


def plan_of_run(state: StateFolder, run: Run, resolve: Callable[[str], str] | None = None) -> Plan:
    """The plan that a run applied. ``resolve``: see ``plan.codec.read_plan``."""
    return read_plan(read_plan_text(state, run.name), f"the plan of run {run.name}", resolve)


def abandon(state: StateFolder, name: str, clock: Clock) -> bool:
    """Records that an unfinished run is not to be recovered; False where its journal is on
    another host."""
    try:
        run = read_run(state, name)
    except UsageError:
        return False
    with open_journal(state, run.name) as journal:
        _finish(journal, "abandoned", clock)
    return True


def release_orphaned_lock(state: StateFolder, server: Server) -> str:
    """Releases a lock that a finished run of this state folder left behind; the name of that
    run, empty if there is none."""
    for one in find_locks(server):
        held = holder_of(one)
        if held.run in state.run_names() and read_run(state, held.run).finished:
            with state.held(held.run):  # so its process is dead
                server.delete("Transaction", one.dbid)
            return held.run
    return ""
