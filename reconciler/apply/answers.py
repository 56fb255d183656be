"""Compares what the server answered to a write with what was sent. Pure."""

from reconciler.apply.report import Outcome
from reconciler.kinds.enums import mnemonic
from reconciler.kinds.fields import Fields, Value, pointer
from reconciler.kinds.flatten import leaf
from reconciler.kinds.model import Attribute, Attributes, ValueType
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Replace, Update
from reconciler.server.differences import emptied
from reconciler.server.port import ConfObject
from reconciler.text.difference import excerpt

_AS_KEPT = "Declare the value as the server keeps it, or find out why the server ignores it."


def is_as_sent(sent: Attributes, result: ConfObject) -> bool:
    """Whether the server's answer to a create has every attribute exactly as it was sent. Then the
    fields need no comparison."""
    return all(result.attributes.get(name) == value for name, value in sent.items())


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
        if same_value(attribute, now, change.after) or (attribute and attribute.secret):
            continue
        left = isinstance(action, Update) and same_value(attribute, now, change.before)
        said = f"{pointer(change.path)} is {excerpt(change.display(now))}"
        (kept if left else rewritten).append(said)
    if kept:
        message = f"the server reported no error and left unchanged: {', '.join(kept)}"
        return Outcome(action, "failed", message, _AS_KEPT, wrote=True)
    message = f"the server rewrote what was sent: {', '.join(rewritten)}" if rewritten else ""
    return Outcome(action, "done", message, wrote=True)


def same_value(attribute: Attribute | None, one: Value | None, other: Value | None) -> bool:
    """Whether the server treats both values of a field as equal: an empty text equals an unset one,
    and so does a number or a flag that an update has emptied."""
    nothing = emptied(attribute) if attribute else None
    if attribute and attribute.type is ValueType.ENUM and nothing is not None:
        nothing = mnemonic(attribute.enumeration, nothing)
    unset = (None, "", nothing)
    return one == other or (one in unset and other in unset)
