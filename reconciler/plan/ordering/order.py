"""The order in which actions are applied: what other actions need comes first. Pure.

      create, update, replace                       delete
      parent      -> child                          child    -> parent
      referred to -> referring                      referring -> referred to
      ties: the kind's place in the table, then the address; of deletes in reverse

A replace is one step. A circle is broken where an object can be created or deleted without one of
its references (see ``circles``); where none can, it is an error that prints its path.
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError
from reconciler.kinds.manifests import kind_order
from reconciler.plan.actions import Action, Delete
from reconciler.plan.ordering.circles import can_break


def order(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions in the order in which they are applied."""
    forward = [action for action in actions if not isinstance(action, Delete)]
    deletes = [action for action in actions if isinstance(action, Delete)]
    return (*_sorted(forward), *_sorted(deletes, reverse=True))


def _sorted(actions: Sequence[Action], *, reverse: bool = False) -> list[Action]:
    by_address = {action.address: action for action in actions}
    needs = {a.address: [need for need in a.needs if need in by_address] for a in actions}
    if not any(needs.values()):
        return sorted(actions, key=_place, reverse=reverse)
    sorter = TopologicalSorter(needs)
    while circle := _circle(sorter):
        action, need = _weakest(circle, by_address)
        needs[action].remove(need)
        sorter = TopologicalSorter(needs)
    result: list[Action] = []
    while sorter.is_active():
        ready = [by_address[address] for address in sorter.get_ready()]
        result.extend(sorted(ready, key=_place, reverse=reverse))
        sorter.done(*(action.address for action in ready))
    return result


def _place(action: Action) -> tuple[int, str]:
    return kind_order(action.kind), action.address


def _circle(sorter: TopologicalSorter[str]) -> list[tuple[str, str]]:
    """Prepares the sorter. Returns the steps of a circle that keeps it from sorting, each from an
    address to an address that it needs; empty: there is no circle."""
    try:
        sorter.prepare()
    except CycleError as error:
        path = error.args[1][::-1]
        return list(pairwise(path))
    return []


def _weakest(circle: Sequence[tuple[str, str]], actions: Mapping[str, Action]) -> tuple[str, str]:
    """The step at which a circle is broken. RefusedError if none can be."""
    steps = [step for step in circle if can_break(actions[step[0]], actions[step[1]])]
    if steps:
        return min(steps, key=lambda step: _place(actions[step[0]]))
    path = " -> ".join((circle[0][0], *(need for _, need in circle)))
    problem = f"these objects depend on each other in a cycle: {path}"
    raise RefusedError([Diagnostic(problem, hint="Remove one reference.")])
