"""From a plan to its report, and the recovery of runs that did not finish: implements
``Reconciler.apply`` and ``Reconciler.recover`` on an open server."""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.lock.lock_object import LEASE
from reconciler.apply.recovery.recover import (
    RecoveryOptions,
    plan_of_run,
    recover_run,
    release_orphaned_lock,
    unfinished_runs,
)
from reconciler.apply.report import Recovered, RunReport
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
from reconciler.plan.file.codec import plan_json
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

    PlanFileError if the file cannot be read or holds no plan,
    ReconcilerError if a variable with a secret is not set, StalePlanError if its value has changed
    since the plan was made.
    """
    return read_plan_file(Path(path), environment_secret, plan_key())


class Runner(Struct, frozen=True):
    """Applies plans on an open server, and recovers runs there. ``place``: where the runs are
    stored; ``progress`` receives their progress."""

    server: Server
    place: RunPlace
    lock: LockOptions
    progress: Progress

    def apply(
        self,
        plan: Plan | PlanFile,
        limits: Limits,
        *,
        skip_stale: bool,
        confirm: Callable[[], None],
    ) -> RunReport:
        """Applies a plan. An empty plan starts no run. ``confirm`` is called right before the first
        write. RefusedError for a plan that is not applyable; else see ``execute_plan``."""
        text = plan.text if isinstance(plan, PlanFile) else ""
        plan = _with_known_secrets(plan.plan, self.place) if isinstance(plan, PlanFile) else plan
        problems = list(_objections(plan))
        if problems:
            raise RefusedError(problems)
        if plan.empty:
            return RunReport()
        context = run_context(self.server.info().user)
        options = replace(
            self._options(plan),
            skip_stale=skip_stale,
            from_file=bool(text),
            limits=limits,
            confirm=confirm,
        )
        text = text or plan_json(plan)
        report = execute_plan(plan, text, self.server, options, context, self.progress)
        report.run, report.state = context.name, self.place.state.place
        return report

    def recover(self, recovery: RecoveryOptions) -> Recovery:
        """Finishes what unfinished runs on this server left, and releases the lock of a run that
        is settled. Errors: see ``recover_run``; InterruptedRunError for Ctrl-C. DamagedRunError
        if a run cannot be read, after all others are settled."""
        state, settled = self.place.state, list[str]()
        findings: list[Recovered] = []
        damaged: DamagedRunError | None = None
        doing = "the recovery"
        try:
            for entry in unfinished_runs(state, self.server):
                try:
                    run = state.read_run(entry.name)
                except DamagedRunError as error:
                    damaged = damaged or error
                    continue
                doing = f"the recovery of run {run.name}"
                self.progress.recovering(run)
                findings += self._recover(run, recovery)
                self.progress.settled(run)
                settled.append(run.name)
            if damaged is not None:
                raise damaged
            released = release_orphaned_lock(state, self.server)
        except KeyboardInterrupt:
            raise InterruptedRunError(
                f"{doing} was interrupted",
                "Run gwe recover again: it continues where it stopped."
                f" The run's state is {state.place}.",
            ) from None
        return Recovery(tuple(settled), tuple(findings), released)

    def _recover(self, run: StoredRun, recovery: RecoveryOptions) -> list[Recovered]:
        """Recovers one run. Returns what was found about its actions."""
        # The journal has what the run wrote, so a missing secret does not stop the recovery.
        plan = with_resolved_secrets(plan_of_run(run), known_secret, unknown=True)
        context = run_context(self.server.info().user)
        options = self._options(plan, own_host=recovery.is_own_host(run, context))
        return recover_run(run, plan, self.server, options, context, self.progress, recovery)

    def _options(self, plan: Plan, *, own_host: bool = False) -> RunOptions:
        return RunOptions(
            self.place.state,
            lock=self.lock.take,
            lock_wait=self.lock.wait,
            lease=max(LEASE, 4 * self.place.timeout),
            in_flight=self.place.in_flight,
            installation=self.place.installation(plan, own_host=own_host),
        )


def _with_known_secrets(plan: Plan, place: RunPlace) -> Plan:
    """The plan, changed to hide also what runs have written as secrets since it was made."""
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
