"""From a live server to manifests: what ``gwe export`` and ``gwe compare`` read, and in what
order.

Reads through a ``Reader`` and writes nothing. Each type is read once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.diagnostics import did_you_mean
from reconciler.engine.permissions import read_permissions
from reconciler.engine.progress import Progress
from reconciler.engine.site_access import SiteAccess
from reconciler.errors import NothingToExportError, UsageError
from reconciler.export.make import Draft, make_draft, make_export
from reconciler.export.model import Export, Omission
from reconciler.export.selection import (
    ExportRequest,
    chosen,
    of_the_site,
    referring_types,
    scripts_in,
)
from reconciler.kinds.manifests import EVERY_KIND, FOLDER_KINDS, OBJECT_KINDS, kind_named
from reconciler.kinds.roles import SITE_VALUES
from reconciler.kinds.types.folders import FOLDER
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired
from reconciler.manifest.load import load_manifests
from reconciler.manifest.variables import GivenValues, Setting
from reconciler.plan.context import Context, PlanOptions, PlanSettings
from reconciler.plan.identity import address_of
from reconciler.plan.known_secrets import KnownSecrets
from reconciler.plan.planner import make_plan
from reconciler.plan.reading.queries import ReadRequirement, desired_requirements
from reconciler.plan.reading.reads import reads_of
from reconciler.resources import bundled_manifests
from reconciler.server.port import ConfObject, ObjectKey, ServerInfo
from reconciler.server.reading import RoundReader
from reconciler.server.snapshot import Snapshot
from reconciler.site.find import find_site
from reconciler.site.model import Site

_PERMISSIONS = (
    "no manifest declares permissions: where the object is created, it inherits those of its folder"
)
_UNREADABLE = "this account may not read whether permissions are set on it"
_LAUNCH_FILE = (
    "launch files are on a host and on no server: gwe init copies the manifest that declares them"
)


class _Reading(RoundReader):
    """Reads what is asked for, and nothing twice."""

    def need(self, tenant: int, needs: Iterable[ReadRequirement]) -> bool:
        """Reads what these requirements need, and the names of the tenant's scripts. Returns
        whether there was anything left to read."""
        scripts = ReadRequirement("Script", tenant, brief=True)
        return self.read(reads_of([scripts, *needs], {tenant}))


class SiteReading(Struct):
    """What was read of a site, and which of its objects were asked for. ``sections``: those of
    applications, by DBID, that belong to these objects; ``launch_files``: the addresses of the
    manifests of launch files that belong to the site."""

    info: ServerInfo
    site: Site
    options: PlanOptions
    known_secrets: KnownSecrets
    reading: _Reading
    objects: list[ConfObject]
    sections: Mapping[int, Collection[str]] = field(default_factory=dict)
    launch_files: Sequence[str] = ()

    def draft(self, parameters: Iterable[str] = ()) -> Draft:
        """The documents of what was asked for; ``parameters``: see ``make_draft``."""
        context = Context(Desired(), self.reading.live, self.site, self.options, self.known_secrets)
        return make_draft(self.objects, self.sections, context, parameters)

    def addresses(self) -> dict[str, str]:
        """The addresses of the objects, each with its kind."""
        live, tenant = self.reading.live, self.site.tenant_dbid
        found = (address_of(one, live, tenant) for one in self.objects)
        return {address: kind for kind, address in found}

    def add(self, kinds: Collection[str], wanted: Callable[[str], bool]) -> None:
        """Adds the objects of these manifest kinds whose address is wanted, if they exist."""
        tenant = self.site.tenant_dbid
        _read_kinds(self.reading, kinds, tenant)
        known = {(one.type, one.dbid) for one in self.objects}
        for one in chosen(self.reading.live, ExportRequest(tuple(kinds)), tenant):
            is_new = (one.type, one.dbid) not in known
            if is_new and wanted(address_of(one, self.reading.live, tenant)[1]):
                self.objects.append(one)


def read_site(
    access: SiteAccess,
    request: ExportRequest,
    variables: Mapping[str, str],
    settings: PlanSettings,
    progress: Progress,
) -> SiteReading:
    """Reads a site's objects, or those that ``request`` chooses. ``variables``: values for the
    manifests that come with gwe, which say what belongs to a site. UsageError for an unknown
    kind."""
    request = with_kind_names(request)
    found, site = find_site(access.server, access.site, None)
    reading = _Reading(access.server, found, progress.reading)
    options = PlanOptions(settings=settings)
    sections: Mapping[int, Collection[str]] = {}
    launch_files: list[str] = []
    if request.whole_tenant:
        objects = _of_the_tenant(reading, request, site.tenant_dbid)
    else:
        desired = _bundled(variables, site, found)
        objects = _of_the_site(reading, desired, site, options)
        sections = _touched(desired)
        launch_files = [one.address for one in desired.files]
    info = access.server.info()
    known = access.known_secrets(info.identity)
    return SiteReading(info, site, options, known, reading, objects, sections, launch_files)


def export_site(
    read: SiteReading,
    request: ExportRequest,
    parameters: Iterable[str],
    *,
    installed: bool = False,
) -> Export:
    """The manifests of what was read; ``request``: what was asked for. ``parameters``: see
    ``make_draft``; ``installed``: the folder of the installation is known. UsageError if there
    is nothing to export."""
    made = make_export(read.draft(parameters), read.info)
    if not made.files and not made.omissions:
        raise _nothing(request)
    unsaid = [*_permissions(read), *(_launch_files(read) if installed else ())]
    return replace(made, omissions=tuple(sorted({*made.omissions, *unsaid})))


def _permissions(read: SiteReading) -> Iterator[Omission]:
    """The permissions that are set on the objects, which no manifest declares."""
    live, tenant = read.reading.live, read.site.tenant_dbid
    found = read_permissions(read.reading.server, ((one.type, one.dbid) for one in read.objects))
    for one, entries in zip(read.objects, found, strict=True):
        if entries or entries is None:
            reason = _PERMISSIONS if entries else _UNREADABLE
            yield Omission(address_of(one, live, tenant)[1], ("permissions",), reason)


def _launch_files(read: SiteReading) -> Iterator[Omission]:
    for address in read.launch_files:
        yield Omission(address, (), _LAUNCH_FILE)


def _nothing(request: ExportRequest) -> NothingToExportError:
    if request.whole_tenant:
        what = "the tenant has no object of these kinds and names that this account can read"
        return NothingToExportError(
            f"there is nothing to export: {what}", "Check --kind and --name."
        )
    what = "the site has nothing of what the manifests that come with gwe declare"
    hint = "gwe plan -f bundled shows what is missing; --all exports all objects of the tenant."
    return NothingToExportError(f"there is nothing to export: {what}", hint)


def with_kind_names(request: ExportRequest) -> ExportRequest:
    """The request with the names of kinds as addresses have them. Object types may be named
    without their kind: DN for Object/DN; Folder stands for folders of all types. UsageError for an
    unknown kind."""
    known: dict[str, tuple[str, ...]] = {
        name: (name,) for name, kind in EVERY_KIND.items() if kind.binding == "object"
    }
    known |= {object_type: (kind.name,) for object_type, kind in OBJECT_KINDS.items()}
    known[FOLDER] = tuple(kind.name for kind in FOLDER_KINDS.values())
    for name in request.kinds:
        if name not in known:
            listed = [one for one in known if "/" not in one]
            hint = f"Known: {', '.join(listed)}."
            raise UsageError(f"no kind {name} can be chosen{did_you_mean(name, known)}", hint)
    return replace(request, kinds=tuple(kind for name in request.kinds for kind in known[name]))


def _bundled(variables: Mapping[str, str], site: Site, found: Snapshot) -> Desired:
    """What the bundled manifests declare, for the names in it. A variable for which the site has no
    value keeps the name of its placeholder."""
    settings = [Setting(name, value) for name, value in variables.items()]
    loaded = load_manifests([bundled_manifests()], GivenValues(settings, undeclared=True))
    complete = replace(site, values={name: site.values.get(name, name) for name in SITE_VALUES})
    return bind(loaded.manifests, loaded.variables, {}, complete, found)


def _of_the_tenant(reading: _Reading, request: ExportRequest, tenant: int) -> list[ConfObject]:
    _read_kinds(reading, request.kinds or EVERY_KIND, tenant)
    return chosen(reading.live, request, tenant)


def _read_kinds(reading: _Reading, names: Iterable[str], tenant: int) -> None:
    """Reads all objects of these kinds."""
    kinds = [kind_named(name) for name in names]
    reading.need(
        tenant,
        (
            _whole(kind.type, tenant, kind.script_type)
            for kind in kinds
            if kind is not None and kind.binding == "object"
        ),
    )


def _of_the_site(
    reading: _Reading, desired: Desired, site: Site, options: PlanOptions
) -> list[ConfObject]:
    """The objects that belong to the site. A type is read when a reference to it is found."""
    tenant = site.tenant_dbid
    needs, _ = desired_requirements(desired, reading.live, site, options)
    reading.need(tenant, needs)
    context = Context(desired, reading.live, site, options)
    plan = make_plan(context, reading.server.info())
    named: set[ObjectKey] = {(one.object_type, one.dbid) for one in plan.actions if one.dbid}
    named = {key for key in named if key[0] != "Application"}
    named |= {*scripts_in(reading.live, _touched(desired), tenant)}
    reading.need(
        tenant,
        (
            ReadRequirement(name, tenant)
            for name in sorted(referring_types({object_type for object_type, _ in named}))
            if name != "Script"  # the brief form of a script has its references already
        ),
    )
    while True:
        objects = of_the_site(reading.live, named, tenant)
        if not reading.need(
            tenant, (_whole(one.type, tenant, _script_type(one)) for one in objects)
        ):
            return objects


def _script_type(one: ConfObject) -> int | None:
    return int(one.attributes["type"]) if one.type == "Script" else None


def _whole(object_type: str, tenant: int, script_type: int | None) -> ReadRequirement:
    """The requirement to read the objects of a type whole, with their folders and what they refer
    to."""
    words = frozenset(one.word for one in ALL_TYPES[object_type].attributes)
    return ReadRequirement(object_type, tenant, script_type=script_type, folder=True, words=words)


def _touched(desired: Desired) -> dict[int, list[str]]:
    """The sections of applications that manifests declare something in: DBID -> names."""
    return {
        one.dbid: list(dict.fromkeys(field.path[1] for field in one.fields))
        for one in desired.options
    }
