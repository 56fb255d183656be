"""The action for each launch file in which manifests declare values. Pure.

Launch files are edited, never created: a file that does not exist is skipped.
"""

from msgspec.structs import replace

from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.files import CONTENT, LAUNCH_FILE
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.launch.errors import LaunchError
from reconciler.launch.formats import Format, edit
from reconciler.manifest.desired import DesiredFile
from reconciler.plan.actions import Action, Skip, Subject
from reconciler.plan.context import Context
from reconciler.plan.diff import Difference, LiveFields, compare, decide, units_of

NO_FOLDER = "no installation folder was named (--install-dir)"
_TYPE = ALL_TYPES[LAUNCH_FILE]


def plan_files(context: Context) -> tuple[list[Action], list[str]]:
    """One action per launch file, in the order of the manifests, and notices. Without an
    installation folder there are no files to plan for."""
    left_out = files_left_out(context)
    if left_out:
        return [], [f"{', '.join(left_out)}: skipped, {NO_FOLDER}."]
    return [_action(context, one) for one in context.desired.files], []


def files_left_out(context: Context) -> tuple[str, ...]:
    """The addresses of the launch files that are not planned for, since nobody named the
    folder in which they are."""
    if context.site.installation:
        return ()
    return tuple(one.address for one in context.desired.files)


def _action(context: Context, desired: DesiredFile) -> Action:
    subject = Subject(
        desired.address,
        LAUNCH_FILE,
        LAUNCH_FILE,
        desired.path,
        origin=desired.origin,
    )
    subject = context.with_secrets(subject, desired.fields)
    file = context.live.find(LAUNCH_FILE, 0, desired.path)
    if file is None:
        return Skip(subject, f"there is no file {desired.path}")
    found = compare(
        _TYPE,
        desired.fields,
        LiveFields(flatten(_TYPE, file.attributes, context.live)),
        subject.hides,
    )
    blocked = found.blocked or _edit_problem(desired, file.attributes[CONTENT], found)
    if blocked:
        found = Difference(blocked=f"{desired.path}: {blocked}")
    return decide(replace(subject, dbid=file.dbid), found, units_of(desired.fields))


def _edit_problem(desired: DesiredFile, content: bytes, found: Difference) -> str:
    """Why the file cannot be edited in this way; empty: it can."""
    values = {
        change.path[-1]: None if change.after is None else str(change.after)
        for change in found.changes
    }
    try:
        edit(content, Format(desired.format), values)
    except LaunchError as error:
        return error.message
    return ""
