"""The order in which actions are applied: what others need comes first. Pure.

      create, update, replace                       delete
      parent      -> child                          child    -> parent
      referred to -> referring                      referring -> referred to
      ties: the kind's place in the table, then the address; of deletes in reverse

A replace is one step. A cycle is an error that prints its path.
"""

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError
from reconciler.kinds.manifests import kind_order
from reconciler.plan.actions import Action, Delete


def order(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions in the order in which they are applied."""
    forward = [action for action in actions if not isinstance(action, Delete)]
    deletes = [action for action in actions if isinstance(action, Delete)]
    return (*_sorted(forward), *_sorted(deletes, reverse=True))


def _sorted(actions: Sequence[Action], *, reverse: bool = False) -> list[Action]:
    by_address = {action.address: action for action in actions}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for action in actions:
        sorter.add(action.address, *(need for need in action.needs if need in by_address))
    try:
        sorter.prepare()
    except CycleError as error:
        path = " -> ".join(reversed(error.args[1]))
        raise RefusedError(
            [
                Diagnostic(
                    f"these objects depend on each other in a cycle: {path}",
                    hint="Remove one reference.",
                )
            ]
        ) from error
    result: list[Action] = []
    while sorter.is_active():
        ready = [by_address[address] for address in sorter.get_ready()]
        result.extend(sorted(ready, key=lambda a: (kind_order(a.kind), a.address), reverse=reverse))
        sorter.done(*(action.address for action in ready))
    return result
