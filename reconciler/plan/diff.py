"""Compares the managed fields of one object with its live fields. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.fields import (
    FieldPath,
    Value,
    as_integer,
    pointer,
    shown,
)
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.manifest.desired import Enforced, Initial, ManagedField
from reconciler.plan.actions import (
    KEPT,
    Action,
    Blocked,
    Fingerprint,
    InSync,
    Keep,
    Subject,
    Update,
)
from reconciler.plan.changes import Change
from reconciler.text.wildcards import matches

Hides = Callable[[FieldPath], bool]
"""Whether the value at a path is never shown: ``Subject.hides``."""


class LiveFields:
    """The fields of a live object, found by their own path or by that of a section or list around
    them."""

    def __init__(self, fields: Mapping[FieldPath, Value]) -> None:
        self._fields = fields

    @cached_property
    def _below(self) -> Mapping[FieldPath, list[FieldPath]]:
        below: dict[FieldPath, list[FieldPath]] = {}
        for path in self._fields:
            for length in range(1, len(path)):
                below.setdefault(path[:length], []).append(path)
        return below

    def __iter__(self) -> Iterator[tuple[FieldPath, Value]]:
        return iter(self._fields.items())

    def get(self, path: FieldPath) -> Value | None:
        return self._fields.get(path)

    def has(self, unit: FieldPath) -> bool:
        """Whether there is any field at or below ``unit``."""
        return unit in self._fields or unit in self._below

    def under(self, unit: FieldPath) -> dict[FieldPath, Value]:
        """Every field at or below ``unit``."""
        if unit in self._fields:
            return {unit: self._fields[unit]}
        return {path: self._fields[path] for path in self._below.get(unit, ())}


class Difference(Struct, frozen=True):
    """What differs: fields to write, fields to leave alone, and what forbids the write."""

    changes: tuple[Change, ...] = ()
    kept: tuple[Change, ...] = ()
    blocked: str = ""


def differing(
    object_type: ObjectType, fields: Sequence[ManagedField], live: LiveFields
) -> list[ManagedField]:
    """The managed fields whose live value is not the desired value. A field that cannot
    be read, such as a password, counts as equal."""
    return [
        field
        for field in fields
        if not _as_desired(object_type.by_word(field.path[0]), field, live.get(field.path))
    ]


def _as_desired(attribute: Attribute | None, field: ManagedField, value: Value | None) -> bool:
    """Whether a live value is what the manifest says. An absent attribute equals an empty
    text; an absent option does not."""
    if attribute is not None and attribute.secret:
        return True
    is_option = attribute is not None and attribute.type is ValueType.KEY_VALUES
    if value is None and not is_option and field.value == "":
        return True
    return _comparable(value, field.value) == _comparable(field.value)


def _comparable(value: Value | None, beside: Value | None = None) -> tuple[str, Value | None]:
    """The value as it is compared, with its type. Against a text, an integer option counts as its
    decimal text."""
    if isinstance(value, str) or (isinstance(beside, str) and _is_integer_option(value)):
        return "text", str(value)
    return type(value).__name__, value


def compare(
    object_type: ObjectType,
    fields: Sequence[ManagedField],
    live: LiveFields,
    hides: Hides,
) -> Difference:
    """What a run does about each differing field of an object that exists.

    An initial field is left alone where its unit exists; a field that another option
    satisfies (``satisfiedBy``) is in sync; a field that cannot change blocks the action.
    """
    changes: list[Change] = []
    kept: list[Change] = []
    blocked: list[str] = []
    lasting = lasting_fields(fields, live)
    for field in differing(object_type, fields, live):
        if satisfying_options(field, lasting):
            continue
        before = live.get(field.path)
        initial = site_owned(field, lasting)
        if initial is not None:
            kept.append(replace(change_of(field, before, field.value, hides), hint=initial.hint))
            continue
        after, problem = _value_to_write(object_type, field, before, hides)
        if problem:
            blocked.append(problem)
        elif after != before:
            changes.append(change_of(field, before, after, hides))
    return Difference(tuple(changes), tuple(kept), "; ".join(blocked))


def decide(
    subject: Subject,
    difference: Difference,
    units: Iterable[FieldPath],
    *,
    reason: str = "",
    folder: int = 0,
    watched: tuple[tuple[int, FieldPath], ...] = (),
) -> Action:
    """The action for an object that exists and has this difference. ``units``: the paths that
    decided about it; ``reason``: what else the plan says about it; ``folder`` and ``watched``: see
    ``actions.Update``."""
    if difference.blocked:
        return Blocked(subject, difference.blocked)
    if difference.changes:
        return Update(
            subject,
            reason,
            folder=folder,
            fingerprint=Fingerprint(units=tuple(units)),
            changes=difference.changes,
            kept=difference.kept,
            watched=watched,
        )
    if difference.kept:
        return Keep(subject, "; ".join(filter(None, (reason, KEPT))), kept=difference.kept)
    return InSync(subject, reason)


def change_of(
    field: ManagedField, before: Value | None, after: Value | None, hides: Hides
) -> Change:
    """The change of one managed field."""
    return Change(
        field.path,
        before,
        after,
        field.origin,
        field.manifest,
        _unit(field),
        secret=hides(field.path),
        reset=before is not None and field.ownership == Enforced(reset=True),
        initial=isinstance(field.ownership, Initial),
    )


def _unit(field: ManagedField) -> FieldPath:
    """The path of the unit of a field: what a run does depends on the live values at or below
    it."""
    if isinstance(field.ownership, Initial):
        return field.ownership.unit
    return field.path[:2] if field.satisfied_by else field.path


def units_of(fields: Iterable[ManagedField]) -> tuple[FieldPath, ...]:
    """The paths of the units of an object's fields, each once."""
    return tuple(dict.fromkeys(_unit(field) for field in fields))


def secrets_of(fields: Iterable[ManagedField]) -> tuple[FieldPath, ...]:
    """The paths that a manifest declares as secrets."""
    return tuple([field.path for field in fields if field.secret])


def _value_to_write(
    object_type: ObjectType,
    field: ManagedField,
    before: Value | None,
    hides: Hides,
) -> tuple[Value | None, str]:
    """The value to write over ``before``, and why it cannot be written; empty: it can."""
    attribute = object_type.by_word(field.path[0])
    if attribute is not None and attribute.immutable and before is not None:
        secret = hides(field.path)
        live, wanted = shown(before, secret=secret), shown(field.value, secret=secret)
        return None, f"{field.path[0]} is {live} and cannot become {wanted}"
    if field.value is None or not isinstance(field.value, str):
        return field.value, ""
    if isinstance(before, bytes):
        return None, f"{pointer(field.path)} holds a binary value; write it as {{binary: BASE64}}"
    if not _is_integer_option(before):
        return field.value, ""
    number = as_integer(field.value)
    if number is None:
        if hides(field.path):
            return None, f"{pointer(field.path)} holds an integer, and the secret is none"
        return (
            None,
            f"{pointer(field.path)} holds the integer {before}; {field.value!r} is not an integer",
        )
    return number, ""


def _is_integer_option(value: Value | None) -> bool:
    """Whether the server holds the option as an integer."""
    return isinstance(value, int) and not isinstance(value, bool)


def in_the_type_of(before: Value | None, value: Value) -> Value:
    """The value to write over ``before``: an integer option stays an integer."""
    is_integer = _is_integer_option(before) and isinstance(value, str)
    number = as_integer(value) if is_integer else None
    return value if number is None else number


def site_owned(field: ManagedField, lasting: LiveFields) -> Initial | None:
    """The ownership of an initial field whose unit exists, so that it is the site's own; None
    for any other field. ``lasting``: the live fields that the run does not remove."""
    initial = field.ownership
    return initial if isinstance(initial, Initial) and lasting.has(initial.unit) else None


def lasting_fields(fields: Iterable[ManagedField], live: LiveFields) -> LiveFields:
    """The live fields that the run does not remove. An option declared ``null`` does not
    satisfy ``satisfiedBy``, and does not count as present in the unit of an initial field."""
    removed = {field.path for field in fields if field.value is None}
    if not removed:
        return live
    return LiveFields({path: value for path, value in live if path not in removed})


def satisfying_options(field: ManagedField, live: LiveFields) -> list[FieldPath]:
    """The options that make a field count as in sync (``satisfiedBy``): options of its
    section that a glob matches, and options that a glob with ``/`` matches as
    ``section/option``."""
    if not field.satisfied_by:
        return []
    return [
        path
        for path in live.under(field.path[:1])
        if path != field.path and any(_satisfies(path, field, glob) for glob in field.satisfied_by)
    ]


def _satisfies(path: FieldPath, field: ManagedField, glob: str) -> bool:
    if "/" in glob:
        return matches("/".join(path[1:]), (glob,))
    return path[1] == field.path[1] and matches(path[-1], (glob,))
