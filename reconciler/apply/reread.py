"""Reads again what a plan depends on, when it is applied, recovered or reverted."""

from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError
from reconciler.kinds.types.files import LAUNCH_FILE, VALUES
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.launch.adapter import FileSpec, installation_label
from reconciler.launch.files import Installation
from reconciler.plan.actions import Create, Write, changes_of, kept_of
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.new_tenants import in_its_tenant
from reconciler.plan.planner import mark_of
from reconciler.plan.reading.queries import ReadRequirement, action_requirements
from reconciler.plan.reading.reads import reads_of
from reconciler.plan.renames import new_key, rename_of
from reconciler.server.port import ConfObject, Reader
from reconciler.server.reading import by_key, read_in_rounds
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from reconciler.site.find import find_site
from reconciler.state.records import RunSummary


def file_specs(plan: Plan) -> list[FileSpec]:
    """The launch files that a plan writes, with every key that it looks at."""
    specs = []
    for action in plan.writes:
        paths = [one.path for one in (*changes_of(action), *kept_of(action))]
        paths += action.fingerprint.units
        keys = [path for path in paths if len(path) == 3 and path[0] == VALUES]
        if action.object_type == LAUNCH_FILE and keys:
            names = tuple(dict.fromkeys(path[2] for path in keys))
            specs.append(FileSpec(action.name, keys[0][1], names))
    return specs


def read_again(
    plan: Plan,
    server: Reader,
    installation: Installation | None = None,
    more: Sequence[ReadRequirement] = (),
) -> tuple[Snapshot, SiteMark]:
    """Reads what a plan depends on, and ``more``; and finds its site. ``server`` answers for the
    launch files of ``installation`` too. RefusedError or UsageError if the site is no longer
    there."""
    mark = plan.site
    options = SiteOptions(mark.app, mark.tenant, mark.cluster)
    found, site = find_site(server, options, installation)
    actions = [
        in_its_tenant(one, found) if isinstance(one, Create) else one for one in plan.actions
    ]
    needs = [*action_requirements(actions, mark.tenant_dbid), *more]
    live = read_in_rounds(server, found, reads_of(needs, ()))
    return live, mark_of(site, live)


def read_holder(server: Reader, action: Write, one: ConfObject) -> Sequence[ConfObject]:
    """The object that already has the name to which an action renames ``one``; empty: there is
    none, or the action is no rename."""
    renamed = rename_of(action)
    filters = by_key(ALL_TYPES[one.type], new_key(one, renamed.after)) if renamed else {}
    return server.read(one.type, filters) if filters else ()


def check_installation(run: RunSummary, plan: Plan, installation: Installation | None) -> None:
    """RefusedError if the launch files of a run are not in the folder of
    ``installation``. The host may have been renamed since."""
    here = installation_label(installation) if installation else ""
    folders = [label.partition(":")[2] for label in (plan.site.installation, here)]
    if file_specs(plan) and folders[0] != folders[1]:
        raise RefusedError(
            [
                Diagnostic(
                    f"the launch files of run {run.name} are those of {plan.site.installation},"
                    f" not of {here or 'this host'}",
                    hint="Name no other folder with GWE_INSTALL_DIR or install_dir.",
                )
            ]
        )


def check_own_host(run: RunSummary, plan: Plan, *, own_host: bool) -> None:
    """RefusedError if a run wrote launch files, and not on this host."""
    if file_specs(plan) and not own_host:
        raise RefusedError(
            [
                Diagnostic(
                    f"the run {run.name} wrote launch files on another host, {run.head.host}:"
                    f" {plan.site.installation}",
                    hint=f"Run it on {run.head.host}. If this is that host with another id or"
                    " name, add --same-host.",
                )
            ]
        )
