"""The updates of an undo: one for each object. Pure."""

from collections.abc import Collection

from reconciler.kinds.fields import FieldPath
from reconciler.kinds.flatten import leaf
from reconciler.kinds.model import ValueType
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import (
    Action,
    Fingerprint,
    InSync,
    Keep,
    Subject,
    Update,
    changes_of,
    kept_of,
)
from reconciler.plan.changes import Change
from reconciler.server.differences import emptied
from reconciler.server.port import ConfObject


def update_of(
    subject: Subject,
    changes: list[Change],
    kept: list[Change] | tuple[Change, ...],
    needs: tuple[str, ...] = (),
    folder: int = 0,
) -> Update:
    """The update that makes these changes. It becomes stale if any field that it changes is changed
    on the server."""
    units = tuple(change.path for change in changes)
    return Update(
        subject,
        needs=needs,
        folder=folder,
        fingerprint=Fingerprint(units=units),
        changes=tuple(changes),
        kept=tuple(kept),
    )


def one_per_object(actions: list[Action]) -> list[Action]:
    """One action per object: a single update restores the references that several deletes
    cleared."""
    merged: dict[tuple[str, object], Action] = {}
    for action in actions:
        key = (action.object_type, action.dbid or action.address)
        other = merged.get(key)
        if other is None:
            merged[key] = action
        elif isinstance(action, Update) and isinstance(other, Update | InSync | Keep):
            changes = {change.path: change for change in (*changes_of(other), *action.changes)}
            needs = tuple(dict.fromkeys((*other.needs, *action.needs)))
            folder = other.folder if isinstance(other, Update) else action.folder
            del merged[key]  # the update takes the later place, after all that it needs
            merged[key] = update_of(
                other.subject, list(changes.values()), kept_of(other), needs, folder
            )
    return list(merged.values())


def can_be_emptied(one: ConfObject, path: FieldPath, old: Collection[FieldPath]) -> bool:
    """Whether an update can clear a field. ``old``: the fields before the run; a list entry that
    was not among them is removed as a whole."""
    outer, attribute = ALL_TYPES[one.type].by_word(path[0]), leaf(ALL_TYPES[one.type], path)
    listed = outer is not None and outer.type is ValueType.STRUCTURES
    if listed and not any(path[:2] == other[:2] for other in old):
        return True
    if attribute is None or attribute.type not in (ValueType.ENUM, ValueType.INTEGER):
        return True
    return emptied(attribute) is not None
