"""What a plan changes although it is in another inventory, such as that of another team. Pure.

An inventory lists whole objects, and single options of applications. It does not say which fields
of an object its manifests declare, and does not list an option that existed before and was
corrected. So this is a warning, and blocks nothing: the other manifests may declare other fields.
"""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.plan.actions import Write, changes_of
from reconciler.plan.model import Plan
from reconciler.site.inventory import EntryKey

_LISTED = 5
"""How many entries of another inventory a warning names."""


def sharing_warnings(plan: Plan, others: Mapping[EntryKey, str]) -> Iterator[str]:
    """A warning for each owner of another inventory that lists what the plan changes. ``others``:
    entry of another inventory -> its owner, for a sentence."""
    found: dict[str, list[str]] = {}
    for action in plan.writes:
        for key, shown in _touched(action):
            if key in others:
                found.setdefault(others[key], []).append(shown)
    for owner, things in found.items():
        this, it = ("this", "it") if len(things) == 1 else ("these", "them")
        yield (
            f"The inventory of {owner} has {this}, which this plan changes: {_listed(things)}. If"
            f" the manifests of both sets declare the same field with different values, each apply"
            f" undoes the other. Declare {it} in one set only. gwe adopt --take-over ADDRESS moves"
            f" {it} into the inventory of this set."
        )


def _touched(action: Write) -> Iterator[tuple[EntryKey, str]]:
    """What an action changes, as entries of an inventory: the object, or options of it."""
    yield (action.object_type, action.dbid), action.address
    if action.object_type == "Application":
        for change in changes_of(action):
            if len(change.path) == 3 and change.path[0] == "options":
                _, section, option = change.path
                yield (action.dbid, section, option), f"{section}/{option} of {action.address}"


def _listed(things: Iterable[str]) -> str:
    names = list(dict.fromkeys(things))
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")
