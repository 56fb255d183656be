"""Compares what the server answered to a write with what was sent. Pure."""

from reconciler.apply.report import Outcome
from reconciler.kinds.fields import Fields, Value, pointer
from reconciler.kinds.flatten import leaf
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.actions import Create, Replace, Update
from reconciler.server.port import ConfObject
from reconciler.text_difference import excerpt

_AS_KEPT = "Declare the value as the server keeps it, or find out why the server ignores it."


def outcome_of_answer(
    action: Create | Update | Replace, result: ConfObject, fields: Fields
) -> Outcome:
    """The outcome of a write that was answered with an object of these fields. An update that
    left a field unchanged has failed, even if the server reported no error."""
    kept: list[str] = []
    rewritten: list[str] = []
    for change in action.changes:
        now = fields.get(change.path)
        attribute = leaf(ALL_TYPES[result.type], change.path)
        if same_value(now, change.after) or (attribute and attribute.secret):
            continue
        left = isinstance(action, Update) and same_value(now, change.before)
        said = f"{pointer(change.path)} is {excerpt(change.display(now))}"
        (kept if left else rewritten).append(said)
    if kept:
        message = f"the server reported no error and left unchanged: {', '.join(kept)}"
        return Outcome(action, "failed", message, _AS_KEPT, wrote=True)
    message = f"the server rewrote what was sent: {', '.join(rewritten)}" if rewritten else ""
    return Outcome(action, "done", message, wrote=True)


def same_value(one: Value | None, other: Value | None) -> bool:
    """Whether the server treats both as equal (empty equals unset)."""
    return one == other or (one in (None, "") and other in (None, ""))
