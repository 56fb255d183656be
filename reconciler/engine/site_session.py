"""An open session with one site on a server: who it is for, and what is read of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.planning import Planned, prepare
from reconciler.engine.progress import Progress
from reconciler.engine.run_place import RunPlace
from reconciler.engine.server_session import ServerSession
from reconciler.errors import UsageError
from reconciler.kinds.secret_names import SecretNames
from reconciler.manifest.load import Loaded
from reconciler.plan.context import PlanOptions
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions

# ruff: noqa: PLC0415 - few sessions export
if TYPE_CHECKING:
    from reconciler.export.model import Export
    from reconciler.plan.model import Plan
    from reconciler.state.store import StoredRun


class SiteSession(ServerSession):
    """A session with a server, for a site and with a place for runs."""

    def __init__(
        self, server: Server, site: SiteOptions, place: RunPlace, secret_names: SecretNames
    ) -> None:
        super().__init__(server)
        self._site = site
        self._place = place
        self._secret_names = secret_names

    def planned(
        self, loaded: Loaded, options: PlanOptions | None = None, progress: Progress | None = None
    ) -> Planned:
        """The plan for valid manifests, with what it was made from. UsageError where no site
        was named; other errors: see ``Reconciler.plan``."""
        self._check_app()
        planned = prepare(
            loaded,
            self.reader,
            self._site,
            options or PlanOptions(secret_names=self._secret_names),
            os.environ,
            self._place.installation(),
            self._place.known_secrets,
            progress,
        )
        after = self._place.last_run(planned.plan.identity)
        return replace(planned, plan=replace(planned.plan, after=after))

    def past_runs(self, plan: Plan) -> Iterator[tuple[StoredRun, Plan]]:
        """The runs that may have written what a plan is about; see ``RunPlace.past_runs``."""
        return self._place.past_runs(plan)

    def export(
        self,
        *,
        kinds: Iterable[str] = (),
        names: Iterable[str] = (),
        everything: bool = False,
        parameterise: Iterable[str] = (),
        variables: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Export:
        """Manifests of live objects, for which a plan is empty. Writes nothing.

        Without ``kinds``, ``names`` or ``everything``: what belongs to the site, as
        ``docs/existing-site.md`` says. ``kinds``: all objects of the tenant of these kinds of
        manifest; ``names``: of those, the ones that a glob matches; ``everything``: all objects.
        ``parameterise``: what becomes a variable: ``tenant``, ``host``, ``app``, ``cluster``.
        ``variables``: values for the variables of the manifests that come with the package,
        which say what belongs to a site; others are ignored.

        UsageError for an unknown kind and where nothing is found; else as ``plan``.
        """
        from reconciler.engine.exporting import export_site
        from reconciler.export.selection import ExportRequest

        self._check_app()
        return export_site(
            self.reader,
            self._site,
            ExportRequest(tuple(kinds), tuple(names), everything),
            variables or {},
            tuple(parameterise),
            self._secret_names,
            self._place.known_secrets,
            progress or Progress(),
        )

    def _check_app(self) -> None:
        if not self._site.app:
            raise UsageError(
                "which Web Engagement Server?",
                "Name its application with --app, with GWE_APP, or in gwe.toml.",
            )
