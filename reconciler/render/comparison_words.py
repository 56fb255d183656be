"""The sentences and names of a comparison, for every form of output."""

from collections.abc import Iterator

from reconciler.compare.model import Comparison, ObjectDifference, SideMark
from reconciler.diagnostics import counted
from reconciler.export.model import Omission
from reconciler.plan.changes import Change
from reconciler.render.export_report import omission_lines
from reconciler.render.remarks import label_of

_LONGEST_NAME = 20


def side_names(found: Comparison) -> tuple[str, str]:
    """The names of the sides beside values: the user's names, or A and B if any of these names is
    long."""
    names = found.a.name, found.b.name
    return names if max(map(len, names)) <= _LONGEST_NAME else ("A", "B")


def side_text(side: SideMark) -> str:
    """Where a side is, and which site it is."""
    parts = [side.source if side.source != side.name else ""]
    parts.append(f"site {side.app}" if side.app else "")
    parts.append(f"tenant {side.tenant}" if side.tenant else "")
    return ", ".join(filter(None, parts)) or "manifests"


def summary(found: Comparison, a: str, b: str) -> str:
    """How many objects differ, and how many do not. ``a``, ``b``: the names of the sides."""
    differ = found.count("differs")
    parts = [
        f"{differ:,} {'differs' if differ == 1 else 'differ'}",
        f"{found.count('only-in-a'):,} only in {a}",
        f"{found.count('only-in-b'):,} only in {b}",
        f"{found.equal:,} equal",
    ]
    return f"Compare: {', '.join(parts)}."


def rest(found: Comparison) -> Iterator[str]:
    """What a reader must know about differences that are not shown."""
    if found.ignored:
        verb = "is" if found.ignored == 1 else "are"
        yield f"{counted(found.ignored, 'difference')} {verb} ignored, as the mapping says."
    hidden = {(one.address, one.path) for one in found.uncompared}
    if hidden:
        yield f"{counted(len(hidden), 'value')} could not be compared."


def uncompared(found: Comparison) -> Iterator[str]:
    """What could not be compared, in lines that say which side does not show it."""
    sides_of: dict[str, list[str]] = {}
    for side in (found.a.name, found.b.name):
        omissions = [
            Omission(one.address, one.path, one.reason)
            for one in found.uncompared
            if one.side == side
        ]
        for line in omission_lines(omissions):
            sides_of.setdefault(line, []).append(side)
    for line, sides in sides_of.items():
        yield f"{line} ({'on both sides' if len(sides) > 1 else f'on {sides[0]}'})"


def remark_of_object(one: ObjectDifference, found: Comparison) -> str:
    """The text after the name of an object that differs."""
    a, b = side_names(found)
    where = {"only-in-a": f"only in {a}", "only-in-b": f"only in {b}", "differs": one.remark}
    called = f"{b} calls it {one.address_b}" if one.address_b else ""
    return "; ".join(filter(None, (where[one.found], called)))


def field_label(change: Change) -> str:
    """The name of a field, without the list entry that is shown as its value."""
    return label_of(change.path[:-1] if is_entry(change) else change.path)


def is_entry(change: Change) -> bool:
    """Whether the change is a list entry, named at the end of the path, that only one side has."""
    values = (change.before, change.after)
    return len(change.path) == 2 and None in values and change.path[1] in values
