"""From a plan to its report, and the recovery of runs that did not finish.

What ``Reconciler.apply`` and ``Reconciler.recover`` do with an open server.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.apply.lock import LEASE
from reconciler.apply.recover import (
    plan_of_run,
    recover_run,
    release_orphaned_lock,
    unfinished_runs,
)
from reconciler.apply.recover_actions import Recovered
from reconciler.apply.report import RunReport
from reconciler.apply.run import execute_plan, last_run
from reconciler.apply.session import RunOptions
from reconciler.diagnostics import Diagnostic
from reconciler.engine.progress import Progress
from reconciler.engine.run_context import environment_secret, known_secret, plan_key, run_context
from reconciler.errors import (
    DamagedRunError,
    InterruptedRunError,
    ReconcilerError,
    RefusedError,
    StateError,
)
from reconciler.launch.files import Installation, host_name
from reconciler.plan.codec import plan_json
from reconciler.plan.guards import Limits
from reconciler.plan.known_secrets import KnownSecret, KnownSecrets
from reconciler.plan.model import Plan
from reconciler.plan.secrets import with_resolved_secrets, with_secrets
from reconciler.server.port import Server
from reconciler.state.plan_file import PlanFile, read_plan_file
from reconciler.state.store import StateStore, StoredRun


@dataclass(frozen=True)
class RunPlace:
    """Where runs are stored, and where they find launch files. ``timeout``: seconds that one
    call to the server may take."""

    state: StateStore
    install_dir: Path | None = None
    timeout: float = 30.0

    def installation(
        self, plan: Plan | None = None, *, own_host: bool = False
    ) -> Installation | None:
        """The installation folder: the named one, else the one that ``plan`` was made with,
        on its host only. ``own_host``: this is that host, whatever it is called now.
        LaunchFileError where the named one is no folder."""
        if self.install_dir is not None:
            return Installation.at(self.install_dir)
        host, _, folder = (plan.site.installation if plan else "").partition(":")
        here = own_host or host == host_name()
        return Installation.at(Path(folder)) if folder and here else None

    def known_secrets(self, identity: str) -> KnownSecrets:
        """What runs on a server have written as secrets. StateError where the state cannot be
        read: no plan is shown that might show one."""
        try:
            found = self.state.secret_paths(identity)
        except StateError as error:
            raise StateError(
                "no plan is made while the state, which knows what is secret, cannot be read:"
                f" {error.message}",
                error.hint,
            ) from error
        return KnownSecrets(
            KnownSecret(fact.address, fact.path, fact.object_type, fact.dbid) for fact in found
        )

    def last_run(self, identity: str) -> str:
        """The last run on a server; empty where there is none, or where the state
        cannot be read: plans are made without it too."""
        try:
            return last_run(self.state, identity)
        except ReconcilerError:
            return ""


@dataclass(frozen=True)
class LockOptions:
    """Whether a run takes the lock, and how many seconds it waits for it."""

    take: bool = True
    wait: float = 0.0


@dataclass(frozen=True)
class Recovery:
    """What a recovery did. ``runs``: the names of the runs that it settled; ``findings``:
    what it found of their actions; ``released``: the settled run whose lock had been left
    behind and was released; empty: there was none."""

    runs: tuple[str, ...]
    findings: tuple[Recovered, ...]
    released: str


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
        installation=place.installation(plan, own_host=own_host),
    )
