"""The fields of an action as tables: values side by side, with what differs marked."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from reconciler.kinds.fields import HIDDEN
from reconciler.plan.changes import Change
from reconciler.render.remarks import declared_in, is_item, label_of, section_of
from reconciler.text.difference import MarkedText, compare, marked

_IN_COMMON = 200
_LONG = 2_000


class ShownValue(Struct, frozen=True):
    """A value as a page shows it. ``more``: how many characters of a long value are left out;
    ``is_plain``: it is shown in place of a value, such as ``(absent)``."""

    text: MarkedText
    more: int = 0
    is_plain: bool = False


class FieldRow(Struct, frozen=True):
    """One field. ``before``: None if the table has no column for it."""

    label: str
    before: ShownValue | None
    after: ShownValue
    origin: str


class FieldTable(Struct, frozen=True):
    """Fields in a table. ``groups``: (section of options that the fields are in, fields); an empty
    section means none. ``hints``: sentences below the table. ``before``, ``after``: the CSS classes
    of the columns of values."""

    caption: str
    columns: Sequence[str]
    groups: Sequence[tuple[str, Sequence[FieldRow]]]
    hints: Sequence[str] = ()
    is_kept: bool = False
    before: str = "live"
    after: str = "planned"


def changes_table(changes: Sequence[Change], *, whole: bool) -> FieldTable:
    """The fields that an action writes. If none has a live value, that column is left out.
    ``whole``: no value is cut."""
    if all(change.before is None and change.after is not None for change in changes):
        rows = _groups(changes, lambda c: (None, _new(c.display(c.after), whole)))
        return FieldTable("New values", ("Field", "New value", "Declared in"), rows)
    rows = _groups(changes, lambda c: _both(c, whole))
    return FieldTable("Changes", ("Field", "Live", "Planned", "Declared in"), rows)


def kept_table(kept: Sequence[Change], *, whole: bool) -> FieldTable:
    """The fields that differ and that an action leaves alone."""
    columns = ("Field", "Live, kept", "In the manifest", "Declared in")
    hints = list(dict.fromkeys(change.hint for change in kept if change.hint))
    rows = _groups(kept, lambda c: _both(c, whole))
    return FieldTable("Kept as it is", columns, rows, hints, is_kept=True, after="manifest")


def sides_table(changes: Sequence[Change], names: tuple[str, str], *, whole: bool) -> FieldTable:
    """The fields that differ between two sides with these ``names``."""
    rows = _groups(changes, lambda c: _both(c, whole))
    hints = list(dict.fromkeys(change.hint for change in changes if change.hint))
    columns = ("Field", *names)
    return FieldTable("Differences", columns, rows, hints, before="side-a", after="side-b")


Values = tuple[ShownValue | None, ShownValue]


def _groups(
    changes: Sequence[Change], values: Callable[[Change], Values]
) -> list[tuple[str, list[FieldRow]]]:
    return list(_grouped(changes, values))


def _grouped(
    changes: Sequence[Change], values: Callable[[Change], Values]
) -> Iterator[tuple[str, list[FieldRow]]]:
    """The fields; those in the same section of options are together under its name."""
    for section, group in groupby(changes, key=section_of):
        members = list(group)
        depth = len(section) if len(members) > 1 else 0
        rows = [FieldRow(_label(c, depth), *values(c), declared_in(c)) for c in members]
        yield label_of(section) if depth else "", rows


def _label(change: Change, depth: int) -> str:
    return label_of(change.path[:-1] if is_item(change) else change.path[depth:])


def _new(value: str, whole: bool, *, plain: bool = False) -> ShownValue:
    more = 0 if whole else max(0, len(value) - _LONG)
    return ShownValue(MarkedText(value[: len(value) - more], cut_after=more > 0), more, plain)


def _both(change: Change, whole: bool) -> Values:
    before, after = change.display_both()
    texts = isinstance(change.before, str) and isinstance(change.after, str)
    if texts and HIDDEN not in (before, after):
        around = None if whole else _IN_COMMON
        one, other = (ShownValue(marked(side, around)) for side in compare(before, after))
        return one, other
    return (
        _new(before, whole, plain=change.before is None),
        _new(after, whole, plain=change.after is None),
    )
