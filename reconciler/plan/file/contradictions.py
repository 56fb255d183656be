"""Whether what an action shows is true of the live objects. Pure.

A fingerprint says that nothing has changed since the plan was made; this says that the plan
shows what would be written, and that nothing else would.
"""

from collections.abc import Iterator, Mapping

from reconciler.kinds.fields import FieldPath, SecretText, Value, pointer
from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Delete, Replace, Update, Write, changes_of
from reconciler.plan.file.check_actions import taken_over
from reconciler.plan.folders import find_folder
from reconciler.plan.losses import losses, referrers, restored_references
from reconciler.plan.renames import name_path, rename_of
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import backup_of

_OTHERWISE = "and the plan shows another value"


def contradictions(action: Write, live: Snapshot, *, undo: bool = False) -> list[str]:
    """What the action shows and is not true, in sentences; empty: nothing. ``undo``: the action
    belongs to a plan that reverts a run."""
    if isinstance(action, Create):
        return list(_new_elsewhere(action, live))
    found = live.get(action.object_type, action.dbid)
    return list(_existing(action, found, live, undo=undo)) if found else []


def _new_elsewhere(action: Create, live: Snapshot) -> Iterator[str]:
    kind, path = ALL_TYPES[action.object_type], action.folder_path
    found = find_folder(kind, action.fields, path, action.tenant, live)
    if (found or 0) == action.folder:
        return
    if action.folder:
        yield f"the folder {path or 'of its type'} does not have DBID {action.folder}"
    else:
        yield f"the folder {path} exists now, with DBID {found}"


def _existing(
    action: Update | Replace | Delete, found: ConfObject, live: Snapshot, *, undo: bool
) -> Iterator[str]:
    held = flatten(ALL_TYPES[found.type], found.attributes, live)
    renamed = rename_of(action)
    for change in changes_of(action):
        new = renamed and change.path == name_path(action.object_type)  # it is there already
        if not _shows(change.after if new else change.before, held.get(change.path)):
            yield f"{pointer(change.path)} has a value, {_OTHERWISE}"
    match action:
        case Update():
            yield from _copied_otherwise(action, live)
        case Replace():
            yield from _taken_over_otherwise(action, held)
    if losses(action, found, live, undo=undo) != action.loses:
        yield "what would be lost is no longer what the plan shows"
    if isinstance(action, Update):
        return
    if isinstance(action, Replace) and restored_references(found, live) != action.restores:
        yield "the references to it are no longer those that the plan shows"
    if action.folder != found.folder:
        yield f"it is in the folder with DBID {found.folder}, and the plan has {action.folder}"
    if {(other.type, other.dbid) for other, _ in referrers(found, live)} != {*action.referrers}:
        yield "other objects refer to it than in the plan"


def _copied_otherwise(action: Update, live: Snapshot) -> Iterator[str]:
    """Copied values that are not shown as they are in the application that they come from."""
    for change in action.changes:
        source = live.get(action.object_type, change.source) if change.source else None
        if source is not None:
            held = flatten(ALL_TYPES[source.type], source.attributes, live)
            if change.source not in _partners(action, live):
                yield f"{pointer(change.path)} comes from an application that is not its pair"
            if not _shows(change.after, held.get(change.path)):
                name = live.name(source.type, source.dbid, 0)
                yield f"{pointer(change.path)} has another value in {name} than the plan shows"


def _partners(action: Update, live: Snapshot) -> set[int]:
    """The DBIDs of the other members of an application's HA pair."""
    pairs = [(other.dbid, backup_of(other)) for other in live.of_type("Application")]
    backups = {backup for primary, backup in pairs if primary == action.dbid}
    return backups | {primary for primary, backup in pairs if backup == action.dbid}


def _taken_over_otherwise(action: Replace, held: Mapping[FieldPath, Value]) -> Iterator[str]:
    for path, value in taken_over(action).items():
        if held.get(path) != value:
            yield f"{pointer(path)} would be written, and the plan does not show it"


def _shows(shown: Value | None, held: Value | None) -> bool:
    return isinstance(shown, SecretText) or shown == held
