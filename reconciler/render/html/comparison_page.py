"""What a page shows of a comparison: what differs, by kind, a row for each object. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from reconciler.compare.model import Comparison, Found, ObjectDifference
from reconciler.render.comparison_words import (
    remark_of_object,
    rest,
    side_names,
    side_text,
    summary,
    uncompared,
)
from reconciler.render.html.fields import FieldTable, sides_table

_OPEN = 100
"""Up to this number of objects, objects that differ are expanded from the start."""
_LABELS: dict[Found, str] = {"differs": "differs", "only-in-a": "only A", "only-in-b": "only B"}
_LOOKS: dict[Found, str] = {"differs": "update", "only-in-a": "delete", "only-in-b": "create"}


class DifferenceRow(Struct, frozen=True):
    """One object. ``look``: its CSS class; ``fields``: None if none are shown."""

    name: str
    label: str
    look: str
    remark: str
    fields: FieldTable | None = None
    is_open: bool = False


class DifferingKind(Struct, frozen=True):
    """The objects of one kind that differ."""

    kind: str
    rows: Sequence[DifferenceRow]


class ComparisonPage(Struct, frozen=True):
    """A page of one comparison. ``sides``: (letter, name, where it is) of each side."""

    title: str
    summary: str
    sides: Sequence[tuple[str, str, str]]
    kinds: Sequence[DifferingKind]
    uncompared: Sequence[str]
    notices: Sequence[str]


def comparison_page(found: Comparison, *, verbose: bool, quiet: bool) -> ComparisonPage:
    """A comparison as a page. ``verbose``: also the fields of objects that only one side has, and
    each value whole; ``quiet``: only the counts and what was not compared."""
    return ComparisonPage(
        title=f"{found.a.name} compared with {found.b.name}",
        summary=" ".join([summary(found, *side_names(found)), *rest(found)]),
        sides=[
            (letter, side.name, side_text(side))
            for letter, side in (("A", found.a), ("B", found.b))
        ],
        kinds=[] if quiet else list(_kinds(found, verbose)),
        uncompared=list(uncompared(found)),
        notices=found.notices,
    )


def _kinds(found: Comparison, verbose: bool) -> Iterator[DifferingKind]:
    for kind, group in groupby(found.differences, key=lambda one: one.kind):
        yield DifferingKind(kind, [_row(one, found, verbose) for one in group])


def _row(one: ObjectDifference, found: Comparison, verbose: bool) -> DifferenceRow:
    shown = one.changes if one.found == "differs" or verbose else ()
    return DifferenceRow(
        name=one.address.removeprefix(f"{one.kind}/"),
        label=_LABELS[one.found],
        look=_LOOKS[one.found],
        remark=remark_of_object(one, found),
        fields=sides_table(shown, side_names(found), whole=verbose) if shown else None,
        is_open=one.found == "differs" and len(found.differences) <= _OPEN,
    )
