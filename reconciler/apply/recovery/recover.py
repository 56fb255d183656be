"""After a run that did not finish: recovers it, abandons it, or releases its lock."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.acquisition import wait_until_presumed_dead
from reconciler.apply.lock.lock import Clock
from reconciler.apply.lock.lock_object import find_locks, holder_of, lock_held
from reconciler.apply.progress import RunProgress
from reconciler.apply.recovery.actions import recover_actions
from reconciler.apply.recovery.inventory import complete_inventory, resolve_inventory_calls
from reconciler.apply.report import Recovered
from reconciler.apply.reread import check_installation, file_specs
from reconciler.apply.session import RunContext, RunOptions, held_lock, lock_request, open_session
from reconciler.errors import RunHeldError, UnrecoveredError
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.plan.file.codec import read_plan
from reconciler.plan.model import Plan
from reconciler.server.errors import ObjectNotFoundError
from reconciler.server.port import Reader, Server
from reconciler.state.records import RunFinish
from reconciler.state.session import run_held
from reconciler.state.store import RunEntry, RunJournal, StateStore, StoredRun


def unfinished_runs(state: StateStore, server: Reader) -> list[RunEntry]:
    """The runs on a server that did not finish, oldest first. The run that the server's lock names
    is among them, even if the server had another identity then."""
    identity = server.info().identity
    here = {run.name for run in state.list_runs(identity)}
    here |= {holder_of(one).run for one in find_locks(server)}
    return [run for run in state.list_runs() if run.name in here and not run.finished]


class RecoveryOptions(Struct, frozen=True):
    """``reverse``: a half-done replace restores the old object; ``same_host``: the run was on this
    host, whose id has changed since."""

    reverse: bool = False
    same_host: bool = False

    def is_own_host(self, run: StoredRun, context: RunContext) -> bool:
        """Whether a run was on the host of this process."""
        return self.same_host or context.is_machine_of(run.head)


def recover_run(
    run: StoredRun,
    plan: Plan,
    server: Server,
    options: RunOptions,
    context: RunContext,
    progress: RunProgress,
    recovery: RecoveryOptions,
) -> list[Recovered]:
    """Finishes the actions that a run left half done, and releases its lock. Returns what it found
    about them.

    On another host than the run's, its launch files are left alone, and the run stays unfinished if
    it may have been writing any of them. Raises RunHeldError while the run's process is alive,
    RefusedError if its launch files are in another folder, and UnrecoveredError if something is
    left. On these and on all errors of the server the run and its lock stay, and recover can be
    repeated.
    """
    elsewhere = not recovery.is_own_host(run, context)
    warn = progress.warning
    if not elsewhere:
        check_installation(run, plan, options.installation)
    with _held(options.state, run.name, server) as journal:
        run = options.state.read_run(run.name)  # again: now no other process writes it
        if run.finished:
            return []  # another process has just recovered it
        # The lock names the run, so that whoever finds it knows which run to recover.
        own = replace(context, name=run.name)
        following = max((step.number for step in run.steps), default=0) + 1
        pending: tuple[str, ...] = ()
        if elsewhere:
            run, plan, pending = without_launch_files(run, plan)
            options = replace(options, installation=None)
        request = lock_request(plan, options, own, recovering=True, elsewhere=elsewhere)
        if request is None and elsewhere:
            wait_until_presumed_dead(options.lease, context.clock, warn)
        # Ctrl-C may come through everywhere: a recovery can be repeated.
        with held_lock(server, request, context.clock, Interrupts(), warn) as lock:
            lock.keep = True
            lock.start_writing()
            session = open_session(
                plan, server, journal, lock, options.installation, first_step=following
            )
            results = [
                *_reported(recover_actions(run, plan, session, reverse=recovery.reverse), progress),
                *_reported(resolve_inventory_calls(run, plan, session), progress),
                *_reported(_removed_drafts(plan, options), progress),
            ]
            _check_complete(results, run.name, options.state.place)
            complete_inventory(run.name, plan, session, options, warn)
            if pending:
                raise _files_left(run, pending, options.state.place)
            _finish(journal, context.clock)
            lock.keep = False
            return results


@contextmanager
def _held(state: StateStore, run: str, server: Reader) -> Iterator[RunJournal]:
    """Holds a run. RunHeldError says who else has it, as far as the lock tells."""
    with ExitStack() as stack:
        try:
            journal = stack.enter_context(state.hold(run))
        except RunHeldError as error:
            for held in map(holder_of, find_locks(server)):
                if held.run == run:
                    doing = "is being recovered" if held.recovering else "is still going on"
                    since = f" since {held.since}" if held.since else ""
                    raise RunHeldError(
                        f"the run {run} {doing}: {held.owner} on {held.host}{since}", error.hint
                    ) from error
            raise
        yield journal


def without_launch_files(run: StoredRun, plan: Plan) -> tuple[StoredRun, Plan, tuple[str, ...]]:
    """A run and its plan without what concerns launch files; and the addresses of the launch files
    that the run may have been writing when it ended."""
    files = {action.address for action in plan.writes if action.object_type == LAUNCH_FILE}
    pending = dict.fromkeys(
        step.address for step in run.steps if step.address in files and step.unknown
    )
    return (
        replace(run, steps=tuple(step for step in run.steps if step.address not in files)),
        replace(plan, actions=tuple(one for one in plan.actions if one.address not in files)),
        tuple(pending),
    )


def _check_complete(results: Sequence[Recovered], run: str, place: str) -> None:
    """UnrecoveredError if something is left."""
    left = [result.address for result in results if not result.complete]
    if left:
        raise UnrecoveredError(
            f"not recovered: {', '.join(left)}",
            "Correct the causes listed above and run gwe recover again (the run's state is"
            f" {place}), or give up the run with gwe lock release --abandon {run}.",
        )


def _files_left(run: StoredRun, files: Sequence[str], place: str) -> UnrecoveredError:
    return UnrecoveredError(
        f"not recovered: {', '.join(files)}. Launch files are recovered on their own host,"
        f" {run.head.host}; what the run did on the server is recovered",
        f"Run gwe recover on {run.head.host}; the run's state is {place}. If this is that host"
        " with another id or name, run gwe recover --same-host.",
    )


def _reported(results: Iterator[Recovered], progress: RunProgress) -> Iterator[Recovered]:
    for result in results:
        progress.recovered(result)
        yield result


def _finish(journal: RunJournal, clock: Clock) -> None:
    journal.append(RunFinish("recovered", unsettled=False, ended=clock.timestamp(0)))


def _removed_drafts(plan: Plan, options: RunOptions) -> Iterator[Recovered]:
    """Removes drafts of launch files that the run did not put in place before it ended."""
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


def release_orphaned_lock(state: StateStore, server: Server) -> str:
    """Releases a lock that a finished run of this state left behind. Returns the name of that run;
    empty: there is none. LockHeldError if a run that is not in this state may have left something
    half done."""
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
