"""Limits that keep a plan from destroying more than was meant. Pure.

The server's own objects are never replaced or deleted. A plan that would destroy too many of
the objects that it manages, by percentage or by count, is refused, and the message gives the
figures.
"""

import math
from collections.abc import Iterable

from msgspec import Struct

from reconciler.kinds.predefined import is_predefined
from reconciler.plan.actions import Action, Blocked, Delete, Replace, Update
from reconciler.plan.renames import rename_of
from reconciler.server.snapshot import Snapshot


class Limits(Struct, frozen=True):
    """How much a plan may destroy: ``percent`` of the existing objects that it manages, if
    there are at least ``at_least``; and at most ``count`` objects, however many there are."""

    percent: int = 30
    at_least: int = 10
    count: int | None = None


def spare_predefined(actions: Iterable[Action], live: Snapshot) -> list[Action]:
    """The actions; a replace, delete or rename of one of the server's own objects becomes
    blocked."""
    return [_spared(action, live) for action in actions]


def _spared(action: Action, live: Snapshot) -> Action:
    reason = why_spared(action, live)
    return Blocked(action.subject, reason, action.needs) if reason else action


def why_spared(action: Action, live: Snapshot) -> str:
    """Why an object must not be replaced, deleted or renamed; empty: the action does none of these,
    or may do it."""
    if isinstance(action, Replace | Delete):
        done = "replaced" if isinstance(action, Replace) else "deleted"
        if action.subject.protect:
            return f"it is protected, and never {done}"
    elif rename_of(action):
        done = "renamed"
    else:
        return ""
    one = live.get(action.object_type, action.dbid)
    if one is None:
        return ""
    owner = live.get("Enumerator", int(one.attributes.get("enumeratorDBID") or 0))
    attribute = str(owner.attributes["name"]) if owner else ""
    if is_predefined(one.type, one.dbid, str(one.attributes.get("name", "")), attribute):
        return f"it is one of the server's own objects, which are never {done}"
    if one.unknown and isinstance(action, Replace):
        return (
            f"it would lose {', '.join(one.unknown)}, which this version of gwe does not know;"
            " leave it out of --overwrite, or declare policy.overwrite: correct"
        )
    return ""


def refusals(actions: Iterable[Action], limits: Limits, *, consented: bool) -> tuple[str, ...]:
    """The limits that the actions exceed, each with its numbers. ``consented``: the user
    asked for the replaces, so they do not count towards the share."""
    existing = [one for one in actions if one.dbid and not isinstance(one, Blocked)]
    taken = [action for action in existing if isinstance(action, Replace | Delete)]
    stripped = [action for action in existing if removed_options(action)]
    unasked = [action for action in taken if not (consented and _is_asked_for(action))]
    destroyed = [*unasked, *stripped]
    found = []
    share = 100 * len(destroyed) / len(existing) if existing else 0
    if len(existing) >= limits.at_least and share > limits.percent:
        found.append(
            f"{len(destroyed)} of {len(existing)} existing managed objects"
            f" ({math.ceil(share)} %) would be replaced, deleted or lose options;"
            f" the limit is {limits.percent} %"
        )
    all_destroyed = len(taken) + len(stripped)
    if limits.count is not None and all_destroyed > limits.count:
        found.append(
            f"{all_destroyed} existing managed objects would be replaced, deleted or lose"
            f" options; the limit is {limits.count}"
        )
    return tuple(found)


def _is_asked_for(action: Action) -> bool:
    """Whether a plan does this only because of a command-line option. A replace of an object that
    the server cannot rename comes from a manifest."""
    return isinstance(action, Replace) and rename_of(action) is None


def removed_options(action: Action) -> bool:
    """Whether an update removes options of an application."""
    return (
        isinstance(action, Update)
        and action.object_type == "Application"
        and any(change.after is None for change in action.changes)
    )
