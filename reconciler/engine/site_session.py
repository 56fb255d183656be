"""An open session with a Configuration Server, one site on it, and the place where its runs are
stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from reconciler.engine.planning import Planned, check_options, prepare
from reconciler.engine.progress import Progress
from reconciler.engine.run_place import RunPlace
from reconciler.engine.server_session import ServerSession
from reconciler.engine.site_access import SiteAccess
from reconciler.errors import UsageError
from reconciler.manifest.load import Loaded
from reconciler.plan.context import PlanOptions, PlanSettings
from reconciler.server.connect import connect
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import default_state_folder, open_store

# ruff: noqa: PLC0415 - few sessions export
if TYPE_CHECKING:
    from reconciler.compare.model import Comparison
    from reconciler.engine.exporting import SiteReading
    from reconciler.export.model import Export
    from reconciler.export.selection import ExportRequest
    from reconciler.plan.model import Plan
    from reconciler.state.store import StoredRun


class SiteSession(ServerSession):
    """Holds a server open for one site; use it in a ``with`` statement, which closes it."""

    def __init__(
        self,
        server: Server,
        site: SiteOptions,
        place: RunPlace,
        settings: PlanSettings | None = None,
    ) -> None:
        """For callers that have opened ``server`` themselves; others use ``connect``. The
        server is closed with this object."""
        super().__init__(server)
        self._site = site
        self._place = place
        self._settings = settings or PlanSettings()

    @classmethod
    def connect(
        cls,
        url: str,
        site: SiteOptions | None = None,
        *,
        credentials: Credentials | None = None,
        state: str | Path | None = None,
        connection: ConnectionOptions | None = None,
        settings: PlanSettings | None = None,
    ) -> Self:
        """Opens a session; use it in a ``with`` statement, which closes it.

        ``url``: ``embedded:PATH`` or ``confserv://HOST[:PORT]``.
        ``site``: the site on that server; needed to plan.
        ``state``: where runs are stored: a folder, or the ``postgresql://`` URL of a
        database; None: the platform's own folder.
        ``connection``: how to reach the server, and where the Web Engagement installation is.
        ``settings``: what holds for every plan.

        UsageError for a URL of no known form, ServerError if no session can be opened.
        """
        options = connection or ConnectionOptions()
        folder = Path(options.install_dir) if options.install_dir else None
        store = open_store(str(state or default_state_folder()))
        return cls(
            connect(url, credentials or Credentials(), options),
            site or SiteOptions(""),
            RunPlace(store, folder, options.timeout, options.in_flight),
            settings,
        )

    def planned(
        self,
        loaded: Loaded,
        options: PlanOptions | None = None,
        progress: Progress | None = None,
    ) -> Planned:
        """The plan for valid manifests, with what it was made from. ``options``: what is asked
        for; what ``connect`` was given, such as the limits, is added to it. UsageError if no
        site was named; other errors: see ``Reconciler.plan``."""
        asked = options or PlanOptions()
        check_options(loaded, asked)
        self._check_app()
        planned = prepare(loaded, self._access_with_files(), self._with_settings(asked), progress)
        after = self._place.last_run(planned.plan.identity)
        return replace(planned, plan=replace(planned.plan, after=after))

    def unfinished(self) -> list[str]:
        """The names of the runs on this server that did not finish: no plan is applied before they
        are recovered."""
        return self._place.unfinished(self.reader.info().identity)

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
        manifest; ``names``: of those, the objects that a glob matches; ``everything``: all objects.
        ``parameterise``: what becomes a variable: ``tenant``, ``host``, ``app``, ``cluster``.
        ``variables``: values for the variables of the manifests that come with the package, which
        say what belongs to a site; others are ignored.

        UsageError for an unknown kind, or if nothing is found; other errors: see ``plan``.
        """
        from reconciler.engine.exporting import export_site
        from reconciler.export.selection import ExportRequest

        request = ExportRequest(tuple(kinds), tuple(names), everything)
        read = self.read(request, variables, progress)
        installed = self._place.installation() is not None
        return export_site(read, request, tuple(parameterise), installed=installed)

    def compare(
        self,
        other: SiteSession | str | Path,
        *,
        kinds: Iterable[str] = (),
        names: Iterable[str] = (),
        everything: bool = False,
        site_values: Iterable[str] = (),
        mapping: str | Path | None = None,
        variables: Mapping[str, str] | None = None,
        other_variables: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> Comparison:
        """What differs between this site, side A, and ``other``, side B: another open session, or
        a folder or file of manifests that an export wrote. Writes nothing.

        ``kinds``, ``names``, ``everything``: what is compared; see ``export``. ``site_values``:
        what each side has a value of its own for, which counts as equal: ``tenant``, ``host``,
        ``app``, ``cluster``. ``mapping``: a file with the known differences. ``variables``,
        ``other_variables``: values for the variables that say what belongs to each site; see
        ``export``.

        SideError if a side cannot be read, with the exit code of its reason; ManifestError for a
        mapping with mistakes. UsageError if both sides are the same, for an unknown kind, and if
        there is nothing to compare.
        """
        from reconciler.engine.comparing import CompareRequest, compare_sessions
        from reconciler.engine.mapping_file import read_mapping
        from reconciler.export.selection import ExportRequest

        request = CompareRequest(
            ExportRequest(tuple(kinds), tuple(names), everything), tuple(site_values)
        )
        if mapping is not None:
            request = replace(request, mapping=read_mapping(Path(mapping)))
        both = (variables or {}, other_variables or {})
        return compare_sessions(self, other, request, both, progress)

    def read(
        self,
        request: ExportRequest,
        variables: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> SiteReading:
        """Reads what belongs to the site, or what ``request`` chooses. Parameters and errors:
        see ``export``."""
        from reconciler.engine.exporting import read_site

        self._check_app()
        return read_site(
            self._access(),
            request,
            variables or {},
            self._settings,
            progress or Progress(),
        )

    def _access(self) -> SiteAccess:
        return SiteAccess(self.reader, self._site, known_secrets=self._place.known_secrets)

    def _access_with_files(self) -> SiteAccess:
        """The access, with the installation folder, which must exist if a folder was named."""
        return replace(self._access(), installation=self._place.installation())

    def _with_settings(self, options: PlanOptions) -> PlanOptions:
        return replace(options, settings=self._settings)

    def _check_app(self) -> None:
        if not self._site.app:
            raise UsageError(
                "which Web Engagement Server?",
                "Name its application with --app, with GWE_APP, or in gwe.toml.",
            )
