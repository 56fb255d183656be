"""From manifests to a plan: the one way that ``plan``, ``drift`` and ``apply`` take.

Reads through a ``Reader`` and writes nothing. ``docs/architecture.md`` draws it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds.types_files import LAUNCH_FILE
from reconciler.launch.adapter import FileSpec, FilesReader
from reconciler.launch.files import Installation
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired
from reconciler.manifest.load import Loaded
from reconciler.plan.context import Context, PlanOptions
from reconciler.plan.model import Plan
from reconciler.plan.planner import make_plan
from reconciler.plan.queries import desired_requirements, reads_for
from reconciler.server.port import ConfObject, Reader
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from reconciler.site.find import find_site
from reconciler.site.model import Site


@dataclass(frozen=True)
class Planned:
    """A plan with the live objects that it was computed from."""

    plan: Plan
    live: Snapshot


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
    found, site = find_site(server, site_options, installation)
    desired = bind(loaded.manifests, loaded.variables, environment, site, found)
    if installation is not None:
        server = FilesReader(server, installation, _specs_of(desired))
    live = Snapshot([*found, *_read(server, desired, site, found, options)])
    plan = make_plan(Context(desired, live, site, options), server.info(), loaded.digest)
    return Planned(plan, live)


def _read(
    server: Reader, desired: Desired, site: Site, found: Snapshot, options: PlanOptions
) -> Iterator[ConfObject]:
    """The live objects of the desired kinds, and what they refer to."""
    needs, tenants = desired_requirements(desired, found, options)
    for object_type, filters in reads_for(needs, {site.tenant_dbid, *tenants}):
        yield from server.read(object_type, filters)
    if desired.files and site.installation:
        yield from server.read(LAUNCH_FILE)


def _specs_of(desired: Desired) -> list[FileSpec]:
    return [
        FileSpec(one.path, one.format, tuple(field.path[-1] for field in one.fields))
        for one in desired.files
    ]
