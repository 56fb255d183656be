"""Compares the managed fields of one object with its live fields. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.kinds.fields import Path, Value, pointer, shown
from reconciler.kinds.model import ObjectType
from reconciler.manifest.desired import ManagedField
from reconciler.plan.model import Change

LiveFields = Mapping[Path, Value]


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
    found = {pointer(f.path): _comparable(live[f.path]) for f in fields if f.path in live}
    if wanted == found:
        return []
    from deepdiff import DeepDiff  # noqa: PLC0415 - 100 ms to import

    tree = DeepDiff(found, wanted, view="tree", threshold_to_diff_deeper=0)
    paths = {level.path(output_format="list")[0] for group in tree.values() for level in group}
    return [f for f in fields if pointer(f.path) in paths]


def _comparable(value: Value) -> Value:
    """An integer option is compared as the text that it is written as."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def compare(
    object_type: ObjectType,
    fields: Sequence[ManagedField],
    live: LiveFields,
    *,
    overwrite: bool = False,
) -> Difference:
    """What a run does about each differing field of an object that exists.

    A kept field whose unit is there is left alone; one that an option of its section
    stands for is in sync; a field that cannot change blocks the action.
    """
    changes: list[Change] = []
    kept: list[Change] = []
    blocked: list[str] = []
    for field in differing(fields, live):
        before = live.get(field.path)
        change = Change(field.path, before, field.value, field.origin, field.manifest)
        if satisfied(field, live):
            continue
        keeps = field.keep and not (overwrite and field.overwrite_corrects)
        if keeps and has_unit(live, field.unit):
            kept.append(change)
            continue
        attribute = object_type.by_word(field.path[0])
        if attribute is not None and attribute.immutable and before is not None:
            blocked.append(
                f"{field.path[0]} is {shown(before)} and cannot become {shown(field.value)}"
            )
        elif isinstance(before, bytes):
            blocked.append(f"{pointer(field.path)} holds a binary value, which is never managed")
        else:
            after = field.value
            if _is_integer(before) and after is not None:
                number = _as_integer(after)
                if number is None:
                    blocked.append(
                        f"{pointer(field.path)} holds the integer {before}; {after!r} is no integer"
                    )
                    continue
                after = number
            changes.append(Change(field.path, before, after, field.origin, field.manifest))
    return Difference(tuple(changes), tuple(kept), "; ".join(blocked))


def _is_integer(value: Value | None) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _as_integer(value: Value) -> int | None:
    """The integer that a decimal text spells, else None."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit():
        return int(value)
    return None


def satisfied(field: ManagedField, live: LiveFields) -> bool:
    """Whether an option of the field's section stands for it."""
    section = field.path[:2]
    return (
        any(
            path[:2] == section
            and len(path) == len(field.path)
            and path != field.path
            and any(fnmatchcase(path[2], glob) for glob in field.satisfied_by)
            for path in live
        )
        if field.satisfied_by
        else False
    )


def has_unit(live: LiveFields, unit: Path) -> bool:
    """Whether anything is there at or below ``unit``."""
    return unit in live or any(path[: len(unit)] == unit for path in live)
