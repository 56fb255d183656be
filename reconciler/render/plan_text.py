"""A plan as text: grouped by kind, a line for each action, under it what would change."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.manifests import kind_order
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.plan.actions import (
    Action,
    Create,
    InSync,
    Keep,
    Update,
    changes_of,
    kept_of,
    losses_of,
    restored_by,
)
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.render.changes import below_each_other, new_value, side_by_side
from reconciler.render.console import STYLES, SYMBOLS, Console, emit, folded, styled, width_of
from reconciler.render.lines import StyledLine, cell_len
from reconciler.render.plan_summary import (
    blocked_advice,
    existing_values_text,
    header,
    initial_summary,
    summary,
)
from reconciler.render.remarks import (
    declared_in,
    is_item,
    kept_names,
    label_of,
    remark_of,
    section_of,
)
from reconciler.render.wrapping import wrapped
from reconciler.text.visible import escaped, quoted, value_text

_INDENT = 6


class PlanText:
    """Prints plans. ``verbose`` shows what is in sync, and every option of a new section. If
    ``verbose``, or if the console is no terminal, values are whole."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._whole = verbose or not console.is_terminal
        self._width = width_of(console)

    def plan(self, plan: Plan) -> None:
        """The whole plan, with its site above and its counts below."""
        self._header(plan)
        self.actions(plan.actions)
        self._remarks("Warning", plan.warnings, "yellow")
        self._remarks("Note", plan.notices, "")
        for line in self._wrapped(summary(plan), 0, len("Plan: ")):
            self._line(styled(line, style="bold"))
        if initial := initial_summary(plan):
            self._line(styled(initial, style="cyan"))
        shared = plan.shared_changes()
        if shared:
            text = f"{existing_values_text(shared)} in applications."
            self._line(styled(text, style="yellow"))
        for refusal in plan.refusals:
            text = f"Refused: {refusal}. --force overrides this."
            for line in self._wrapped(text, 0, len("Refused: ")):
                self._line(styled(line, style="bold red"))
        if plan.blocked:
            advice = (
                f"The plan cannot be applied while an action is blocked. {blocked_advice(plan)}"
            )
            for line in self._wrapped(advice, 0, 0):
                self._line(styled(line, style="bold red"))

    def actions(self, actions: Sequence[Action]) -> None:
        """The actions, by kind; those in sync only if ``verbose``."""
        listed = [a for a in actions if self._verbose or not isinstance(a, InSync) or a.reason]
        listed.sort(key=lambda action: kind_order(action.kind))
        for kind, group in groupby(listed, key=lambda action: action.kind):
            lines = [styled(kind, style="bold")]
            shown_already: dict[tuple[Change, ...], str] = {}
            for action in group:
                changes, same = changes_of(action), action.name
                if len(changes) > 1:
                    same = shown_already.setdefault(changes, same)
                lines += self._action(action, "" if same == action.name else same)
            self._lines(*lines, styled())

    def _line(self, line: StyledLine) -> None:
        self._lines(line)

    def _lines(self, *lines: StyledLine) -> None:
        emit(
            self._console,
            *(part for line in lines for part in folded(line, self._width, _INDENT + 2)),
        )

    def _header(self, plan: Plan) -> None:
        for label, text in header(plan):
            for line in self._wrapped(f"{label:<9}  {text}", 0, 11):
                self._line(styled(line))
        self._line(styled())

    def _remarks(self, label: str, remarks: Sequence[str], style: str) -> None:
        for remark in remarks:
            for line in self._wrapped(f"{label}: {remark}", 0, len(label) + 2):
                self._line(styled(line, style=style))
        if remarks:
            self._line(styled())

    def _wrapped(self, text: str, first: int, following: int) -> Iterator[str]:
        return wrapped(text, self._width, first, following)

    def _action(self, action: Action, same_as: str) -> Iterator[StyledLine]:
        """One action. ``same_as``: an earlier action with the same changes, if there are
        several."""
        style = STYLES[action.action]
        name = escaped(action.address.removeprefix(f"{action.kind}/"))
        symbol = SYMBOLS[action.action]
        lead = f"{symbol:>3} {name}"
        if action.object_type == LAUNCH_FILE and isinstance(action, Update):
            lead += f" ({escaped(action.name)})"
        yield from self._with_remark(styled(lead, style=style), remark_of(action))
        changes, kept, loses = changes_of(action), kept_of(action), losses_of(action)
        if same_as and not self._verbose:
            yield styled(f"{'':{_INDENT}}the same {len(changes)} changes as {same_as}")
        else:
            yield from self._changes(changes)
        initial = [change for change in kept if change.hint]
        if kept and not initial and not isinstance(action, Keep):
            for line in self._wrapped(kept_names(kept), _INDENT, _INDENT + 2):
                yield styled(line)
        for change in kept if self._verbose and not initial else ():
            yield from self._kept(change)
        if initial:
            yield from self._initial(initial)
        for entry in action.permissions if isinstance(action, Create) else ():
            account = f"{entry.account_type} {entry.account}"
            yield styled(f"{'':{_INDENT}}permissions of {account}: {entry.mask}")
        if isinstance(action, Create) and action.shown_folder:
            yield styled(f"{'':{_INDENT}}in folder {escaped(action.shown_folder)}")
        yield from self._sentences("loses", loses, "red")
        yield from self._sentences("restores", restored_by(action), "")

    def _sentences(self, label: str, sentences: Sequence[str], style: str) -> Iterator[StyledLine]:
        if sentences:
            yield styled(f"{'':{_INDENT}}{label}:", style=style)
        for sentence in sentences:
            for line in self._wrapped(f"- {sentence}", _INDENT + 2, _INDENT + 4):
                yield styled(line, style=style)

    def _changes(self, changes: Sequence[Change]) -> Iterator[StyledLine]:
        for section, group in groupby(changes, key=section_of):
            members = list(group)
            added = all(c.before is None and c.after is not None for c in members)
            if section and added and len(members) > 1 and not self._verbose:
                yield from self._new_section(section, members)
            else:
                for change in members:
                    yield from self._change(change)

    def _new_section(self, section: FieldPath, members: Sequence[Change]) -> Iterator[StyledLine]:
        """Several new options of one section: the section, then its options in a row."""
        yield from self._with_origin(styled(label_of(section)), members[0])
        for line in self._wrapped("; ".join(map(_option, members)), _INDENT + 2, _INDENT + 2):
            yield styled(line)

    def _change(self, change: Change) -> Iterator[StyledLine]:
        label = label_of(change.path[:-1] if is_item(change) else change.path)
        room = self._width - _INDENT
        if change.before is None:
            value = change.display(change.after)
            beside: StyledLine | None = styled(value, style="green")
            below = new_value(value, room - 2, whole=self._whole)
        else:
            before, after = change.display_both()
            beside = side_by_side(before, after, room - 2)
            below = below_each_other(before, after, room - 2, whole=self._whole)
        lead = styled(f"{label}: ")
        if beside and lead.cell_len + beside.cell_len <= room:
            yield from self._with_origin(lead.append_line(beside), change)
            return
        yield from self._with_origin(styled(f"{label}:"), change)
        for line in [beside] if beside and beside.cell_len <= room - 2 else below:
            yield styled(" " * (_INDENT + 2)).append_line(line)

    def _kept(self, change: Change) -> Iterator[StyledLine]:
        """A kept field: its live value, and the manifest's value."""
        yield from self._with_origin(styled(f"kept {label_of(change.path)}:"), change)
        yield from self._both_sides(*change.display_both())

    def _initial(self, kept: Sequence[Change]) -> Iterator[StyledLine]:
        """Initial fields that differ, and below them how the manifests' values are enforced."""
        for unit, group in groupby(kept, key=lambda change: change.unit):
            members = list(group)
            if len(members) == 1 or self._verbose:
                for change in members:
                    yield from self._kept(change)
            else:
                yield from self._kept_unit(unit, members)
        for hint in dict.fromkeys(change.hint for change in kept):
            for line in self._wrapped(hint, _INDENT + 2, _INDENT + 2):
                yield styled(line)

    def _kept_unit(self, unit: FieldPath, members: Sequence[Change]) -> Iterator[StyledLine]:
        """Several initial fields of the same unit: their live values in a row, and those of the
        manifest."""
        yield from self._with_origin(styled(f"kept {label_of(unit)}:"), members[0])
        shown = [(change, change.display_both()) for change in members]
        live = "; ".join(_in_unit(unit, one, one.before, before) for one, (before, _) in shown)
        wanted = "; ".join(_in_unit(unit, one, one.after, after) for one, (_, after) in shown)
        yield from self._both_sides(live, wanted)

    def _both_sides(self, live: str, wanted: str) -> Iterator[StyledLine]:
        """A live value, and below it the manifest's."""
        leads = (("live:     ", "cyan"), ("manifest: ", ""))
        room = self._width - _INDENT - 2
        for line in below_each_other(live, wanted, room, whole=self._whole, leads=leads):
            yield styled(" " * (_INDENT + 2)).append_line(line)

    def _with_remark(self, lead: StyledLine, remark: str) -> Iterator[StyledLine]:
        """A line with a remark after it, or below it if the line would be too long."""
        if not remark or lead.cell_len + 2 + cell_len(remark) <= self._width:
            yield styled(lead, f"  {remark}" if remark else "")
            return
        yield lead
        for line in self._wrapped(remark, _INDENT, _INDENT):
            yield styled(line)

    def _with_origin(self, text: StyledLine, change: Change) -> Iterator[StyledLine]:
        """The text and, at the end of its line or on the next line, where it is declared."""
        origin = declared_in(change)
        room = self._width - _INDENT - text.cell_len - cell_len(origin)
        if origin and room >= 2:
            yield styled(" " * _INDENT, text, " " * room, (origin, "dim"))
            return
        yield styled(" " * _INDENT, text)
        if origin:
            yield styled(" " * (self._width - cell_len(origin)) + origin, style="dim")


def _in_unit(unit: FieldPath, change: Change, value: Value | None, shown: str) -> str:
    """A field that is a part of a unit: its path below the unit, and a value as it is shown."""
    name = label_of(change.path[len(unit) :])
    if is_item(change):
        return f"without {name}" if value is None else name
    return f"{name}={shown}"


def _option(change: Change) -> str:
    """A new option, to be shown among others."""
    value = change.display(change.after)
    if ";" in value and value == change.after:
        value = quoted(value)
    return f"{value_text(change.path[-1])}={value}"
