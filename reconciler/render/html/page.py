"""What a page shows of a plan, as values; the template only lays them out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import ClassVar

from msgspec import Struct

from reconciler.kinds.manifests import kind_order
from reconciler.plan.actions import (
    ACTION_NAMES,
    Action,
    ActionName,
    Create,
    InSync,
    Keep,
    changes_of,
    kept_of,
    losses_of,
    restored_by,
)
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.render.html.fields import FieldTable, changes_table, kept_table
from reconciler.render.output_form import OutputStyle
from reconciler.render.plan_summary import (
    apply_commands,
    blocked_advice,
    counts_text,
    existing_values_text,
    header,
    initial_summary,
    summary,
    words_to_apply,
)
from reconciler.render.remarks import remark_of
from reconciler.render.risks import actions_at_risk, existing_values

_OPEN = 100
"""Up to this number of rows, rows that change or lose something are expanded from the start."""
_LABELS: dict[ActionName, str] = {"in-sync": "in sync", "keep": "kept", "skip": "skipped"}


class ActionRow(Struct, frozen=True):
    """What happens to one object. ``note``: how many fields its details show; ``same_as``: an
    earlier row with the same changes, which are shown there."""

    anchor: str
    action: Action
    note: str = ""
    remark: str = ""
    same_as: "ActionRow | None" = None
    tables: Sequence[FieldTable] = ()
    facts: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The address without the kind."""
        return self.action.address.removeprefix(f"{self.action.kind}/")

    @property
    def label(self) -> str:
        return _LABELS.get(self.action.action, self.action.action)

    @property
    def loses(self) -> Sequence[str]:
        return losses_of(self.action)

    @property
    def has_details(self) -> bool:
        return bool(self.tables or self.facts or self.same_as or len(self.loses) > 1)

    @property
    def changes_something(self) -> bool:
        """Whether a live object loses or changes a value, or is blocked from doing so."""
        return self.action.action in ("update", "replace", "delete", "blocked")


class KindSection(Struct, frozen=True):
    """The objects of one kind. ``counts``: a text such as ``2 to create``."""

    anchor: str
    kind: str
    counts: str
    rows: Sequence[ActionRow]


class ActionFilter(Struct, frozen=True):
    """A choice of the toolbar: an action, and how many rows have it."""

    action: ActionName
    label: str
    count: int


class PlanPage(Struct, frozen=True):
    """A whole page. Rows that a reviewer must not miss: ``at_risk``, and ``shared``, with how many
    existing values of applications change. ``commands``: those that apply the plan, each with a
    remark; ``how_to_apply``: a text in their place."""

    BATCH: ClassVar[int] = 50
    """How many rows are laid out together, only when they are about to be seen."""
    FIRST: ClassVar[int] = 20
    """How many risks of each sort are shown; the others are behind a click, so that a plan with
    many replaces stays readable."""

    plan: Plan
    plan_id: str
    summary: str
    initial: str
    header: Sequence[tuple[str, str]]
    at_risk: Sequence[ActionRow]
    shared: Sequence[tuple[ActionRow, str]]
    kinds: Sequence[KindSection]
    filters: Sequence[ActionFilter]
    commands: Sequence[tuple[str, str]]
    how_to_apply: str

    @property
    def title(self) -> str:
        what = f"Undo of run {self.plan.undoes}" if self.plan.undoes else "Plan"
        return f"{what} for {self.plan.site.app}"

    @property
    def blocked_advice(self) -> str:
        return blocked_advice(self.plan)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(len(section.rows) for section in self.kinds)

    @property
    def more_risks(self) -> int:
        """How many risks are behind a click."""
        return sum(max(0, len(found) - self.FIRST) for found in (self.at_risk, self.shared))

    @property
    def opens_rows(self) -> bool:
        """Whether rows that change something are expanded from the start."""
        return self.count <= _OPEN


def page_of(plan: Plan, plan_id: str, style: OutputStyle) -> PlanPage:
    """What a page shows of a plan. If quiet, without the objects; if verbose, also objects in sync,
    and every value whole."""
    listed = [a for a in plan.actions if style.verbose or not isinstance(a, InSync) or a.reason]
    kinds = list(_kinds(listed, whole=style.verbose))
    rows = {id(row.action): row for section in kinds for row in section.rows}
    names = Counter(row.action.action for row in rows.values())
    return PlanPage(
        plan=plan,
        plan_id=plan_id,
        summary=summary(plan).removeprefix("Plan: "),
        initial=initial_summary(plan),
        header=list(header(plan)),
        at_risk=[rows[id(action)] for action in actions_at_risk(plan)],
        shared=[
            (rows[id(action)], existing_values_text(len(changes)))
            for action in plan.writes
            if (changes := existing_values(action))
        ],
        kinds=[] if style.quiet else kinds,
        filters=[
            ActionFilter(name, _LABELS.get(name, name), names[name])
            for name in ACTION_NAMES
            if names[name]
        ],
        commands=[] if style.how_to_apply else list(apply_commands(plan, plan_id, style.saved)),
        how_to_apply=words_to_apply(plan, plan_id, style.how_to_apply),
    )


def _kinds(listed: Sequence[Action], *, whole: bool) -> Iterator[KindSection]:
    ordered = sorted(listed, key=lambda action: kind_order(action.kind))
    number = 0
    for place, (kind, group) in enumerate(groupby(ordered, key=lambda action: action.kind)):
        members = list(group)
        rows: list[ActionRow] = []
        shown: dict[tuple[Change, ...], ActionRow] = {}
        for action in members:
            number += 1
            changes = changes_of(action)
            same_as = shown.get(changes) if len(changes) > 1 else None
            row = _row(f"a{number}", action, same_as, whole)
            shown.setdefault(changes, row)
            rows.append(row)
        yield KindSection(f"k{place + 1}", kind, counts_text(members), rows)


def _row(anchor: str, action: Action, same_as: ActionRow | None, whole: bool) -> ActionRow:
    changes, kept = changes_of(action), kept_of(action)
    tables: list[FieldTable] = []
    if changes and not same_as:
        tables.append(changes_table(changes, whole=whole))
    if kept:
        tables.append(kept_table(kept, whole=whole))
    number = len(changes) or len(kept)
    note = f"{number:,} field{'' if number == 1 else 's'}" if number else ""
    # Kept fields are in the table already.
    remark = action.reason if isinstance(action, Keep) else remark_of(action)
    return ActionRow(anchor, action, note, remark, same_as, tables, list(_facts(action)))


def _facts(action: Action) -> Iterator[str]:
    """What else is set on a new object."""
    if isinstance(action, Create):
        for entry in action.permissions:
            yield f"Permissions of {entry.account_type} {entry.account}: {entry.mask}"
        if action.shown_folder:
            yield f"In folder {action.shown_folder}"
    yield from (f"restores {kept}" for kept in restored_by(action))
