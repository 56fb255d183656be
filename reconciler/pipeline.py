"""The life of a run up to its plan: load; then discover, bind, read and plan.

Reads through a ``Reader`` and writes nothing. ``docs/life-of-a-run.md`` draws it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError
from reconciler.kinds.types_files import LAUNCH_FILE, VALUES
from reconciler.launch.files import Installation
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired
from reconciler.manifest.documents import Manifest, read_documents
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import Setting, Variables, collect, read_settings_file
from reconciler.plan.context import Context, PlanOptions
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.planner import make_plan, mark_of
from reconciler.reads import Need, action_needs, desired_needs, reads_for
from reconciler.server.connect import server_values
from reconciler.server.files import FileSpec, FilesReader, installation_label
from reconciler.server.port import ConfObject, Reader
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions, discover
from reconciler.site.model import Site
from reconciler.strict_yaml import YamlDocument


@dataclass(frozen=True)
class Loaded:
    """Valid manifests and their variables, not yet bound to a site."""

    manifests: Sequence[Manifest]
    variables: Variables
    digest: str = ""


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
    return Loaded(manifests, variables, _digest(manifests))


def _digest(manifests: Sequence[Manifest]) -> str:
    """A digest of what the manifests say, whatever their files are called."""
    data = json.dumps([one.data for one in manifests], sort_keys=True, default=str)
    return hashlib.sha256(data.encode()).hexdigest()[:16]


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
    installation: Installation | None = None,
) -> Planned:
    """The plan of a run. ``installation``: where the launch files are. Every error is a
    ReconcilerError; nothing is written."""
    found, site = _find_site(server, site_options, installation)
    desired = bind(loaded.manifests, loaded.variables, environment, site, found)
    if installation is not None:
        server = FilesReader(server, installation, _specs_of(desired))
    live = Snapshot([*_all(found), *_read(server, desired, site, found, options)])
    plan = make_plan(Context(desired, live, site, options), server.info(), loaded.digest)
    return Planned(plan, live)


def _find_site(
    server: Reader, options: SiteOptions, installation: Installation | None
) -> tuple[Snapshot, Site]:
    """The tenants, applications and hosts that were read, and the site among them."""
    applications = Snapshot(
        [*server.read("Tenant", {"all_tenants": 1}), *server.read("Application")]
    )
    found = Snapshot([*_all(applications), *_hosts(server, applications, options.app)])
    site = discover(found, options)
    values = {**site.values, **server_values(server.info().url)}
    label = installation_label(installation) if installation else ""
    return found, replace(site, values=values, installation=label)


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
    """The live objects of the desired kinds, and what they refer to."""
    needs, tenants = desired_needs(desired, found, options)
    for object_type, filters in reads_for(needs, {site.tenant_dbid, *tenants}):
        yield from server.read(object_type, filters)
    if desired.files and site.installation:
        yield from server.read(LAUNCH_FILE)


def _specs_of(desired: Desired) -> list[FileSpec]:
    return [
        FileSpec(one.path, one.format, tuple(field.path[-1] for field in one.fields))
        for one in desired.files
    ]


def file_specs(plan: Plan) -> list[FileSpec]:
    """The launch files that a plan writes, with every key that it looks at."""
    specs = []
    for action in plan.actions:
        paths = [one.path for one in (*action.changes, *action.kept)] + list(action.units)
        keys = [path for path in paths if len(path) == 3 and path[0] == VALUES]
        if action.object_type == LAUNCH_FILE and action.writes and keys:
            names = tuple(dict.fromkeys(path[2] for path in keys))
            specs.append(FileSpec(action.name, keys[0][1], names))
    return specs


def read_again(
    plan: Plan,
    server: Reader,
    installation: Installation | None = None,
    more: Sequence[Need] = (),
) -> tuple[Snapshot, SiteMark]:
    """What a plan depends on as it is now, and ``more``; and its site. ``server`` answers
    for the launch files of ``installation`` too. RefusedError or UsageError where the site
    is no longer there."""
    mark = plan.site
    options = SiteOptions(mark.app, mark.tenant, mark.cluster)
    found, site = _find_site(server, options, installation)
    needs, tenants = action_needs(plan.actions)
    objects = [
        one
        for object_type, filters in reads_for([*needs, *more], {mark.tenant_dbid, *tenants} - {0})
        for one in server.read(object_type, filters)
    ]
    live = Snapshot([*_all(found), *objects])
    return live, mark_of(site, live)
