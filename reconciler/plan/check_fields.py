"""Whether the fields that a plan file writes are fields of their object types. Pure."""

from reconciler.kinds.fields import pointer
from reconciler.kinds.model import ValueType
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.actions import Create, Replace, Write, changes_of, kept_of
from reconciler.plan.model import Plan

_LENGTHS = {ValueType.KEY_VALUES: 3, ValueType.REFERENCES: 2}


def check_fields(plan: Plan) -> None:
    """ValueError where an action names a field that its type does not have."""
    for action in plan.actions:
        if not all(change.path for change in (*changes_of(action), *kept_of(action))):
            raise ValueError(f"{action.address} has a change without a path")
        if isinstance(action, Write):
            _check_write(action)


def _check_write(action: Write) -> None:
    kind = ALL_TYPES.get(action.object_type)
    if kind is None:
        raise ValueError(f"there is no object type {action.object_type}")
    fields = action.fields if isinstance(action, Create | Replace) else {}
    for path in (*fields, *(change.path for change in changes_of(action))):
        attribute = kind.by_word(path[0]) if path else None
        length = _LENGTHS.get(attribute.type, 1) if attribute else 0
        if len(path) != length and not (attribute and attribute.fields):
            raise ValueError(f"{kind.name} has no field {pointer(path)}")
