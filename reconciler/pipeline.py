"""The life of a run up to its plan: load; then discover, bind, read and plan.

Reads through a ``Reader`` and writes nothing. ``docs/life-of-a-run.md`` draws it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError
from reconciler.kinds.types import references_to
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired
from reconciler.manifest.documents import Manifest, read_documents
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import Setting, Variables, collect, read_settings_file
from reconciler.plan.context import Context, PlanOptions
from reconciler.plan.model import Plan
from reconciler.plan.planner import make_plan
from reconciler.server.port import ConfObject, Filter, Reader
from reconciler.server.snapshot import ENVIRONMENT, Snapshot
from reconciler.site.discovery import SiteOptions, discover
from reconciler.site.model import Site
from reconciler.strict_yaml import YamlDocument


@dataclass(frozen=True)
class Loaded:
    """Valid manifests and their variables, not yet bound to a site."""

    manifests: Sequence[Manifest]
    variables: Variables


@dataclass(frozen=True)
class Planned:
    """A plan with the live objects that it was computed from."""

    plan: Plan
    live: Snapshot


def load_manifests(
    paths: Sequence[Path],
    file_settings: Sequence[Setting] = (),
    settings_files: Sequence[Path] = (),
    settings: Sequence[Setting] = (),
    environment: Mapping[str, str] | None = None,
) -> Loaded:
    """The valid manifests and their variables. ``file_settings``: variables from gwe.toml;
    ``settings_files``: those of --vars; ``settings``: those of --var. ManifestError lists
    every problem, with ``environment`` also what binding the valid ones would find."""
    problems: list[Diagnostic] = []
    documents = read_documents(paths, problems)
    all_read = not problems
    manifests = validate(documents, problems)
    from_files = [one for file in settings_files for one in read_settings_file(file, problems)]
    variables = collect(manifests, (*file_settings, *from_files, *settings), problems)
    if problems:
        if all_read and environment is not None and _variables_are_known(documents, manifests):
            problems += _binding_problems(manifests, variables, environment)
        raise ManifestError(list(dict.fromkeys(problems)))
    if not manifests:
        raise ManifestError([Diagnostic("there is no manifest in the files given with --file")])
    return Loaded(manifests, variables)


def _variables_are_known(documents: Sequence[YamlDocument], manifests: Sequence[Manifest]) -> bool:
    """Whether every document that declares variables is valid."""
    kinds = [d.data.get("kind") for d in documents if isinstance(d.data, dict)]
    valid = sum(one.kind.binding == "variables" for one in manifests)
    return kinds.count("Variables") == valid


def _binding_problems(
    manifests: Sequence[Manifest], variables: Variables, environment: Mapping[str, str]
) -> Sequence[Diagnostic]:
    try:
        bind(manifests, variables, environment)
    except ManifestError as error:
        return error.diagnostics
    return ()


def prepare(
    loaded: Loaded,
    server: Reader,
    site_options: SiteOptions,
    options: PlanOptions,
    environment: Mapping[str, str],
) -> Planned:
    """The plan of a run. Every error is a ReconcilerError; nothing is written."""
    applications = Snapshot(
        [*server.read("Tenant", {"all_tenants": 1}), *server.read("Application")]
    )
    hosts = _hosts(server, applications, site_options.app)
    found = Snapshot([*_all(applications), *hosts])
    site = discover(found, site_options)
    desired = bind(loaded.manifests, loaded.variables, environment, site, found)
    live = Snapshot([*_all(found), *_read(server, desired, site, found, options)])
    plan = make_plan(Context(desired, live, site, options), server.info().url)
    return Planned(plan, live)


def _all(snapshot: Snapshot) -> Iterator[ConfObject]:
    for object_type in ("Tenant", "Application", "Host"):
        yield from snapshot.of_type(object_type)


def _hosts(server: Reader, applications: Snapshot, app: str) -> list[ConfObject]:
    """The host of the Web Engagement Server, for ``${site.server.host}``."""
    found = applications.find("Application", 0, app)
    info = found.attributes.get("serverInfo") if found else None
    host = (info or {}).get("hostDBID")
    return server.read("Host", {"dbid": host}) if host else []


def _read(
    server: Reader, desired: Desired, site: Site, found: Snapshot, options: PlanOptions
) -> Iterator[ConfObject]:
    """The live objects of the desired kinds: one read per type and tenant, the names of
    all scripts, and what the desired objects refer to."""
    for object_type, filters in _reads(desired, site, found, options):
        yield from server.read(object_type, filters)


def _reads(
    desired: Desired, site: Site, found: Snapshot, options: PlanOptions
) -> list[tuple[str, Filter]]:
    reads: dict[str, tuple[str, Filter]] = {}

    def add(object_type: str, filters: Filter) -> None:
        reads.setdefault(f"{object_type} {sorted(filters.items())}", (object_type, filters))

    tenants = {site.tenant_dbid}
    for one in desired.objects:
        tenant = found.find("Tenant", 0, one.tenant)
        if tenant is not None:
            tenants.add(tenant.dbid)
    for dbid in sorted(tenants):
        # Names, types and DBIDs only: what is managed is read whole, after it, and wins.
        add("Script", {"tenant_dbid": dbid, "exclude_bytecode": True})
    for one in desired.objects:
        tenant = found.find("Tenant", 0, one.tenant)
        if tenant is None:
            continue
        scope: Filter = {"tenant_dbid": tenant.dbid}
        if one.kind.script_type is not None:
            add("Script", {**scope, "script_type": one.kind.script_type})
        else:
            add(one.kind.type, scope)
        if one.kind.parent:
            add("Enumerator", scope)
        if one.folder:
            add("Folder", {})
        for word in {field.path[0] for field in one.fields}:
            attribute = one.kind.object_type.by_word(word)
            if attribute is not None and attribute.refers_to == "Person":
                _add_persons(tenant.dbid, add)
        if options.overwrites(one.address) and one.policy.overwrite == "replace":
            _add_referrers(one.kind.type, scope, add)
    return list(reads.values())


def _add_referrers(object_type: str, scope: Filter, add: Callable[[str, Filter], None]) -> None:
    """The reads that a replace needs to say who refers to the old object."""
    for referring, _, field in references_to(object_type):
        tenanted = "tenant_dbid" in referring.filters
        if field is None and referring.name not in ("Tenant", "Application"):
            add(referring.name, scope if tenanted else {})
    if object_type == "AgentGroup":
        _add_persons(int(scope["tenant_dbid"]), add)


def _add_persons(tenant: int, add: Callable[[str, Filter], None]) -> None:
    """The persons whom a group can name: those of its tenant and of Environment."""
    for dbid in (tenant, ENVIRONMENT):
        add("Person", {"tenant_dbid": dbid})
