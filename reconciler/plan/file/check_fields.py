"""Whether the fields that a plan file writes exist in their object types and can hold the
values. Pure."""

from collections.abc import Iterator, Mapping

from reconciler.kinds.fields import FieldPath, SecretText, Value, canonical, pointer
from reconciler.kinds.flatten import leaf
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types.files import CONTENT, LAUNCH_FILE, LAUNCH_FORMATS
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Replace, Update, Write, changes_of, kept_of
from reconciler.plan.model import Plan
from reconciler.plan.secrets import CARRIED, source_of
from reconciler.server.values import is_integer

_LENGTHS = {
    ValueType.KEY_VALUES: 3,
    ValueType.REFERENCES: 2,
    ValueType.STRUCTURE: 2,
    ValueType.STRUCTURES: 3,
}
_SECRET = (ValueType.TEXT, ValueType.KEY_VALUES)
_PYTHON: Mapping[ValueType, type | tuple[type, ...]] = {
    ValueType.TEXT: str,
    ValueType.INTEGER: (str, int),
    ValueType.FLAG: (str, bool),
    ValueType.ENUM: (str, int),
    ValueType.KEY_VALUES: (str, int, bytes),
    ValueType.REFERENCE: str,
    ValueType.REFERENCES: str,
}
"""The Python types of the values of a field in plans."""

_CONVERTED = (ValueType.FLAG, ValueType.ENUM, ValueType.INTEGER, ValueType.TEXT)


def check_fields(plan: Plan) -> None:
    """ValueError if an action names a field that its type does not have, or writes a value
    that the field cannot hold."""
    for action in plan.actions:
        if not all(change.path for change in (*changes_of(action), *kept_of(action))):
            raise ValueError(f"{action.address} has a change without a path")
        if action.object_type not in ALL_TYPES and (
            action.object_type or isinstance(action, Write)
        ):
            raise ValueError(f"there is no object type {action.object_type}")
        if isinstance(action, Write):
            _check_write(action)


def _check_write(action: Write) -> None:
    kind = ALL_TYPES[action.object_type]
    watched = (unit for _, unit in action.watched) if isinstance(action, Update) else ()
    if not all((*action.fingerprint.units, *watched, *action.subject.secrets)):
        raise ValueError(f"{action.address} compares a field without a path")
    for path in _carried(action):
        raise ValueError(f"{action.address}: no live object has the secret of {pointer(path)}")
    if isinstance(action, Create | Replace) and None in action.fields.values():
        raise ValueError(f"{action.address} has a field without a value")
    formats = {path[1] for path, _ in _written(action) if kind.name == LAUNCH_FILE and path[1:]}
    if len(formats) > 1 or not formats <= {*LAUNCH_FORMATS}:
        raise ValueError(f"{action.address} has no format that launch files have")
    for path, value in _written(action):
        outer = kind.by_word(path[0]) if path else None
        attribute = leaf(kind, path)
        if outer is None or attribute is None or len(path) != _LENGTHS.get(outer.type, 1):
            raise ValueError(f"{kind.name} has no field {pointer(path)}")
        if not all(path):
            raise ValueError(f"{pointer(path)} has an empty name in it")
        if value is None:
            continue
        if isinstance(value, SecretText):
            if attribute.type not in _SECRET or path == ("name",):
                raise ValueError(f"{pointer(path)} cannot hold a secret")
        elif not _is_held(attribute, value) or (
            kind.name == LAUNCH_FILE and path != (CONTENT,) and not isinstance(value, str)
        ):
            raise ValueError(f"{pointer(path)} cannot hold {value!r}")
        elif attribute.type in _CONVERTED:
            canonical(attribute, value)


def _is_held(attribute: Attribute, value: Value) -> bool:
    """Whether a field can hold values of that Python type."""
    if isinstance(value, bool):
        return attribute.type is ValueType.FLAG
    if isinstance(value, int):
        return is_integer(value) and isinstance(value, _PYTHON[attribute.type])
    return isinstance(value, _PYTHON[attribute.type])


def _carried(action: Write) -> Iterator[FieldPath]:
    """Secrets whose source is given as a live object although they do not come from it."""
    for change in changes_of(action):
        if source_of(change.after) == CARRIED and not (
            isinstance(action, Update) and change.source
        ):
            yield change.path
    if isinstance(action, Create):
        yield from (path for path, value in action.fields.items() if source_of(value) == CARRIED)


def _written(action: Write) -> Iterator[tuple[FieldPath, Value | None]]:
    if isinstance(action, Create | Replace):
        yield from action.fields.items()
    yield from ((change.path, change.after) for change in changes_of(action))
