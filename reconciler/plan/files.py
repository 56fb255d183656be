"""The action for each launch file in which manifests declare values. Pure.

Launch files are edited, never created: one that is not there is skipped.
"""

from dataclasses import replace

from reconciler.kinds.fields import flatten
from reconciler.kinds.types import ALL_TYPES
from reconciler.kinds.types_files import CONTENT, LAUNCH_FILE
from reconciler.launch.errors import LaunchError
from reconciler.launch.formats import Format, edit
from reconciler.manifest.desired import DesiredFile
from reconciler.plan.context import Context
from reconciler.plan.diff import Difference, LiveFields, compare, secrets_of, units_of
from reconciler.plan.model import KEPT, Action

_TYPE = ALL_TYPES[LAUNCH_FILE]


def plan_files(context: Context) -> tuple[list[Action], list[str]]:
    """One action per launch file, in the order of the manifests, and notices. Without an
    installation folder there is none to plan for."""
    desired = context.desired.files
    if desired and not context.site.installation:
        listed = ", ".join(one.address for one in desired)
        return [], [f"{listed}: skipped, no installation folder was named (--install-dir)."]
    return [_action(context, one) for one in desired], []


def _action(context: Context, desired: DesiredFile) -> Action:
    base = Action(
        address=desired.address,
        kind=LAUNCH_FILE,
        action="in-sync",
        object_type=LAUNCH_FILE,
        name=desired.path,
        origin=desired.origin,
    )
    one = context.live.find(LAUNCH_FILE, 0, desired.path)
    if one is None:
        return replace(base, action="skip", reason=f"there is no file {desired.path}")
    base = replace(base, dbid=one.dbid)
    live = LiveFields(flatten(_TYPE, one.attributes, context.live))
    overwrite = context.options.overwrites(desired.address)
    found = compare(
        _TYPE,
        desired.fields,
        live,
        overwrite=overwrite,
        secret_words=context.options.secret_words,
    )
    blocked = found.blocked or _refused(desired, one.attributes[CONTENT], found)
    if blocked:
        return replace(base, action="blocked", reason=f"{desired.path}: {blocked}")
    base = replace(
        base,
        changes=found.changes,
        kept=found.kept,
        units=units_of(desired.fields),
        secrets=secrets_of(desired.fields),
    )
    if found.changes:
        return replace(base, action="update")
    if found.kept:
        return replace(base, action="keep", reason=KEPT)
    return base


def _refused(desired: DesiredFile, content: bytes, found: Difference) -> str:
    """Why the file cannot be so edited; empty: it can."""
    values = {
        change.path[-1]: None if change.after is None else str(change.after)
        for change in found.changes
    }
    try:
        edit(content, Format(desired.format), values)
    except LaunchError as error:
        return error.message
    return ""
