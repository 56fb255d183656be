"""Reads again what a plan depends on, when it is applied, recovered or reverted."""

from collections.abc import Sequence

from reconciler.kinds.types_files import LAUNCH_FILE, VALUES
from reconciler.launch.adapter import FileSpec
from reconciler.launch.files import Installation
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.planner import mark_of
from reconciler.plan.queries import ReadRequirement, action_requirements, reads_for
from reconciler.server.port import Reader
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from reconciler.site.find import find_site


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
    more: Sequence[ReadRequirement] = (),
) -> tuple[Snapshot, SiteMark]:
    """What a plan depends on as it is now, and ``more``; and its site. ``server`` answers
    for the launch files of ``installation`` too. RefusedError or UsageError where the site
    is no longer there."""
    mark = plan.site
    options = SiteOptions(mark.app, mark.tenant, mark.cluster)
    found, site = find_site(server, options, installation)
    needs, tenants = action_requirements(plan.actions)
    objects = [
        one
        for object_type, filters in reads_for([*needs, *more], {mark.tenant_dbid, *tenants} - {0})
        for one in server.read(object_type, filters)
    ]
    live = Snapshot([*found, *objects])
    return live, mark_of(site, live)
