"""Compares the managed fields of one object with its live fields. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.kinds.fields import (
    FieldPath,
    SecretText,
    Value,
    as_integer,
    is_secret,
    pointer,
    shown,
)
from reconciler.kinds.model import ObjectType
from reconciler.manifest.desired import ManagedField
from reconciler.plan.model import Change


class LiveFields:
    """The fields of a live object, found by path or by a path around them."""

    def __init__(self, fields: Mapping[FieldPath, Value]) -> None:
        self._fields = fields
        self._below: dict[FieldPath, list[FieldPath]] = {}
        for path in fields:
            for length in range(1, len(path)):
                self._below.setdefault(path[:length], []).append(path)

    def __iter__(self) -> Iterator[tuple[FieldPath, Value]]:
        return iter(self._fields.items())

    def get(self, path: FieldPath) -> Value | None:
        return self._fields.get(path)

    def has(self, unit: FieldPath) -> bool:
        """Whether anything is there at or below ``unit``."""
        return unit in self._fields or unit in self._below

    def under(self, unit: FieldPath) -> dict[FieldPath, Value]:
        """Every field at or below ``unit``."""
        if unit in self._fields:
            return {unit: self._fields[unit]}
        return {path: self._fields[path] for path in self._below.get(unit, ())}


@dataclass(frozen=True)
class Difference:
    """What differs: to be written, left alone, and what forbids the write."""

    changes: tuple[Change, ...] = ()
    kept: tuple[Change, ...] = ()
    blocked: str = ""


def differing(fields: Sequence[ManagedField], live: LiveFields) -> list[ManagedField]:
    """The managed fields whose live value is another one. Equal objects cost one
    comparison; only for others is deepdiff imported and asked which fields differ."""
    wanted = {pointer(f.path): _comparable(f.value) for f in fields if f.value is not None}
    found: dict[str, Value] = {}
    for field in fields:
        value = live.get(field.path)
        if value is not None:
            found[pointer(field.path)] = _comparable(value)
        elif len(field.path) == 1 and field.value == "":
            found[pointer(field.path)] = ""  # an absent text is an empty one
    if wanted == found:
        return []
    from deepdiff import DeepDiff  # noqa: PLC0415 - 100 ms to import

    tree = DeepDiff(found, wanted, view="tree", threshold_to_diff_deeper=0)
    paths = {level.path(output_format="list")[0] for group in tree.values() for level in group}
    return [f for f in fields if pointer(f.path) in paths]


def _comparable(value: Value) -> Value:
    """An integer option is compared as the text that it is written as, a secret as any
    text."""
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else value


def compare(
    object_type: ObjectType,
    fields: Sequence[ManagedField],
    live: LiveFields,
    *,
    overwrite: bool = False,
    secret_words: Sequence[str] = (),
) -> Difference:
    """What a run does about each differing field of an object that exists.

    A kept field whose unit is there is left alone; one that an option of its section
    stands for is in sync; a field that cannot change blocks the action.
    """
    changes: list[Change] = []
    kept: list[Change] = []
    blocked: list[str] = []
    lasting = lasting_fields(fields, live, overwrite=overwrite)
    for field in differing(fields, live):
        if satisfying_options(field, lasting):
            continue
        if keeps(field, overwrite=overwrite) and live.has(field.unit):
            kept.append(change_of(field, live.get(field.path), field.value))
            continue
        before = live.get(field.path)
        after, problem = _written(object_type, field, before, secret_words)
        if problem:
            blocked.append(problem)
        elif after != before:
            changes.append(change_of(field, before, after))
    return Difference(tuple(changes), tuple(kept), "; ".join(blocked))


def change_of(field: ManagedField, before: Value | None, after: Value | None) -> Change:
    """The change of one field."""
    return Change(
        field.path,
        before,
        after,
        field.origin,
        field.manifest,
        _unit(field),
        secret=_is_secret(field),
    )


def _unit(field: ManagedField) -> FieldPath:
    """The path whose values decide what becomes of a field."""
    if field.keep:
        return field.unit
    return field.path[:2] if field.satisfied_by else field.path


def units_of(fields: Iterable[ManagedField]) -> tuple[FieldPath, ...]:
    """The paths that decide about an object, each once."""
    return tuple(dict.fromkeys(_unit(field) for field in fields))


def _is_secret(field: ManagedField) -> bool:
    return isinstance(field.value, SecretText)


def secrets_of(fields: Iterable[ManagedField]) -> tuple[FieldPath, ...]:
    """The paths whose values are never shown: those that come from a secret."""
    return tuple(field.path for field in fields if _is_secret(field))


def _written(
    object_type: ObjectType,
    field: ManagedField,
    before: Value | None,
    secret_words: Sequence[str],
) -> tuple[Value | None, str]:
    """The value to write over ``before``, and why it cannot be written; empty: it can."""
    attribute = object_type.by_word(field.path[0])
    if attribute is not None and attribute.immutable and before is not None:
        live, wanted = shown(field.path, before), shown(field.path, field.value)
        return None, f"{field.path[0]} is {live} and cannot become {wanted}"
    if isinstance(before, bytes):
        return None, f"{pointer(field.path)} holds a binary value, which is never managed"
    if not _is_integer_option(before) or field.value is None:
        return field.value, ""
    number = as_integer(field.value)
    if number is None:
        if _is_secret(field) or is_secret(field.path, secret_words):
            return None, f"{pointer(field.path)} holds an integer, and the secret is none"
        wanted = shown(field.path, field.value)
        return None, f"{pointer(field.path)} holds the integer {before}; {wanted!r} is no integer"
    return number, ""


def _is_integer_option(value: Value | None) -> bool:
    """Whether the value is an integer option of the server."""
    return isinstance(value, int) and not isinstance(value, bool)


def in_the_type_of(before: Value | None, value: Value) -> Value:
    """The value that is written where ``before`` was: an integer option stays one."""
    number = as_integer(value) if _is_integer_option(before) else None
    return value if number is None else number


def keeps(field: ManagedField, *, overwrite: bool) -> bool:
    """Whether a field is left alone once its unit is there."""
    return field.keep and not (overwrite and field.overwrite_corrects)


def lasting_fields(
    fields: Iterable[ManagedField], live: LiveFields, *, overwrite: bool = False
) -> LiveFields:
    """The live fields without those that will go since a manifest says ``null``: these
    stand for nothing."""
    going = {
        field.path
        for field in fields
        if field.value is None and not (keeps(field, overwrite=overwrite) and live.has(field.unit))
    }
    return LiveFields({path: value for path, value in live if path not in going})


def satisfying_options(field: ManagedField, live: LiveFields) -> list[FieldPath]:
    """The options that stand for the field: those of its section that a glob matches, and
    those that a glob with ``/`` matches as ``section/option``."""
    if not field.satisfied_by:
        return []
    return [
        path
        for path in live.under(field.path[:1])
        if path != field.path and any(_stands_for(path, field, glob) for glob in field.satisfied_by)
    ]


def _stands_for(path: FieldPath, field: ManagedField, glob: str) -> bool:
    if "/" in glob:
        return fnmatchcase("/".join(path[1:]), glob)
    return path[1] == field.path[1] and fnmatchcase(path[-1], glob)
