"""Recovers the inventory after a run: finds out what became of the run's calls, and writes what it
did not write."""

from collections.abc import Callable, Iterator

from reconciler.apply.inventory import record_ownership
from reconciler.apply.ownership import Ownership
from reconciler.apply.report import Recovered
from reconciler.apply.session import RunOptions, RunSession
from reconciler.errors import UnrecoveredError
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject
from reconciler.site.inventory_lists import is_inventory
from reconciler.site.inventory_reads import lists_named
from reconciler.state.records import CallEnd, CallResult
from reconciler.state.store import StoredRun


def resolve_inventory_calls(run: StoredRun, plan: Plan, session: RunSession) -> Iterator[Recovered]:
    """Finds out what became of the unanswered calls to the inventory."""
    planned = {action.address for action in plan.writes}
    for step in run.steps:
        one = step.before or ConfObject("Transaction", 0, step.makes or {})
        if not step.unknown or step.address in planned or not is_inventory(one):
            continue
        named = lists_named(session.server, str(one.attributes["name"]))
        now = next((each for each in named if each.tenant == one.tenant), None)
        result: CallResult = "refused" if now == step.before else "answered"
        session.calls.journal.append(CallEnd(step.number, result, now))
        done = "was not done" if result == "refused" else "was done"
        yield Recovered(step.address, f"{step.call} of unknown outcome: it {done}")


def complete_inventory(
    name: str, plan: Plan, session: RunSession, options: RunOptions, warn: Callable[[str], None]
) -> None:
    """Writes into the inventory what a recovered run has created and deleted. UnrecoveredError
    if the server does not answer."""
    run = options.state.read_run(name)  # with what has been recovered
    ownership = Ownership.of(run, plan)
    if not record_ownership(plan, session.server, session.calls, ownership, options.state, warn):
        raise UnrecoveredError(
            "it is unknown whether the inventory was written",
            "Run gwe recover again when the server answers;"
            f" the run's state is {options.state.place}.",
        )
