"""The engine: a session with one site that plans, applies, reverts and recovers.

The command line and programs use it in the same way. It prints nothing and asks nobody;
``docs/python-api.md`` shows how to use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic
from reconciler.engine.planning import ManifestSource, load
from reconciler.engine.progress import Progress
from reconciler.engine.run_place import LockOptions, Recovery, RunPlace
from reconciler.engine.site_session import SiteSession
from reconciler.errors import StalePlanError, UsageError
from reconciler.kinds.secret_names import USUAL_NAMES, SecretNames
from reconciler.plan.context import PlanOptions
from reconciler.plan.guards import Limits
from reconciler.plan.model import Plan
from reconciler.server.connect import connect
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import default_state_folder, open_store

# What applies, recovers and reverts is imported where that is asked for.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.apply.report import RunReport
    from reconciler.plan.baseline import Baseline
    from reconciler.state.plan_file import PlanFile
    from reconciler.state.store import RunEntry


class Reconciler(SiteSession):
    """A session with a Configuration Server and one Web Engagement site on it.

    Every error is a ``ReconcilerError``; each method names the classes that its callers tell
    apart. Not for use by several threads at once.
    """

    def __init__(
        self,
        server: Server,
        site: SiteOptions,
        place: RunPlace,
        *,
        limits: Limits | None = None,
        secret_names: SecretNames = USUAL_NAMES,
    ) -> None:
        """For callers that have opened ``server`` themselves; others use ``connect``. The
        server is closed with this object."""
        super().__init__(server, site, place, secret_names)
        self._limits = limits or Limits()

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        app: str = "",
        tenant: str = "",
        cluster: str = "",
        credentials: Credentials | None = None,
        state: str | Path | None = None,
        install_dir: str | Path | None = None,
        timeout: float = 30.0,
        connection: ConnectionOptions | None = None,
        limits: Limits | None = None,
        secret_words: Sequence[str] = (),
        secret_exceptions: Sequence[str] = (),
    ) -> Reconciler:
        """Opens a session; use it in a ``with`` statement, which closes it.

        ``url``: ``embedded:PATH`` or ``confserv://HOST[:PORT]``.
        ``app``: the application of the Web Engagement Server; needed to plan.
        ``tenant``, ``cluster``: where that application serves, or connects to, several.
        ``state``: where runs are stored: a folder, or the ``postgresql://`` URL of a
        database; None: the platform's own folder.
        ``install_dir``: the Web Engagement installation, for manifests of launch files.
        ``timeout``: seconds that one call to the server may take.
        ``connection``: how to reach a real server; its ``in_flight`` holds for every server.
        ``limits``: how much a plan may destroy without ``force``.
        ``secret_words``: words that mark a name as that of a secret, beside the usual ones;
        ``secret_exceptions``: whole names that are no secrets although they have such a word.

        UsageError for a URL of no known form, ServerError where no session can be opened.
        """
        folder = Path(install_dir) if install_dir else None
        options = connection or ConnectionOptions(install_dir=str(folder or ""))
        store = open_store(str(state or default_state_folder()))
        return cls(
            connect(url, credentials or Credentials(), timeout, options),
            SiteOptions(app, tenant, cluster),
            RunPlace(store, folder, timeout, options.in_flight),
            limits=limits,
            secret_names=SecretNames(tuple(secret_words), tuple(secret_exceptions)),
        )

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
        progress: Progress | None = None,
    ) -> Plan:
        """What an apply would do. Writes nothing.

        ``manifests``: files and folders; None: the manifests that come with the package.
        ``variables``: values for the variables that these files declare.
        ``overwrite``: replace every existing object that they declare; ``overwrite_only``:
        those at these addresses. ``reset_initial``: give them the manifests' initial values
        too, in place of those that the site has. ``target``: plan these addresses only;
        ``exclude``: all but these, and what depends on them. All addresses may have wildcards.
        ``force``: replace what another site may use as well, and exceed the limits.
        ``progress``: is told how far the reads have come.

        A plan with blocked actions or refusals is returned, not raised: see
        ``Plan.applyable``. ManifestError for manifests with mistakes, RefusedError where a
        prerequisite is missing, UsageError for an address that selects nothing and for
        ``reset_initial`` alone, ServerError where the server does not answer.
        """
        only = tuple(overwrite_only)
        if reset_initial and not (overwrite or only):
            hint = "Give --overwrite, or --overwrite-only ADDRESS, too."
            raise UsageError("--reset-initial resets only what is overwritten", hint)
        loaded = load(manifests, variables)
        options = PlanOptions(
            overwrite=overwrite,
            overwrite_only=only,
            reset_initial=reset_initial,
            target=tuple(target),
            exclude=tuple(exclude),
            force=force,
            secret_names=self._secret_names,
            limits=self._limits,
        )
        return self.planned(loaded, options, progress).plan

    def drift(
        self,
        manifests: ManifestSource | None = None,
        *,
        variables: Mapping[str, str] | None = None,
        target: Iterable[str] = (),
        exclude: Iterable[str] = (),
        baseline: Baseline | None = None,
        progress: Progress | None = None,
    ) -> Plan:
        """What differs from the manifests: the plan that would correct it, empty where there
        is no drift. Each action's reason says, as far as runs tell, whether the server was
        changed or the manifest was not applied in this form. Parameters and errors: see
        ``plan``; ``baseline``: accepted differences, RefusedError for those of another site."""
        target, exclude = tuple(target), tuple(exclude)
        plan = self.plan(
            manifests, variables=variables, target=target, exclude=exclude, progress=progress
        )
        if baseline is not None:
            from reconciler.plan.baseline import without_accepted

            plan = without_accepted(plan, baseline, whole=not (target or exclude))
        from reconciler.apply.drift_causes import with_causes

        return plan if plan.empty else with_causes(plan, self.past_runs(plan))

    def check_writable(self, plan: Plan | None = None) -> None:
        """ServerIsProxyError where the server is a proxy, and RefusedError where ``plan`` was
        made for another server. ``apply`` checks the same."""
        from reconciler.apply.check import check_server

        info = self.writer.info()
        if plan is not None:
            check_server(plan, info.identity, info.url)

    def apply(
        self,
        plan: Plan | PlanFile,
        *,
        lock: bool = True,
        lock_wait: float = 0.0,
        skip_stale: bool = False,
        progress: Progress | None = None,
    ) -> RunReport:
        """Carries out a plan as one run, and accounts for each of its actions in the report.

        ``lock``: take the lock in Configuration Server, for which the run waits ``lock_wait``
        seconds. ``skip_stale``: leave out the actions whose live objects have changed since
        the plan was made, instead of refusing the plan.

        An action that the server refuses is in the report and raises nothing. Where nothing
        was written: RefusedError for a plan that is not applyable or is for another server,
        StalePlanError, LockHeldError, RunOnceError for a plan file that ran before,
        ServerIsProxyError, StateError. InterruptedRunError for Ctrl-C at a moment when
        something may have been written.
        """
        from reconciler.engine.running import run_plan

        locking = LockOptions(lock, lock_wait)
        return run_plan(
            plan,
            self.writer,
            self._place,
            locking,
            progress or Progress(),
            self._limits,
            skip_stale=skip_stale,
            confirm=partial(self._confirm_undo, plan),
        )

    def _confirm_undo(self, plan: Plan | PlanFile) -> None:
        """StalePlanError where a plan file says that it is the undo of a run, and is not."""
        from reconciler.plan.seal import write_the_same

        saved = plan if isinstance(plan, Plan) else plan.plan
        if saved is plan or not saved.undoes:
            return
        now = self.undo(saved.undoes, force="--force" in saved.consent, same_host=True)
        if not write_the_same(saved, now):
            hint = "Nothing was written. Make the plan again with gwe undo --out."
            problem = f"the plan is not what reverts run {saved.undoes} now"
            raise StalePlanError([Diagnostic(problem, hint=hint)])

    def undo(self, run: str, *, force: bool = False, same_host: bool = False) -> Plan:
        """The plan that reverts a run: apply it like any other. Writes nothing.

        ``run``: its name, the beginning of its name, or ``last``, the last run that wrote
        something. ``force``: also delete objects that have changed since. ``same_host``: the
        run was on this host, which has another id now; else launch files are reverted on
        the host of their run only. UsageError where there is no such run, RefusedError where
        it did not finish, was on another server or wrote launch files of another host,
        DamagedRunError where a record of it is damaged or missing.
        """
        from reconciler.engine.reverting import UndoOptions, plan_reverting

        options = UndoOptions(force, same_host, self._limits, self._secret_names)
        return plan_reverting(run, self.reader, self._place, options)

    def recover(
        self,
        *,
        reverse: bool = False,
        same_host: bool = False,
        lock: bool = True,
        lock_wait: float = 0.0,
        progress: Progress | None = None,
    ) -> Recovery:
        """Finishes the runs that did not end on this server: finds out what became of calls
        without an answer, and creates what a replace has only deleted.

        ``reverse``: create the old object again there, instead of the new one.
        ``same_host``: the runs were on this host, which has another id now; else launch
        files are recovered on the host of their run only. Other parameters: see ``apply``.
        UnrecoveredError where something is left, RunHeldError where the run still goes on,
        LockHeldError, ServerIsProxyError, DamagedRunError where a run cannot be read.
        """
        from reconciler.engine.running import recover_runs

        return recover_runs(
            self.writer,
            self._place,
            LockOptions(lock, lock_wait),
            progress or Progress(),
            reverse=reverse,
            same_host=same_host,
        )

    def runs(self) -> Sequence[RunEntry]:
        """The runs on this server that are in the state, oldest first."""
        return self._place.state.list_runs(self.reader.info().identity)
