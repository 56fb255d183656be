"""Shows the values of a change: side by side if the difference is easy to see, else below each
other with carets under what differs.

    log/verbose: all -> standard

    annex/Orchestration/application
      - ...example.com:8080/strategies/default.scxml
                       ^^^^
      + ...example.com:9081/strategies/default.scxml
                       ^^^^

On a terminal, what long values have in common is elided; everywhere else, and with
``--verbose``, each value is whole. What differs is never left out.
"""

from collections.abc import Iterator

from reconciler.render.console import styled
from reconciler.render.lines import StyledLine, cell_len
from reconciler.render.wrapping import broken, elided, rows
from reconciler.text.difference import Side, compare

_SHORT = 24
_LITTLE_IN_COMMON = 8
_FIRST_ROWS = 4


def side_by_side(before: str, after: str, width: int) -> StyledLine | None:
    """Both values in one line; None if there is no room, or if the difference would be hard to see:
    in long, similar values, or between blanks."""
    line = styled((before, "red"), " -> ", (after, "green"))
    if line.cell_len > width:
        return None
    one, other = compare(before, after)
    if before[0] != '"' and not (one.difference + other.difference).strip():
        return None
    common = len(one.units) - (one.end - one.start)
    if common >= _LITTLE_IN_COMMON and max(cell_len(before), cell_len(after)) > _SHORT:
        return None
    return line


def below_each_other(
    before: str,
    after: str,
    width: int,
    *,
    whole: bool,
    leads: tuple[tuple[str, str], tuple[str, str]] = (("- ", "red"), ("+ ", "green")),
) -> Iterator[StyledLine]:
    """Both values in rows of ``width`` columns. ``leads``: the text before each value, and its
    style."""
    room = width - len(leads[0][0]) - 1  # a caret may be after the last character
    sides = compare(before, after)
    shown = sides if whole else (elided(*sides, room), elided(*sides[::-1], room))
    for side, (lead, style) in zip(shown, leads, strict=True):
        yield from _marked(side, room, lead, style)


def _marked(side: Side, width: int, lead: str, style: str) -> Iterator[StyledLine]:
    """The rows of one value, with carets if only a part of it differs."""
    part = len(side.units) > side.end - side.start
    for number, row in enumerate(rows(side, width)):
        start = " " * len(lead) if number else lead
        yield styled((start + row.text, style))
        if part and row.end:
            yield styled(" " * (len(lead) + row.start) + "^" * (row.end - row.start), style="bold")


def new_value(value: str, width: int, *, whole: bool) -> Iterator[StyledLine]:
    """A value without a counterpart, in rows. Unless ``whole``, a long value is cut after a few
    rows, and the cut is marked."""
    made = broken(value, width)
    shown = made if whole or len(made) <= _FIRST_ROWS + 1 else made[:_FIRST_ROWS]
    for row in shown:
        yield styled(row, style="green")
    left = len(value) - sum(map(len, shown))
    if left:
        yield styled(f"({left:,} more characters: --verbose)", style="dim")
