"""What differs between two sides as text: by kind, a line for each object, its fields below it."""

from collections.abc import Iterator
from itertools import groupby

from reconciler.compare.model import Comparison, ObjectDifference
from reconciler.plan.changes import Change
from reconciler.render.changes import below_each_other, side_by_side
from reconciler.render.comparison_words import (
    field_label,
    is_entry,
    remark_of_object,
    rest,
    side_names,
    side_text,
    summary,
    uncompared,
)
from reconciler.render.console import Console, emit, folded, make_console, styled, width_of
from reconciler.render.lines import StyledLine
from reconciler.render.output_form import OutputStyle
from reconciler.render.wrapping import wrapped

_INDENT = 6
_SYMBOLS = {"only-in-a": ("-", "red"), "only-in-b": ("+", "green"), "differs": ("~", "yellow")}


def print_comparison(found: Comparison, style: OutputStyle) -> None:
    """Prints what differs. ``style.verbose``: also the fields of objects that only one side has,
    and each value whole."""
    _Text(make_console(no_color=style.no_color), found, style).everything()


class _Text:
    """Prints one comparison."""

    def __init__(self, console: Console, found: Comparison, style: OutputStyle) -> None:
        self._console = console
        self._found = found
        self._style = style
        self._whole = style.verbose or not console.is_terminal
        self._width = width_of(console)

    def everything(self) -> None:
        if not self._style.quiet:
            self._sides()
            for kind, group in groupby(self._found.differences, key=lambda one: one.kind):
                self._line(styled(kind, style="bold"))
                for one in group:
                    for line in self._object(one):
                        self._line(line)
                self._line(styled())
        self._remarks()
        for sentence in rest(self._found):
            self._line(styled(sentence, style="cyan"))
        counts = summary(self._found, *side_names(self._found))
        for text in wrapped(counts, self._width, 0, len("Compare: ")):
            self._line(styled(text, style="bold"))

    def _line(self, line: StyledLine) -> None:
        for part in folded(line, self._width, _INDENT + 2):
            emit(self._console, part)

    def _sides(self) -> None:
        sides = (("A", self._found.a), ("B", self._found.b))
        width = max(len(side.name) for _, side in sides)
        for letter, side in sides:
            text = f"{letter}  {side.name:<{width}}  {side_text(side)}"
            for line in wrapped(text, self._width, 0, 3):
                self._line(styled(line))
        self._line(styled())

    def _remarks(self) -> None:
        lines = [f"Not compared: {line}" for line in uncompared(self._found)]
        notices = [f"Note: {notice}" for notice in self._found.notices]
        for text in (*lines, *notices):
            for line in wrapped(text, self._width, 0, len("Note: ")):
                self._line(styled(line, style="yellow" if text in notices else ""))
        if lines or notices:
            self._line(styled())

    def _object(self, one: ObjectDifference) -> Iterator[StyledLine]:
        symbol, style = _SYMBOLS[one.found]
        name = one.address.removeprefix(f"{one.kind}/")
        remark = remark_of_object(one, self._found)
        yield styled((f"{symbol:>3} {name}", style), f"  {remark}" if remark else "")
        if one.found == "differs" or self._style.verbose:
            for change in one.changes:
                yield from self._change(change)

    def _change(self, change: Change) -> Iterator[StyledLine]:
        lead = styled(" " * _INDENT + f"{field_label(change)}: ")
        room = self._width - _INDENT
        if is_entry(change):
            side = side_names(self._found)[change.before is None]
            value = change.display(change.after if change.before is None else change.before)
            yield styled(lead, f"{value}  only in {side}")
            return
        if change.hint:  # both sides look the same
            yield styled(lead, change.display(change.before))
            for text in wrapped(change.hint, self._width, _INDENT + 2, _INDENT + 2):
                yield styled(text)
            return
        before, after = change.display_both()
        beside = side_by_side(before, after, room - 2)
        if beside and lead.cell_len + beside.cell_len <= self._width:
            yield lead.append_line(beside)
        else:
            yield styled(" " * _INDENT + f"{field_label(change)}:")
            for line in [beside] if beside else self._below(before, after, room - 2):
                yield styled(" " * (_INDENT + 2)).append_line(line)

    def _below(self, before: str, after: str, room: int) -> Iterator[StyledLine]:
        a, b = side_names(self._found)
        width = max(len(a), len(b)) + 2
        leads = ((f"{a + ':':<{width}}", "red"), (f"{b + ':':<{width}}", "green"))
        return below_each_other(before, after, room, whole=self._whole, leads=leads)
