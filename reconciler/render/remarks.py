"""How the text of a plan names fields, and the remarks after the name of an action."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from reconciler.diagnostics import Position
from reconciler.kinds.fields import FieldPath
from reconciler.plan.actions import (
    Action,
    Blocked,
    Create,
    Delete,
    InSync,
    Keep,
    Replace,
    Skip,
    Update,
)
from reconciler.plan.changes import Change
from reconciler.text.visible import escaped, value_text


def remark_of(action: Action) -> str:
    """The text after an action's name: why nothing is written, or why the object is replaced."""
    match action:
        case Keep() if any(change.hint for change in action.kept):
            return action.reason
        case Keep():
            return kept_names(action.kept)
        case Skip():
            return f"skipped: {action.reason}"
        case Blocked():
            return f"blocked: {action.reason}"
        case Create() | Update() | Replace() | Delete() | InSync():
            return action.reason


def kept_names(kept: Sequence[Change]) -> str:
    """The kept fields by name; several options of one section by the section's."""
    names: list[str] = []
    for section, group in groupby(kept, key=section_of):
        members = list(group)
        several = section and len(members) > 1
        names += [label_of(section)] if several else [label_of(c.path) for c in members]
    return f"kept as it is: {', '.join(names)}"


def section_of(change: Change) -> FieldPath:
    """The section of an option; empty for any other field."""
    return change.path[:2] if len(change.path) == 3 else ()


@lru_cache(maxsize=4096)
def label_of(path: FieldPath) -> str:
    """A path as it is shown, with names that might be misread in quotes. Cached, since thousands of
    objects have options of the same name."""
    return "/".join(map(value_text, path))


def is_item(change: Change) -> bool:
    """Whether the change is an item of a list of values, whose path ends in the value itself."""
    return len(change.path) == 2 and change.path[1] == change.after


def declared_in(change: Change) -> str:
    """Where a change comes from: the file and the line, or the other object that has the value."""
    return change.manifest if change.manifest.startswith("as in ") else origin_text(change.origin)


def origin_text(origin: Position | None) -> str:
    """The file and the line that declare a field; empty if none does."""
    return escaped(f"{origin.file}:{origin.line}") if origin else ""
