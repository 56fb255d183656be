"""Two sides for ``gwe compare``: sites on servers, and folders of manifests that ``gwe export``
wrote.

A site is read as for an export, through a ``Reader``: nothing is written to either side.
"""

import os.path
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from reconciler.compare.comparison import compare
from reconciler.compare.mapping import EnvironmentMapping, SideMapping
from reconciler.compare.model import ComparedSide, Comparison, SideMark
from reconciler.compare.pairing import missing_addresses
from reconciler.compare.sides import ObjectMaker, variables_of
from reconciler.engine.compared_folder import ExportFolder
from reconciler.engine.exporting import SiteReading, with_kind_names
from reconciler.engine.progress import Progress
from reconciler.errors import ReconcilerError, SideError, UsageError
from reconciler.export.make import Draft
from reconciler.export.model import Omission
from reconciler.export.selection import ExportRequest
from reconciler.server.connect import relative_to
from reconciler.server.port import Reader, ServerInfo
from reconciler.site.model import application_name


class CompareRequest(Struct, frozen=True):
    """What is compared, and how. ``chosen``: the objects; ``parameters``: what differs between
    sites and counts as equal, of ``export.values.PARAMETERS``."""

    chosen: ExportRequest = field(default_factory=ExportRequest)
    parameters: tuple[str, ...] = ()
    mapping: EnvironmentMapping = field(default_factory=EnvironmentMapping)


class OpenSite(Protocol):
    """An open session with a site, as far as a comparison reads it: see ``SiteSession``."""

    @property
    def reader(self) -> Reader: ...

    def read(
        self, request: ExportRequest, variables: Mapping[str, str], progress: Progress, /
    ) -> SiteReading: ...


class LiveSource(Struct, frozen=True):
    """A site on a server. ``name``: what the user called this side; ``variables``: those of its
    settings, which say what belongs to the site."""

    name: str
    session: OpenSite
    variables: Mapping[str, str] = field(default_factory=dict)


class FolderSource(Struct, frozen=True):
    """Manifests that ``gwe export`` wrote, in a folder or a file."""

    name: str
    path: Path


Source = LiveSource | FolderSource


@contextmanager
def about_side(name: str) -> Iterator[None]:
    """Turns every error inside into a SideError, which says which side it is about."""
    try:
        yield
    except SideError:
        raise
    except ReconcilerError as error:
        raise SideError(name, error) from error


def compare_sources(
    a: Source, b: Source, request: CompareRequest, progress: Progress | None = None
) -> Comparison:
    """What differs between two sides. Writes nothing.

    SideError if a side cannot be read, and why. UsageError if both sides are the same, for an
    unknown kind, and if there is nothing to compare.
    """
    chosen = with_kind_names(request.chosen)
    one, other = (_read(source, chosen, progress or Progress()) for source in (a, b))
    if one.place == other.place:
        raise UsageError(
            f"{a.name} and {b.name} are the same: {one.place[0]}",
            "Name two sides, such as two profiles of gwe.toml; gwe snapshot makes a copy of a"
            " server to compare it with later.",
        )
    if not chosen.whole_tenant:
        missing, missing_there = missing_addresses(
            one.addresses(), other.addresses(), request.mapping
        )
        one.add(missing, SideMapping(request.mapping, "a"))
        other.add(missing_there, SideMapping(request.mapping, "b"))
    parameters = (*request.parameters, *one.parameters, *other.parameters)
    in_files = isinstance(one, _FolderSide) or isinstance(other, _FolderSide)
    made_a = one.made(dict.fromkeys(parameters), proven=in_files)
    made_b = other.made(dict.fromkeys(parameters), proven=in_files)
    if not any(side.objects or side.omissions for side in (made_a, made_b)):
        raise UsageError(
            "there is nothing to compare: neither side has an object of what was asked for",
            "Check --kind and --name, or compare everything with --all.",
        )
    return compare(made_a, made_b, request.mapping)


def compare_sessions(
    one: OpenSite,
    other: OpenSite | str | Path,
    request: CompareRequest,
    variables: tuple[Mapping[str, str], Mapping[str, str]],
    progress: Progress | None = None,
) -> Comparison:
    """What differs between an open session and another, or a folder. A side is called by its URL
    or its path; ``variables``: of each side, see ``LiveSource``. Errors: see
    ``compare_sources``."""

    def live(session: OpenSite, values: Mapping[str, str]) -> LiveSource:
        return LiveSource(session.reader.info().url, session, values)

    mine, others = variables
    if isinstance(other, str | Path):
        there: Source = FolderSource(str(other), Path(other))
    else:
        there = live(other, others)
    return compare_sources(live(one, mine), there, request, progress)


def _read(source: Source, chosen: ExportRequest, progress: Progress) -> "_LiveSide | _FolderSide":
    with about_side(source.name):
        if isinstance(source, FolderSource):
            return _FolderSide(source.name, ExportFolder.load(source.path), chosen)
        read = source.session.read(chosen, source.variables, progress)
        return _LiveSide(source.name, read)


class _LiveSide(Struct, frozen=True):
    """A site that was read."""

    name: str
    read: SiteReading
    parameters: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, ...]:
        """What identifies this side."""
        url = os.path.normpath(relative_to(Path.cwd(), self.read.info.url))
        return url, application_name(self.read.site.server), self.read.site.tenant_name

    def addresses(self) -> Mapping[str, str]:
        return self.read.addresses()

    def add(self, missing: Mapping[str, str], mapping: SideMapping) -> None:
        """Adds what the other side has, if it is here."""
        kinds = sorted(set(missing.values()))
        with about_side(self.name):
            self.read.add(kinds, lambda address: mapping.compared(address, address) in missing)

    def made(self, parameters: Collection[str], *, proven: bool) -> ComparedSide:
        """The finished side. ``proven``: the other side is manifests, which cannot express
        everything."""
        with about_side(self.name):
            draft = self.read.draft(parameters)
        maker = _made_of(draft)
        unsaid = _unsaid(draft, maker, self.read.info) if proven else ()
        info, site = self.read.info, self.read.site
        app = application_name(site.server)
        return ComparedSide(
            SideMark(self.name, info.url, info.version, app, site.tenant_name),
            maker.objects,
            tuple(draft.maker.omissions),
            tuple(unsaid),
            {
                application_name(one): role
                for role, members in site.roles.items()
                for one in members
            },
        )


def _made_of(draft: Draft) -> ObjectMaker:
    declared = [draft.variables] if draft.variables else []
    maker = ObjectMaker(variables_of(declared), draft.maker.secrets.values)
    for document in draft.documents:
        maker.add_document(document)
    return maker


def _unsaid(draft: Draft, maker: ObjectMaker, info: ServerInfo) -> Iterator[Omission]:
    """What is in objects and would not be in the manifests of an export."""
    proven, refused = draft.proven(info)
    said = _made_of(proven).objects
    reasons = {one.address: one.reason for one in reversed(refused)}
    for address, one in maker.objects.items():
        reason = reasons.get(address, "no manifest can say it")
        if address not in said:
            yield Omission(address, (), reason)
        for path in one.fields:
            if address in said and path not in said[address].fields:
                yield Omission(address, path, reason)


class _FolderSide(Struct, frozen=True):
    """Manifests that were loaded."""

    name: str
    folder: ExportFolder
    chosen: ExportRequest

    @property
    def place(self) -> tuple[str, ...]:
        return (os.path.realpath(self.folder.path),)

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.folder.parameters

    def addresses(self) -> Mapping[str, str]:
        return {one.address: one.kind for one in self._maker().objects.values()}

    def add(self, missing: Mapping[str, str], mapping: SideMapping) -> None:
        """Does nothing: all objects of a folder are loaded already."""

    def made(self, parameters: Collection[str], *, proven: bool) -> ComparedSide:  # noqa: ARG002
        for name in parameters:
            if name not in self.parameters:
                problem = f"the export has no variable for the {name}"
                hint = f"Export it with --parameterise {name}, or compare without {name}."
                raise SideError(self.name, UsageError(problem, hint))
        maker = self._maker()
        mark = SideMark(self.name, str(self.folder.path))
        return ComparedSide(mark, maker.objects, tuple(maker.omissions))

    def _maker(self) -> ObjectMaker:
        maker = ObjectMaker(self.folder.variables)
        for manifest in self.folder.chosen(self.chosen):
            maker.add_manifest(manifest)
        return maker
