"""Whether a deleted object of a run was created again by others. Pure."""

from collections.abc import Collection

from msgspec.structs import replace

from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, InSync, Skip
from reconciler.plan.fingerprint import object_of
from reconciler.plan.matching import describe
from reconciler.server.snapshot import Snapshot


def create_unless_exists(
    action: Create, live: Snapshot, deleted: Collection[tuple[str, int]]
) -> Create | InSync | Skip:
    """The action that creates a deleted object again, unless an object with its name has been
    created since. If that object differs, another client has created it: it is left as it is.
    ``deleted``: type and DBID of the objects that the undo deletes."""
    there = object_of(action, live)
    if there is None or (there.type, there.dbid) in deleted:
        return action
    subject = replace(action.subject, dbid=there.dbid)
    fields = flatten(ALL_TYPES[there.type], there.attributes, live)
    if all(fields.get(path) == value for path, value in action.fields.items()):
        return InSync(subject)
    reason = f"{describe(there)} has come in its place since the run, and is left as it is"
    return Skip(subject, reason)
