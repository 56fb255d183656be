"""The updates of an undo: one for each object. Pure."""

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


def update_of(
    subject: Subject,
    changes: list[Change],
    kept: list[Change] | tuple[Change, ...],
    needs: tuple[str, ...] = (),
    folder: int = 0,
) -> Update:
    """The update that makes these changes. It is stale where one of the fields that it changes has
    changed on the server."""
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
    """One action per object: the references that several deletes took from it come back in
    one update."""
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
