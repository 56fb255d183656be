"""What comes after a run: settling what it left by half, taking it back, giving it up."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from reconciler.apply.calls import Calls
from reconciler.apply.lock import Clock, find_locks, holder_of
from reconciler.apply.recover_actions import Recovered, recover
from reconciler.apply.reread import file_specs, read_again
from reconciler.apply.run import RunContext, RunOptions, locked, open_journal, with_files
from reconciler.apply.undo_actions import undo_plan
from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError, UnrecoveredError, UsageError
from reconciler.kinds.types import ALL_TYPES
from reconciler.launch.adapter import FilesReader, installation_label
from reconciler.launch.files import Installation
from reconciler.plan.guards import Limits, refusals
from reconciler.plan.model import Plan
from reconciler.plan.parser import Resolve, read_plan
from reconciler.plan.queries import ReadRequirement
from reconciler.server.port import Reader, Server
from reconciler.state.folder import StateFolder
from reconciler.state.runs import Run, read_plan_text, read_run, read_runs


def unfinished_runs(state: StateFolder, identity: str) -> list[Run]:
    """The runs on a server that ``gwe recover`` has to look at, oldest first."""
    return [
        run for run in read_runs(state) if run.head.get("identity") == identity and not run.finished
    ]


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
    """Finishes, or takes back, what a run left by half, and gives its lock back.

    Raises RunHeldError where its process lives, RefusedError where its launch files are
    elsewhere, and UnrecoveredError where the server refused something; the run and its lock are
    left as they were then, also by the server's other errors.
    """
    _check_place(run, plan, options.installation)
    server = with_files(server, plan, options.installation, options.state.run_path(run.name))
    with open_journal(options.state, run.name) as journal:
        run = read_run(options.state, run.name)  # as it is now that nobody else writes
        # In the name of the run: who finds this lock knows whose journal tells the rest.
        own = replace(context, name=run.name)
        with locked(server, plan, options, own, warn, ours=run.name) as lock:
            # Nobody takes it over, also where this ends before all is settled.
            lock.keep = True
            lock.start_writing()
            live, _ = read_again(plan, server, options.installation)
            first = max((step.number for step in run.steps), default=0) + 1
            calls = Calls(server, journal, lock, first_step=first)
            left = []
            for finding in recover(run, plan, server, calls, live, reverse=reverse):
                tell(finding)
                left += [] if finding.complete else [finding.address]
            for finding in _cleared(run, plan, options):
                tell(finding)
            if left:
                raise UnrecoveredError(
                    f"not settled: {', '.join(left)}",
                    "Remove what stands in the way and run gwe recover again, or give up with"
                    f" gwe lock release --abandon {run.name}.",
                )
            journal.record(
                "finish",
                status="recovered",
                unsettled=False,
                ended=context.clock.timestamp(0),
            )
            lock.keep = False


def _check_place(run: Run, plan: Plan, installation: Installation | None) -> None:
    """RefusedError where the launch files of a run are not those of ``installation``. A host
    may have got another name since; then somebody has named the folder."""
    here = installation_label(installation) if installation else ""
    folders = [one.partition(":")[2] for one in (plan.site.installation, here)]
    if file_specs(plan) and folders[0] != folders[1]:
        raise RefusedError(
            [
                Diagnostic(
                    f"the launch files of run {run.name} are those of {plan.site.installation},"
                    f" not of {here or 'this host'}",
                    hint="Run it on that host, and name no other folder with GWE_INSTALL_DIR"
                    " or install_dir. Where this is that host under another name, name that"
                    " folder.",
                )
            ]
        )


def _cleared(run: Run, plan: Plan, options: RunOptions) -> Iterator[Recovered]:
    """Removes the new files that a run which died has left beside its launch files."""
    backups = options.state.run_path(run.name)
    addresses = {action.name: action.address for action in plan.actions}
    if options.installation is None:
        return
    for spec in file_specs(plan):
        for _ in options.installation.clear(spec.path, backups):
            message = "a new file that was not put in its place was removed"
            yield Recovered(addresses[spec.path], message)


def plan_undo(
    run: Run,
    plan: Plan,
    server: Reader,
    *,
    force: bool = False,
    limits: Limits | None = None,
    secret_words: tuple[str, ...] = (),
    installation: Installation | None = None,
) -> Plan:
    """The plan that takes a run back. ``plan``: the one that the run carried out."""
    info = server.info()
    if run.head.get("identity") != info.identity:
        raise RefusedError(
            [
                Diagnostic(
                    f"the run {run.name} was on another server, {run.head.get('server')}",
                    hint="Name that server with --server.",
                )
            ]
        )
    _check_place(run, plan, installation)
    if installation is not None:
        server = FilesReader(server, installation, file_specs(plan))
    live, site = read_again(plan, server, installation, _needs_of_undo(run, plan))
    undo = undo_plan(run, plan, live, info, site, force=force, secret_words=secret_words)
    # Asking for it is the consent to all that it takes away: no share is too much.
    whole = replace(limits or Limits(), percent=100)
    exceeded = refusals(undo.actions, whole, consented=True)
    return replace(undo, refusals=() if force else exceeded)


def _needs_of_undo(run: Run, plan: Plan) -> list[ReadRequirement]:
    """What an undo must see beside the objects themselves: what refers to them, and what
    referred to them before."""
    needs = [
        ReadRequirement(action.object_type, action.tenant, referrers=True)
        for action in plan.actions
        if action.action == "create" and action.object_type != "Application"
    ]
    for step in run.steps:
        gone = [step.before] if step.call == "delete" and step.before else []
        for one in (*gone, *step.referrers):
            words = frozenset(attribute.word for attribute in ALL_TYPES[one.type].attributes)
            needs.append(ReadRequirement(one.type, one.tenant, words=words))
    return needs


def plan_of_run(state: StateFolder, run: Run, resolve: Resolve | None = None) -> Plan:
    """The plan that a run carried out."""
    return read_plan(read_plan_text(state, run.name), f"the plan of run {run.name}", resolve)


def abandon(state: StateFolder, name: str, clock: Clock) -> bool:
    """Notes that a run which did not finish is left as it is; False where its journal is
    on another host."""
    try:
        run = read_run(state, name)
    except UsageError:
        return False
    with open_journal(state, run.name) as journal:
        journal.record("finish", status="abandoned", unsettled=False, ended=clock.timestamp(0))
    return True


def release_orphaned_lock(state: StateFolder, server: Server) -> str:
    """Gives a lock back that a settled run of this state folder has left; that run's name,
    or empty: there is none."""
    for one in find_locks(server):
        held = holder_of(one)
        if held.run in state.run_names() and read_run(state, held.run).finished:
            with state.held(held.run):  # its process is dead
                server.delete("Transaction", one.dbid)
            return held.run
    return ""
