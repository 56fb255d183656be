"""A plan as text: grouped by kind, one line an action, under it what would change."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from reconciler.diagnostics import Position
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.manifests import kind_order
from reconciler.plan.actions import (
    Action,
    Blocked,
    Change,
    Create,
    Delete,
    InSync,
    Keep,
    Replace,
    Skip,
    Update,
    changes_of,
    kept_of,
    losses_of,
)
from reconciler.plan.model import Plan
from reconciler.render.console import STYLES, SYMBOLS, emit, shorten, width_of, wrapped
from reconciler.render.plan_summary import initial_summary, summary

_INDENT = 6
_VALUE_ROOM = 20


class PlanText:
    """Prints plans. ``verbose`` shows what is in sync, and every option of a new section."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._width = width_of(console)

    def plan(self, plan: Plan) -> None:
        """The whole plan, with its site above and its counts below."""
        self._header(plan)
        self.actions(plan.actions)
        self._remarks("Warning", plan.warnings, "yellow")
        self._remarks("Note", plan.notices, "")
        for line in self._wrapped(summary(plan), 0, len("Plan: ")):
            self._line(Text(line, style="bold"))
        if initial := initial_summary(plan):
            self._line(Text(initial, style="cyan"))
        shared = plan.shared_changes()
        if shared:
            values = f"{shared} existing value{' changes' if shared == 1 else 's change'}"
            self._line(Text(f"{values} in applications.", style="yellow"))
        for refusal in plan.refusals:
            text = f"Refused: {refusal}. --force does it all the same."
            for line in self._wrapped(text, 0, len("Refused: ")):
                self._line(Text(line, style="bold red"))
        if plan.blocked:
            advice = (
                "The plan cannot be applied while an action is blocked."
                " Mend what blocks it, or leave it out with --exclude ADDRESS."
            )
            for line in self._wrapped(advice, 0, 0):
                self._line(Text(line, style="bold red"))

    def actions(self, actions: Sequence[Action]) -> None:
        """The actions, by kind; those in sync only where ``verbose``."""
        listed = [a for a in actions if self._verbose or not isinstance(a, InSync) or a.reason]
        listed.sort(key=lambda action: kind_order(action.kind))
        for kind, group in groupby(listed, key=lambda action: action.kind):
            self._line(Text(kind, style="bold"))
            shown_already: dict[tuple[Change, ...], str] = {}
            for action in group:
                same = shown_already.setdefault(changes_of(action), action.name)
                for line in self._action(action, "" if same == action.name else same):
                    self._line(line)
            self._line(Text())

    def _line(self, line: Text) -> None:
        emit(self._console, line)

    def _header(self, plan: Plan) -> None:
        cluster = f", cluster {plan.site.cluster}" if plan.site.cluster else ""
        for label, text in (
            *_made_from(plan),
            ("Site", f"{plan.site.app}{cluster}"),
            ("Tenant", f"{plan.site.tenant} (DBID {plan.site.tenant_dbid})"),
            ("Server", plan.server),
        ):
            self._line(Text(f"{label:<9}  {shorten(text, self._width - 11)}"))
        self._line(Text())

    def _remarks(self, label: str, remarks: Sequence[str], style: str) -> None:
        for remark in remarks:
            for line in self._wrapped(f"{label}: {remark}", 0, len(label) + 2):
                self._line(Text(line, style=style))
        if remarks:
            self._line(Text())

    def _wrapped(self, text: str, first: int, following: int) -> Iterator[str]:
        return wrapped(text, self._width, first, following)

    def _action(self, action: Action, same_as: str) -> Iterator[Text]:
        """One action. ``same_as``: the action above that makes the same changes."""
        style = STYLES[action.action]
        name = action.address.removeprefix(f"{action.kind}/")
        symbol = SYMBOLS[action.action]
        lead = f"{symbol:>3} {name}"
        yield from self._with_remark(Text(lead, style=style), _remark(action))
        changes, kept, loses = changes_of(action), kept_of(action), losses_of(action)
        if same_as and len(changes) > 1 and not self._verbose:
            yield Text(f"{'':{_INDENT}}the same {len(changes)} changes as {same_as}")
        else:
            yield from self._changes(changes)
        initial = [change for change in kept if change.hint]
        if kept and not initial and not isinstance(action, Keep):
            for line in self._wrapped(_kept_names(kept), _INDENT, _INDENT + 2):
                yield Text(line)
        for change in kept if self._verbose and not initial else ():
            yield from self._kept(change)
        yield from self._initial(initial)
        if loses:
            yield Text(f"{'':{_INDENT}}loses:", style="red")
            for lost in loses:
                for line in self._wrapped(f"- {lost}", _INDENT + 2, _INDENT + 4):
                    yield Text(line, style="red")

    def _changes(self, changes: Sequence[Change]) -> Iterator[Text]:
        for section, group in groupby(changes, key=_section):
            members = list(group)
            added = all(c.before is None and c.after is not None for c in members)
            if section and added and len(members) > 1 and not self._verbose:
                yield from self._new_section(section, members)
            else:
                for change in members:
                    yield from self._change(change)

    def _new_section(self, section: FieldPath, members: Sequence[Change]) -> Iterator[Text]:
        """Several new options of one section: the section, then its options in a row."""
        yield from self._with_origin(Text("/".join(section)), members[0])
        options = "; ".join(f"{c.path[-1]}={c.display(c.after)}" for c in members)
        for line in self._wrapped(options, _INDENT + 2, _INDENT + 2):
            yield Text(line)

    def _change(self, change: Change) -> Iterator[Text]:
        label = "/".join(change.path[:-1] if _is_item(change) else change.path)
        room = self._width - _INDENT - len(label) - 2
        if room < _VALUE_ROOM:
            yield from self._with_origin(Text(f"{label}:"), change)
            room = self._width - _INDENT - 2
            yield Text(f"{'':{_INDENT + 2}}").append_text(_values(change, room))
        else:
            yield from self._with_origin(
                Text(f"{label}: ").append_text(_values(change, room)), change
            )

    def _kept(self, change: Change) -> Iterator[Text]:
        """A kept field: its live value, and the one of the manifest."""
        yield from self._with_origin(Text(f"kept {'/'.join(change.path)}:"), change)
        yield from self._both_sides(change.display(change.before), change.display(change.after))

    def _initial(self, kept: Sequence[Change]) -> Iterator[Text]:
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
                yield Text(line)

    def _kept_unit(self, unit: FieldPath, members: Sequence[Change]) -> Iterator[Text]:
        """Several initial fields that are one unit: their live values in a row, and those of
        the manifest."""
        yield from self._with_origin(Text(f"kept {'/'.join(unit)}:"), members[0])
        live = "; ".join(_in_unit(unit, c, c.before) for c in members)
        wanted = "; ".join(_in_unit(unit, c, c.after) for c in members)
        yield from self._both_sides(live, wanted)

    def _both_sides(self, live: str, wanted: str) -> Iterator[Text]:
        for label, text, style in (("live:", live, "cyan"), ("manifest:", wanted, "")):
            lead = f"{'':{_INDENT + 2}}{label:<9} "
            first, *rest = self._wrapped(text, len(lead), len(lead))
            for line in (lead + first[len(lead) :], *rest):
                yield Text(line, style=style)

    def _with_remark(self, lead: Text, remark: str) -> Iterator[Text]:
        """A line with a remark behind it, or under it where it is too long."""
        if not remark or len(lead) + 2 + len(remark) <= self._width:
            yield Text.assemble(lead, f"  {remark}" if remark else "")
            return
        yield lead
        for line in self._wrapped(remark, _INDENT, _INDENT):
            yield Text(line)

    def _with_origin(self, text: Text, change: Change) -> Iterator[Text]:
        """The text, and at the end of its line, or on the next, who asks for it."""
        origin = _origin(change.origin)
        if change.manifest.startswith("as in "):
            origin = change.manifest
        room = self._width - _INDENT - len(text) - len(origin)
        line = Text(" " * _INDENT).append_text(text)
        if not origin:
            yield line
        elif room >= 2:
            yield line.append(" " * room).append(origin, style="dim")
        else:
            yield line
            short = shorten(origin, self._width - _INDENT)
            yield Text(f"{short:>{self._width}}", style="dim")


def _made_from(plan: Plan) -> Iterator[tuple[str, str]]:
    """What the plan was made from: a run, or manifests and settings."""
    if plan.undoes:
        yield "Undoes", f"run {plan.undoes}"
    inputs = plan.inputs
    if inputs.manifests:
        why = "" if inputs.named else " (none named by -f, GWE_FILE or gwe.toml)"
        yield "Manifests", ", ".join(inputs.manifests) + why
        profile = f", profile {inputs.profile}" if inputs.profile else ""
        yield "Settings", f"{inputs.settings}{profile}" if inputs.settings else "no gwe.toml"


def _values(change: Change, room: int) -> Text:
    """The new value of a field, or the old and the new one, in ``room`` columns."""
    if change.before is None:
        return Text(shorten(change.display(change.after), room), style="green")
    half = (room - len(" -> ")) // 2
    before = shorten(change.display(change.before), half)
    after = shorten(change.display(change.after), half)
    return Text.assemble((before, "red"), " -> ", (after, "green"))


def _remark(action: Action) -> str:
    """The text behind an action's name: why nothing is written, or why it is replaced."""
    match action:
        case Keep() if any(change.hint for change in action.kept):
            return action.reason
        case Keep():
            return _kept_names(action.kept)
        case Skip():
            return f"skipped: {action.reason}"
        case Blocked():
            return f"blocked: {action.reason}"
        case Create() | Update() | Replace() | Delete() | InSync():
            return action.reason


def _kept_names(kept: Sequence[Change]) -> str:
    """The kept fields by name; several options of one section by the section's."""
    names: list[str] = []
    for section, group in groupby(kept, key=_section):
        members = list(group)
        several = section and len(members) > 1
        names += ["/".join(section)] if several else ["/".join(c.path) for c in members]
    return f"kept as it is: {', '.join(names)}"


def _in_unit(unit: FieldPath, change: Change, value: Value | None) -> str:
    """A value of a field that is a part of a unit, with its path below that."""
    name = "/".join(change.path[len(unit) :])
    if _is_item(change):
        return f"without {name}" if value is None else name
    return f"{name}={change.display(value)}"


def _section(change: Change) -> FieldPath:
    return change.path[:2] if len(change.path) == 3 else ()


def _is_item(change: Change) -> bool:
    """Whether the change is one item of a list, whose path ends in its own value."""
    return len(change.path) == 2 and change.path[1] == change.after


def _origin(origin: Position | None) -> str:
    return f"{origin.file}:{origin.line}" if origin else ""
