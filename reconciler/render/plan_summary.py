"""What a plan begins with and the lines of counts that end it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reconciler.kinds.types_files import LAUNCH_FILE
from reconciler.plan.actions import Action, ActionName
from reconciler.plan.model import Plan

_NOT_WRITTEN: tuple[tuple[ActionName, str], ...] = (
    ("in-sync", "in sync"),
    ("keep", "kept"),
    ("skip", "skipped"),
    ("blocked", "blocked"),
)

_WRITTEN: tuple[ActionName, ...] = ("create", "update", "replace", "delete")


def summary(plan: Plan) -> str:
    """The line of counts that ends a plan."""
    counts = plan.counts()
    rest = ", ".join(_rest(counts))
    if plan.empty:
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
    """The line that counts initial values; empty where none differs."""
    match plan.initial_differences():
        case 0:
            return ""
        case 1:
            return "1 initial value differs: it is the site's own."
        case found:
            return f"{found} initial values differ: they are the site's own."


def made_from(plan: Plan) -> Iterator[tuple[str, str]]:
    """What the plan was made from: a run, or manifests and settings."""
    if plan.undoes:
        yield "Undoes", f"run {plan.undoes}"
    inputs = plan.inputs
    if inputs.manifests:
        why = "" if inputs.named else " (none named by -f, GWE_FILE or gwe.toml)"
        yield "Manifests", ", ".join(inputs.manifests) + why
        profile = f", profile {inputs.profile}" if inputs.profile else ""
        yield "Settings", f"{inputs.settings}{profile}" if inputs.settings else "no gwe.toml"


def allowed(plan: Plan) -> Iterator[tuple[str, str]]:
    """What else decides about what is written."""
    if any(action.object_type == LAUNCH_FILE for action in plan.writes):
        yield "Files", plan.site.installation
    if "--force" in plan.consent:
        yield "Forced", "no limit counts, and what another site may use is replaced too"
