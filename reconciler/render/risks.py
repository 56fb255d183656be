"""What a reviewer must not miss in a plan, whatever the form of output."""

from collections.abc import Iterator

from reconciler.plan.actions import Action, Blocked, Delete, Replace, Update, changes_of, losses_of
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan


def actions_at_risk(plan: Plan) -> Iterator[Action]:
    """What is blocked, deleted, replaced, or loses values of the site, in that order."""
    for kind in (Blocked, Delete, Replace, Update):
        for action in plan.actions:
            if isinstance(action, kind) and (kind is not Update or losses_of(action)):
                yield action


def existing_values(action: Action) -> tuple[Change, ...]:
    """The changes of option values that exist already in an application, which other programs use
    too."""
    if action.object_type != "Application":
        return ()
    return tuple(change for change in changes_of(action) if change.before is not None)
