"""From a plan to its report, and the recovery of runs that did not finish.

What ``Reconciler.apply`` and ``Reconciler.recover`` do with an open server.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace

from reconciler.apply.lock_object import LEASE
from reconciler.apply.recover import (
    plan_of_run,
    recover_run,
    release_orphaned_lock,
    unfinished_runs,
)
from reconciler.apply.recover_actions import Recovered
from reconciler.apply.report import RunReport
from reconciler.apply.run import execute_plan
from reconciler.apply.session import RunOptions
from reconciler.diagnostics import Diagnostic
from reconciler.engine.progress import Progress
from reconciler.engine.run_context import environment_secret, known_secret, plan_key, run_context
from reconciler.engine.run_place import LockOptions, Recovery, RunPlace
from reconciler.errors import (
    DamagedRunError,
    InterruptedRunError,
    RefusedError,
)
from reconciler.plan.codec import plan_json
from reconciler.plan.guards import Limits
from reconciler.plan.model import Plan
from reconciler.plan.secrets import with_resolved_secrets, with_secrets
from reconciler.server.port import Server
from reconciler.state.plan_file import PlanFile, read_plan_file
from reconciler.state.store import StoredRun


def load_plan(path: str | Path) -> PlanFile:
    """The plan in a file that ``save_plan`` or ``gwe plan --out`` made, ready to be applied:
    its secrets are read from the environment, and so is the key that it must be signed with
    (GWE_PLAN_KEY).

    PlanFileError where the file cannot be read or holds no plan,
    ReconcilerError where a variable with a secret is not set, StalePlanError where it has
    another value than when the plan was made.
    """
    return read_plan_file(Path(path), environment_secret, plan_key())


def run_plan(
    plan: Plan | PlanFile,
    server: Server,
    place: RunPlace,
    lock: LockOptions,
    progress: Progress,
    limits: Limits,
    *,
    skip_stale: bool = False,
    confirm: Callable[[], None] = lambda: None,
) -> RunReport:
    """Applies a plan; an empty one makes no run. ``confirm`` is called right before the first
    write. RefusedError for a plan that is not applyable; else see ``execute_plan``."""
    text = plan.text if isinstance(plan, PlanFile) else ""
    plan = _with_known_secrets(plan.plan, place) if isinstance(plan, PlanFile) else plan
    problems = list(_objections(plan))
    if problems:
        raise RefusedError(problems)
    if plan.empty:
        return RunReport()
    context = run_context(server.info().user)
    report = execute_plan(
        plan,
        text or plan_json(plan),
        server,
        replace(
            _options(plan, place, lock),
            skip_stale=skip_stale,
            from_file=bool(text),
            limits=limits,
            confirm=confirm,
        ),
        context,
        progress.outcome,
        progress.warning,
        progress.stopping,
    )
    report.run, report.state = context.name, place.state.place
    return report


def _with_known_secrets(plan: Plan, place: RunPlace) -> Plan:
    """The plan, which also hides what runs have written as secrets since it was made."""
    known = place.known_secrets(plan.identity)
    return replace(
        plan,
        actions=tuple(
            with_secrets(one, one.subject.secret_names, known.of(*one.subject.identity))
            for one in plan.actions
        ),
    )


def _objections(plan: Plan) -> Iterator[Diagnostic]:
    """Why a plan is not applyable."""
    for action in plan.blocked:
        hint = "Correct the cause, or exclude the object from the plan."
        yield Diagnostic(f"{action.address} is blocked: {action.reason}", hint=hint)
    for refusal in plan.refusals:
        yield Diagnostic(refusal, hint="Plan with force to exceed the limit.")


def recover_runs(
    server: Server,
    place: RunPlace,
    lock: LockOptions,
    progress: Progress,
    *,
    reverse: bool = False,
    same_host: bool = False,
) -> Recovery:
    """Finishes what unfinished runs on this server left, and releases the lock of a run that
    is settled. Errors: see ``recover_run``; InterruptedRunError for Ctrl-C. DamagedRunError
    where a run cannot be read, after all others are settled."""
    settled: list[str] = []
    findings: list[Recovered] = []
    damaged: DamagedRunError | None = None
    doing = "the recovery"

    def found(finding: Recovered) -> None:
        findings.append(finding)
        progress.recovered(finding)

    try:
        for entry in unfinished_runs(place.state, server):
            try:
                run = place.state.read_run(entry.name)
            except DamagedRunError as error:
                damaged = damaged or error
                continue
            doing = f"the recovery of run {run.name}"
            progress.recovering(run)
            _recover(run, server, place, lock, progress, found, reverse, same_host)
            progress.settled(run)
            settled.append(run.name)
        if damaged is not None:
            raise damaged
        released = release_orphaned_lock(place.state, server)
    except KeyboardInterrupt:
        raise InterruptedRunError(
            f"{doing} was interrupted",
            "Run gwe recover again: it continues where it stopped."
            f" The run's state is {place.state.place}.",
        ) from None
    return Recovery(tuple(settled), tuple(findings), released)


def _recover(
    run: StoredRun,
    server: Server,
    place: RunPlace,
    lock: LockOptions,
    progress: Progress,
    found: Callable[[Recovered], None],
    reverse: bool,
    same_host: bool,
) -> None:
    """Recovers one run."""
    # The journal has what the run wrote: a secret that is gone does not stop the recovery.
    plan = with_resolved_secrets(plan_of_run(run), known_secret, unknown=True)
    context = run_context(server.info().user)
    own_host = same_host or context.is_machine_of(run.head)
    recover_run(
        run,
        plan,
        server,
        _options(plan, place, lock, own_host=own_host),
        context,
        found,
        progress.warning,
        reverse=reverse,
        same_host=same_host,
    )


def _options(
    plan: Plan, place: RunPlace, lock: LockOptions, *, own_host: bool = False
) -> RunOptions:
    return RunOptions(
        place.state,
        lock=lock.take,
        lock_wait=lock.wait,
        lease=max(LEASE, 4 * place.timeout),
        in_flight=place.in_flight,
        installation=place.installation(plan, own_host=own_host),
    )
