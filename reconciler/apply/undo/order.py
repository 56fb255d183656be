"""Which actions of an undo come before which. Pure.

An object that a run has renamed has another address in its undo. ``moved``: address in the run ->
address in the undo.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from reconciler.apply.written import Written
from reconciler.plan.actions import Action


def with_addresses(actions: Iterable[Action], moved: Mapping[str, str]) -> list[Action]:
    """The actions, with the addresses in their ``needs`` changed to those in the undo."""
    return [
        replace(action, needs=tuple(moved.get(one, one) for one in action.needs))
        for action in actions
    ]


def with_needs(
    actions: Iterable[Action], written: Mapping[str, Written], moved: Mapping[str, str]
) -> list[Action]:
    """The actions; each now needs the actions whose objects needed its own in the run. ``written``:
    what the run wrote, by address."""
    actions = list(actions)
    present = {action.address for action in actions}
    needs: dict[str, list[str]] = {}
    for in_run, entry in written.items():
        address = moved.get(in_run, in_run)
        for need in (moved.get(one, one) for one in entry.action.needs):
            if need in present and address in present:
                needs.setdefault(need, []).append(address)
    return [
        replace(action, needs=(*action.needs, *needs.get(action.address, ()))) for action in actions
    ]
