"""The engine: a session with one site that plans, applies, reverts and recovers.

The command line and programs use it in the same way. It prints nothing and asks nobody;
``docs/python-api.md`` shows how to use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic
from reconciler.engine.planning import ManifestSource, check_options, load
from reconciler.engine.progress import Progress
from reconciler.engine.run_place import LockOptions, Recovery
from reconciler.engine.site_session import SiteSession
from reconciler.errors import StalePlanError
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan

# The modules that apply, recover and revert are imported only when they are needed.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.apply.report import RunReport
    from reconciler.engine.running import Runner
    from reconciler.plan.ownership.baseline import Baseline
    from reconciler.state.plan_file import PlanFile
    from reconciler.state.store import RunEntry


class Reconciler(SiteSession):
    """A session with a Configuration Server and one Web Engagement site on it.

    Every error is a ``ReconcilerError``; each method names the classes that its callers may want to
    handle. Not thread-safe.
    """

    def plan(
        self,
        manifests: ManifestSource | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        overwrite: bool = False,
        overwrite_only: Iterable[str] = (),
        reset_initial: bool = False,
        target: Iterable[str] = (),
        exclude: Iterable[str] = (),
        force: bool = False,
        prune: bool = False,
        progress: Progress | None = None,
    ) -> Plan:
        """What an apply would do. Writes nothing.

        ``manifests``: files and folders; None: the manifests that come with the package.
        ``variables``: values for the variables that these files declare.
        ``overwrite``: replace every existing object that they declare; ``overwrite_only``: replace
        those at these addresses. ``reset_initial``: give them the manifests' initial values too, in
        place of those that the site has. ``target``: plan these addresses only; ``exclude``: all
        but these, and what depends on them. All addresses may have wildcards. ``force``: also
        replace what another site may use, and exceed the limits. ``prune``: delete what is in the
        inventory and not declared; ``manifests`` must be all of the set. ``progress`` receives the
        progress of the reads.

        A plan with blocked actions or refusals is returned, not raised: see
        ``Plan.applyable``. ManifestError for manifests with mistakes, RefusedError if a
        prerequisite is missing, UsageError for an address that selects nothing or ``reset_initial``
        without an overwrite, ServerError if the server does not answer.
        """
        options = PlanOptions(
            overwrite=overwrite,
            overwrite_only=tuple(overwrite_only),
            reset_initial=reset_initial,
            target=tuple(target),
            exclude=tuple(exclude),
            force=force,
            prune=prune,
        )
        return self.planned(load(manifests, variables), options, progress).plan

    def drift(
        self,
        manifests: ManifestSource | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        target: Iterable[str] = (),
        exclude: Iterable[str] = (),
        baseline: Baseline | str | Path | None = None,
        progress: Progress | None = None,
    ) -> Plan:
        """What differs from the manifests: the plan that would correct it, empty if there is no
        drift. Each action's reason says, as far as recorded runs show, whether the server was
        changed or the manifest was not applied in this form; and who changed the object last, and
        when, if the server's history has it. ``baseline``: accepted differences, which are not
        counted, or the file with them. Other parameters and errors: see ``plan``; also
        ManifestError for a baseline with mistakes, RefusedError for the baseline of another
        site."""
        if isinstance(baseline, str | Path):
            from reconciler.state.baseline_file import read_baseline

            baseline = read_baseline(Path(baseline))
        options = PlanOptions(target=tuple(target), exclude=tuple(exclude))
        planned = self.planned(load(manifests, variables), options, progress)
        return self.drift_of(planned.plan, baseline, whole=options.whole)

    def drift_of(self, plan: Plan, baseline: Baseline | None, *, whole: bool) -> Plan:
        """The part of a plan that is drift, with its causes; see ``drift``. ``baseline``: the
        accepted differences; ``whole``: the plan is about all that the manifests declare."""
        if baseline is not None:
            from reconciler.plan.ownership.baseline import without_accepted

            plan = without_accepted(plan, baseline, whole=whole)
        if plan.empty:
            return plan
        from reconciler.apply.drift_causes import with_causes
        from reconciler.server.history import last_change

        return with_causes(plan, self.past_runs(plan), partial(last_change, self.reader))

    def adopt(
        self,
        addresses: Iterable[str] = (),
        manifests: ManifestSource | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        declared: bool = False,
        from_runs: bool = False,
        forget_missing: bool = False,
        take_over: bool = False,
    ) -> Plan:
        """The plan that adds what is on the server to the inventory, as if runs had created it:
        apply it like any other plan. Writes nothing.

        ``addresses``: of objects, or of applications, for the options that manifests declare in
        them. ``declared``: all that the manifests declare. ``from_runs``: what the runs in the
        state have created and added. ``forget_missing``: remove entries of what is no longer on the
        server. ``take_over``: move the entries of other inventories here instead of skipping them.
        UsageError for an address at which there is nothing, InventoryError if the inventory is
        damaged; others: see ``plan``.
        """
        from reconciler.engine.adopting import Adoption, plan_adopting

        loaded = load(manifests, variables)
        self._check_app()
        adoption = Adoption(tuple(addresses), declared, from_runs, forget_missing, take_over)
        access, options = self._access_with_files(), self._with_settings(PlanOptions())
        return plan_adopting(adoption, loaded, access, options, self._place)

    def destroy(
        self,
        manifests: ManifestSource | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        exclude: Iterable[str] = (),
        force: bool = False,
    ) -> Plan:
        """The plan that deletes all that is in the inventory: apply it like any other plan. Writes
        nothing.

        ``manifests``: all of the set; they say what is protected. ``exclude``: the addresses of
        objects that stay; ``force``: also delete what another site may use. Errors: see ``plan``
        with ``prune``.
        """
        from reconciler.engine.destroying import plan_destroying

        loaded = load(manifests, variables)
        self._check_app()
        check_options(loaded, PlanOptions(prune=True))
        options = self._with_settings(PlanOptions(force=force))
        plan = plan_destroying(loaded, self._access_with_files(), options, exclude)
        return replace(plan, after=self._place.last_run(plan.identity))

    def check_writable(self, plan: Plan | None = None) -> None:
        """ServerIsProxyError if the server is a proxy, and RefusedError if ``plan`` was
        made for another server. ``apply`` checks the same."""
        from reconciler.apply.check import check_server

        info = self.writer.info()
        if plan is not None:
            check_server(plan, info.identity, info.url)

    def check_none_unfinished(self) -> None:
        """LockHeldError if a run on the server did not finish. ``apply`` checks the same."""
        from reconciler.apply.run import check_none_unfinished

        check_none_unfinished(self._place.state, self.reader.info().identity)

    def apply(
        self,
        plan: Plan | PlanFile,
        *,
        lock: bool = True,
        lock_wait: float = 0.0,
        skip_stale: bool = False,
        progress: Progress | None = None,
    ) -> RunReport:
        """Applies a plan as one run, and accounts for each of its actions in the report.

        ``lock``: take the lock in Configuration Server, for which the run waits ``lock_wait``
        seconds. ``skip_stale``: leave out the actions whose live objects have changed since
        the plan was made, instead of refusing the plan.

        An action that the server refuses is in the report and raises nothing. Errors when nothing
        was written: RefusedError for a plan that is not applyable or is for another server,
        StalePlanError, LockHeldError, RunOnceError for a plan file that ran before,
        ServerIsProxyError, StateError. InterruptedRunError for Ctrl-C when something may have been
        written.
        """
        limits, confirm = self._settings.limits, partial(self._confirm_undo, plan)
        runner = self._runner(LockOptions(lock, lock_wait), progress)
        return runner.apply(plan, limits, skip_stale=skip_stale, confirm=confirm)

    def _runner(self, lock: LockOptions, progress: Progress | None) -> Runner:
        from reconciler.engine.running import Runner

        return Runner(self.writer, self._place, lock, progress or Progress())

    def _confirm_undo(self, plan: Plan | PlanFile) -> None:
        """StalePlanError if a plan file claims to be the undo of a run and is not."""
        from reconciler.plan.file.seal import write_the_same

        saved = plan if isinstance(plan, Plan) else plan.plan
        if saved is plan or not saved.undoes:
            return
        now = self.undo(saved.undoes, force="--force" in saved.consent, same_host=True)
        if not write_the_same(saved, now):
            hint = "Nothing was written. Make the plan again with gwe undo --out."
            problem = f"the plan is not what reverts run {saved.undoes} now"
            raise StalePlanError([Diagnostic(problem, hint=hint)])

    def undo(self, run: str, *, force: bool = False, same_host: bool = False) -> Plan:
        """The plan that reverts a run: apply it like any other plan. Writes nothing.

        ``run``: its name, the beginning of its name, or ``last``, the last run that wrote
        something. ``force``: also delete objects that have changed since. ``same_host``: the run
        was on this host, whose id has changed since; otherwise launch files are reverted only on
        the host of their run. UsageError if there is no such run, RefusedError if it did not
        finish, was on another server or wrote launch files of another host, DamagedRunError if a
        record of it is damaged or missing.
        """
        from reconciler.apply.undo.plan import UndoOptions
        from reconciler.engine.reverting import plan_reverting

        options = UndoOptions(force, self._settings)
        return plan_reverting(run, self.reader, self._place, options, same_host=same_host)

    def recover(
        self,
        *,
        reverse: bool = False,
        same_host: bool = False,
        lock: bool = True,
        lock_wait: float = 0.0,
        progress: Progress | None = None,
    ) -> Recovery:
        """Finishes the runs that did not end on this server: finds out what became of unanswered
        calls, and creates what a replace has only deleted. ``reverse``: there create the old object
        again, not the new object. ``same_host``: the runs were on this host, whose id has changed
        since; otherwise launch files are recovered only on the host of their run. Other parameters:
        see ``apply``. UnrecoveredError if something is left, RunHeldError if the run still goes on,
        LockHeldError, ServerIsProxyError, DamagedRunError if a run cannot be read.
        """
        from reconciler.apply.recovery.recover import RecoveryOptions

        runner = self._runner(LockOptions(lock, lock_wait), progress)
        return runner.recover(RecoveryOptions(reverse, same_host))

    def runs(self) -> Sequence[RunEntry]:
        """The runs on this server that are in the state, oldest first."""
        return self._place.state.list_runs(self.reader.info().identity)
