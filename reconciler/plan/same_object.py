"""Merges the two actions for an application: for its own manifest, and for the options that
ApplicationOptions manifests declare in it. Pure."""

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.kinds.fields import pointer
from reconciler.plan.actions import (
    KEPT,
    Action,
    Blocked,
    Fingerprint,
    InSync,
    Keep,
    Subject,
    Update,
    changes_of,
    kept_of,
)


def one_action_each(actions: Iterable[Action]) -> list[Action]:
    """The actions, with two actions for the same application merged into one."""
    found: dict[object, Action] = {}
    for action in actions:
        key = (action.object_type, action.dbid or action.address)
        there = found.get(key)
        same = there is not None and there.address == action.address
        found[key if same or there is None else (key, action.address)] = (
            _merged(there, action) if same and there is not None else action
        )
    return list(found.values())


def _merged(one: Action, other: Action) -> Action:
    subject = _subject(one.subject, other.subject)
    for action in (one, other):
        if not isinstance(action, Update | Keep | InSync):
            return replace(action, subject=subject)
    changes = {change.path: change for change in changes_of(one)}
    for change in changes_of(other):
        there = changes.setdefault(change.path, change)
        if there.after != change.after:
            reason = f"{pointer(change.path)} is declared twice, with different values"
            return Blocked(subject, reason)
    kept = (*kept_of(one), *kept_of(other))
    updates = [action for action in (one, other) if isinstance(action, Update)]
    if updates:
        units = (unit for action in updates for unit in action.fingerprint.units)
        return Update(
            subject,
            one.reason or other.reason,
            folder=max(action.folder for action in updates),
            fingerprint=Fingerprint(units=tuple(dict.fromkeys(units))),
            changes=tuple(changes.values()),
            kept=kept,
            watched=tuple(seen for action in updates for seen in action.watched),
        )
    return Keep(subject, KEPT, kept=kept) if kept else InSync(subject)


def _subject(one: Subject, other: Subject) -> Subject:
    secrets = tuple(dict.fromkeys((*one.secrets, *other.secrets)))
    return replace(one, secrets=secrets, protect=one.protect or other.protect)
