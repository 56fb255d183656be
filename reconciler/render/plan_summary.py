"""The lines of counts that end a plan."""

from reconciler.plan.actions import ActionName
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
    rest = ", ".join(
        f"{counts.get(name, 0)} {label}" for name, label in _NOT_WRITTEN if counts.get(name)
    )
    if plan.empty:
        return f"Nothing to do: {rest}." if rest else "Nothing to do."
    writes = ", ".join(f"{counts.get(name, 0)} to {name}" for name in _WRITTEN)
    return f"Plan: {writes}." + (f" {rest[0].upper()}{rest[1:]}." if rest else "")


def initial_summary(plan: Plan) -> str:
    """The line that counts initial values; empty where none differs."""
    match plan.initial_differences():
        case 0:
            return ""
        case 1:
            return "1 initial value differs: it is the site's own."
        case found:
            return f"{found} initial values differ: they are the site's own."
