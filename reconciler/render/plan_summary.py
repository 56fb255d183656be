"""The header of a plan, the lines of counts that end it, and how to apply it."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.plan.actions import Action, ActionName
from reconciler.plan.model import Plan

_NOT_WRITTEN: tuple[tuple[ActionName, str], ...] = (
    ("in-sync", "in sync"),
    ("keep", "kept"),
    ("skip", "skipped"),
    ("blocked", "blocked"),
)

_LONG_PATH = 200

_WRITTEN: tuple[ActionName, ...] = ("create", "update", "replace", "delete")


def summary(plan: Plan) -> str:
    """The line of counts that ends a plan."""
    counts = plan.counts()
    rest = ", ".join(_rest(counts))
    if plan.empty and not plan.blocked:
        return f"Nothing to do: {rest}." if rest else "Nothing to do."
    writes = ", ".join(f"{counts.get(name, 0)} to {name}" for name in _WRITTEN)
    return f"Plan: {writes}." + (f" {rest[0].upper()}{rest[1:]}." if rest else "")


def counts_text(actions: Sequence[Action]) -> str:
    """How many of these actions there are of each name: ``2 to create, 1 in sync``."""
    counts = Counter(action.action for action in actions)
    writes = (f"{counts[name]} to {name}" for name in _WRITTEN if counts[name])
    return ", ".join([*writes, *_rest(counts)])


def _rest(counts: Mapping[ActionName, int]) -> Iterator[str]:
    """How many actions there are of each name that writes nothing."""
    return (f"{counts[name]} {label}" for name, label in _NOT_WRITTEN if counts.get(name))


def initial_summary(plan: Plan) -> str:
    """The line that counts initial values that differ; empty if none does."""
    match plan.initial_differences():
        case 0:
            return ""
        case 1:
            return "1 initial value differs: it is the site's own."
        case found:
            return f"{found} initial values differ: they are the site's own."


def header(plan: Plan) -> Iterator[tuple[str, str]]:
    """The header of a plan: (label, text)."""
    cluster = f", cluster {plan.site.cluster}" if plan.site.cluster else ""
    yield from _made_from(plan)
    yield "Site", f"{plan.site.app}{cluster}"
    yield "Tenant", f"{plan.site.tenant} (DBID {plan.site.tenant_dbid})"
    yield "Server", plan.server
    yield from _allowed(plan)


def _made_from(plan: Plan) -> Iterator[tuple[str, str]]:
    """What the plan was made from: a run, or manifests and settings."""
    if plan.undoes:
        yield "Undoes", f"run {plan.undoes}"
    inputs = plan.inputs
    if inputs.manifests:
        why = "" if inputs.named else " (none named by -f, GWE_FILE or gwe.toml)"
        names = ("standard input" if name == "-" else name for name in inputs.manifests)
        yield "Manifests", ", ".join(names) + why
        profile = f", profile {inputs.profile}" if inputs.profile else ""
        yield "Settings", f"{inputs.settings}{profile}" if inputs.settings else "no gwe.toml"


def _allowed(plan: Plan) -> Iterator[tuple[str, str]]:
    """The further options that decide what is written."""
    if any(action.object_type == LAUNCH_FILE for action in plan.writes):
        yield "Files", plan.site.installation
    if "--force" in plan.consent:
        yield "Forced", "no limit counts, and what another site may use is replaced too"


def apply_commands(plan: Plan, name: str, saved: str) -> Iterator[tuple[str, str]]:
    """The commands that apply exactly this plan, each with a remark. ``name``: the plan's id;
    ``saved``: the file that holds the plan; empty: there is none. No commands if there is nothing
    to apply."""
    if plan.empty or not plan.applyable:
        return
    remark = "" if saved else "where FILE was saved with gwe plan --out FILE"
    yield f"gwe apply {as_argument(saved)} --plan-id {name}", remark
    if not plan.undoes:
        yield f"gwe apply --expect {name}", "with the same options as this plan"


def words_to_apply(plan: Plan, name: str, words: str) -> str:
    """The user's own ``words`` on how to apply exactly this plan, with the plan's id for ``{id}``.
    Empty if there is nothing to apply."""
    return "" if plan.empty or not plan.applyable else words.replace("{id}", name)


def as_argument(saved: str) -> str:
    """A saved plan as an argument of a command; FILE if there is none or its path is long."""
    return shlex.quote(saved) if 0 < len(saved) <= _LONG_PATH else "FILE"


def blocked_advice(plan: Plan, option: str = "--exclude ADDRESS") -> str:
    """What to do about what is blocked. ``option``: the option as the form writes it, which an undo
    does not have."""
    if plan.undoes:
        return "Correct what blocks it, then ask for the undo again."
    return f"Correct what blocks it, or leave it out with {option}."


def existing_values_text(number: int) -> str:
    """How many existing values change: ``2 existing values change``."""
    return f"{number:,} existing value{' changes' if number == 1 else 's change'}"
