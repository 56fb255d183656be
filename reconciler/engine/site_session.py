"""A session with one site: plans with what they were made from, and the runs before them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.engine.planning import Planned, prepare
from reconciler.engine.progress import Progress
from reconciler.engine.run_place import RunPlace
from reconciler.engine.server_session import ServerSession
from reconciler.errors import UsageError
from reconciler.manifest.load import Loaded
from reconciler.plan.context import PlanOptions
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions

if TYPE_CHECKING:
    from reconciler.plan.model import Plan
    from reconciler.state.store import StoredRun


class SiteSession(ServerSession):
    """Holds a server open for one site on it, whose runs are stored in ``place``."""

    def __init__(self, server: Server, site: SiteOptions, place: RunPlace) -> None:
        super().__init__(server)
        self._site = site
        self._place = place

    def planned(
        self, loaded: Loaded, options: PlanOptions | None = None, progress: Progress | None = None
    ) -> Planned:
        """The plan for valid manifests, with what it was made from. UsageError where no site
        was named; other errors: see ``Reconciler.plan``."""
        if not self._site.app:
            raise UsageError(
                "which Web Engagement Server?",
                "Name its application with --app, with GWE_APP, or in gwe.toml.",
            )
        planned = prepare(
            loaded,
            self.reader,
            self._site,
            options or PlanOptions(),
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
