"""An open session with one site on a server: who it is for, and what is read of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reconciler.engine.progress import Progress
from reconciler.engine.run_place import RunPlace
from reconciler.engine.server_session import ServerSession
from reconciler.errors import UsageError
from reconciler.kinds.secret_names import SecretNames
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions

# ruff: noqa: PLC0415 - few sessions export
if TYPE_CHECKING:
    from reconciler.export.model import Export


class SiteSession(ServerSession):
    """A session with a server, for a site and with a place for runs."""

    def __init__(
        self, server: Server, site: SiteOptions, place: RunPlace, secret_names: SecretNames
    ) -> None:
        super().__init__(server)
        self._site = site
        self._place = place
        self._secret_names = secret_names

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
