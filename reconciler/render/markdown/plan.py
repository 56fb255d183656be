"""A plan as Markdown: what is at risk first, then a section for each kind that opens on a click.

All text from a server or a manifest is code, see ``code.py``. Equal changes of several objects are
shown once. ``fitting.py`` leaves out what does not fit.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifests import kind_order
from reconciler.plan.actions import Action, InSync, changes_of, losses_of, restored_by
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.render.markdown.actions import Group, action_block, changes_table, things
from reconciler.render.markdown.code import code, codes, html_code, short_code
from reconciler.render.markdown.fitting import Block, FoldedSection
from reconciler.render.plan_summary import (
    blocked_advice,
    counts_text,
    existing_values_text,
    header,
    initial_summary,
    summary,
)
from reconciler.render.remarks import remark_of
from reconciler.render.risks import actions_at_risk, existing_values

_HEADER = 100
"""How many characters of a text the header shows. The header is never left out."""
_REFUSALS = 3
_LOSSES = 50


def plan_head(plan: Plan) -> str:
    """The part that is always shown first: the counts, what the plan is for, and why it is
    refused."""
    lines = [f"## {summary(plan)}", ""]
    lines += [f"- {label}: {short_code(text, _HEADER)}" for label, text in header(plan)]
    lines += ["", *filter(None, [initial_summary(plan)])]
    for refusal in plan.refusals[:_REFUSALS]:
        lines += ["", f"**Refused**: {short_code(refusal)}. `--force` overrides this."]
    if plan.blocked:
        lines += [
            "",
            "**The plan cannot be applied while an action is blocked.**"
            f" {blocked_advice(plan, '`--exclude ADDRESS`')}",
        ]
    return "\n".join(lines).rstrip("\n") + "\n\n"


def risks(plan: Plan) -> FoldedSection:
    """What a reviewer must not miss: what is blocked, deleted, replaced or lost, existing
    values of applications, and warnings."""
    blocks = [Block(1, partial(_loss, action)) for action in actions_at_risk(plan)]
    blocks += [
        Block(len(group.actions), partial(_shared_values, group, plan)) for group in _shared(plan)
    ]
    blocks += [Block(1, partial(_warning, text)) for text in plan.warnings]
    return FoldedSection("### Risks\n\n", blocks, thing="risk")


def _loss(action: Action) -> str:
    remark = f": {short_code(remark_of(action))}" if remark_of(action) else ""
    text = f"**{action.action}** {code(action.address)}{remark}\n\n"
    lines = [f"- loses: {short_code(lost)}\n" for lost in losses_of(action)]
    lines += [f"- restores: {short_code(kept)}\n" for kept in restored_by(action)]
    if len(lines) > _LOSSES:
        lines[_LOSSES:] = [f"- and {len(lines) - _LOSSES:,} more\n"]
    return f"{text}{''.join(lines)}\n" if lines else text


def _warning(text: str) -> str:
    return f"**Warning**: {short_code(text, 2_000)}\n\n"


def _shared(plan: Plan) -> Iterator[Group]:
    """The applications whose existing values change; applications with equal changes are
    together."""
    found: dict[object, list[Action]] = {}
    for action in plan.writes:
        if changes := existing_values(action):
            found.setdefault(_without_origin(changes), []).append(action)
    for same in found.values():
        yield Group(tuple(same), tuple(zip(*map(existing_values, same), strict=True)))


def _shared_values(group: Group, plan: Plan) -> str:
    values = existing_values_text(len(group.changes))
    each = f"each of {things(group.actions, plan.site)}: " if len(group.actions) > 1 else ""
    names = codes([action.name for action in group.actions], 20)
    return f"**{values}** in {each}{names}\n\n{changes_table(group.changes, whole=False)}"


def kinds(plan: Plan, *, verbose: bool) -> Iterator[FoldedSection]:
    """A section for each kind. ``verbose``: with what is in sync, and whole values."""
    ordered = sorted(plan.actions, key=lambda action: kind_order(action.kind))
    for kind, group in groupby(ordered, key=lambda action: action.kind):
        members = list(group)
        listed = [a for a in members if verbose or not isinstance(a, InSync) or a.reason]
        if not listed:
            continue
        head = f"<details>\n<summary>{html_code(kind)}: {counts_text(members)}</summary>\n\n"
        blocks = [
            Block(len(one.actions), partial(action_block, one, plan.site, verbose=verbose))
            for one in _groups(listed)
        ]
        yield FoldedSection(head, blocks, "</details>\n\n")


def _groups(actions: Sequence[Action]) -> Iterator[Group]:
    """The actions in their order, with actions that do the same together."""
    found: dict[object, list[Action]] = {}
    for action in actions:
        found.setdefault(_what_it_does(action), []).append(action)
    for same in found.values():
        above = existing_values(same[0])
        columns = zip(*map(changes_of, same), strict=True)
        rest = tuple(column for column in columns if column[0] not in above)
        yield Group(tuple(same), rest, len(above))


def _what_it_does(action: Action) -> object:
    more: tuple[FieldPath | object, ...] = tuple(
        getattr(action, name, None) for name in ("kept", "permissions", "folder_path")
    )
    return action.action, remark_of(action), _without_origin(changes_of(action)), more


def _without_origin(changes: Sequence[Change]) -> tuple[object, ...]:
    """Changes without the place where they are declared, for comparing."""
    return tuple(replace(change, origin=None, manifest="") for change in changes)


def notes(plan: Plan) -> FoldedSection:
    """The notices of a plan."""
    number = len(plan.notices)
    head = f"<details>\n<summary>{number:,} note{'' if number == 1 else 's'}</summary>\n\n"
    blocks = [Block(1, partial("- {}\n".format, short_code(text, 400))) for text in plan.notices]
    return FoldedSection(head, blocks, "\n</details>\n\n", "note")
