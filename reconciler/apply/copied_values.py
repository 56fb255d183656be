"""Values of an update that come from another application, such as the other member of a pair."""

from msgspec.structs import replace

from reconciler.apply.report import AGAIN
from reconciler.errors import StaleActionError
from reconciler.kinds.fields import pointer
from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Update
from reconciler.server.snapshot import Snapshot


def with_sources(action: Update, live: Snapshot) -> Update:
    """The action with the current values of what it copies from other applications.
    StaleActionError if such a value is gone."""
    changes = []
    for change in action.changes:
        source = live.get(action.object_type, change.source) if change.source else None
        if source is not None:
            held = flatten(ALL_TYPES[source.type], source.attributes, live)
            if change.path not in held:
                raise StaleActionError(
                    f"{pointer(change.path)} is gone in the application with DBID"
                    f" {change.source}, from which it was to be copied",
                    AGAIN,
                )
            change = replace(change, after=held.get(change.path, change.after))  # noqa: PLW2901
        changes.append(change)
    return replace(action, changes=tuple(changes))
