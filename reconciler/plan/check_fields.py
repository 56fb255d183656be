"""Whether the fields that a plan file writes exist in their object types and can hold the
values. Pure."""

from collections.abc import Iterator, Mapping

from reconciler.kinds.fields import FieldPath, SecretText, Value, canonical, pointer
from reconciler.kinds.model import ValueType
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.actions import Create, Replace, Write, changes_of, kept_of
from reconciler.plan.model import Plan

_LENGTHS = {ValueType.KEY_VALUES: 3, ValueType.REFERENCES: 2}
_SECRET = (ValueType.TEXT, ValueType.KEY_VALUES)
_PYTHON: Mapping[ValueType, type | tuple[type, ...]] = {
    ValueType.TEXT: str,
    ValueType.INTEGER: (str, int),
    ValueType.FLAG: (str, bool),
    ValueType.ENUM: (str, int),
    ValueType.KEY_VALUES: (str, int, bytes),
    ValueType.REFERENCE: str,
    ValueType.REFERENCES: str,
    ValueType.STRUCTURE: (str, int, bytes),
    ValueType.STRUCTURES: (str, int, bytes),
}
"""How the values of a field stand in plans."""

_CONVERTED = (ValueType.FLAG, ValueType.ENUM, ValueType.INTEGER, ValueType.TEXT)


def check_fields(plan: Plan) -> None:
    """ValueError where an action names a field that its type does not have, or writes a value
    that the field cannot hold."""
    for action in plan.actions:
        if not all(change.path for change in (*changes_of(action), *kept_of(action))):
            raise ValueError(f"{action.address} has a change without a path")
        if isinstance(action, Write):
            _check_write(action)


def _check_write(action: Write) -> None:
    kind = ALL_TYPES.get(action.object_type)
    if kind is None:
        raise ValueError(f"there is no object type {action.object_type}")
    if isinstance(action, Create | Replace) and None in action.fields.values():
        raise ValueError(f"{action.address} has a field without a value")
    for path, value in _written(action):
        attribute = kind.by_word(path[0]) if path else None
        length = _LENGTHS.get(attribute.type, 1) if attribute else 0
        if len(path) != length and not (attribute and attribute.fields):
            raise ValueError(f"{kind.name} has no field {pointer(path)}")
        if value is None or attribute is None:
            continue
        if isinstance(value, SecretText):
            if attribute.type not in _SECRET or path == ("name",):
                raise ValueError(f"{pointer(path)} cannot hold a secret")
        elif not isinstance(value, _PYTHON[attribute.type]) or (
            isinstance(value, bool) and attribute.type is not ValueType.FLAG
        ):
            raise ValueError(f"{pointer(path)} cannot hold {value!r}")
        elif attribute.type in _CONVERTED:
            canonical(attribute, value)


def _written(action: Write) -> Iterator[tuple[FieldPath, Value | None]]:
    if isinstance(action, Create | Replace):
        yield from action.fields.items()
    yield from ((change.path, change.after) for change in changes_of(action))
