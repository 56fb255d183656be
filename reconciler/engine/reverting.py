"""From a run to the plan that reverts it: implements ``Reconciler.undo`` on an open server."""

from msgspec.structs import replace

from reconciler.apply.recovery.recover import RecoveryOptions, plan_of_run
from reconciler.apply.reread import check_own_host
from reconciler.apply.undo.plan import UndoOptions, plan_undo
from reconciler.diagnostics import Diagnostic
from reconciler.engine.run_context import run_context
from reconciler.engine.run_place import RunPlace
from reconciler.errors import RefusedError
from reconciler.plan.model import Plan
from reconciler.server.port import Reader


def plan_reverting(
    run: str, server: Reader, place: RunPlace, options: UndoOptions, *, same_host: bool
) -> Plan:
    """The plan that reverts a run. Parameters and errors: see ``Reconciler.undo``; known secrets
    and the installation are added to ``options``."""
    store = place.state
    found = store.read_run(store.find_run(run, wrote=True))
    if not found.finished:
        hint = f"Run gwe recover first; then it can be reverted. The run's state is {store.place}."
        raise RefusedError([Diagnostic(f"the run {found.name} did not finish", hint=hint)])
    plan = plan_of_run(found)
    own_host = RecoveryOptions(same_host=same_host).is_own_host(found, run_context(""))
    check_own_host(found, plan, own_host=own_host)
    options = replace(
        options,
        known_secrets=place.known_secrets(found.head.identity),
        installation=place.installation(plan, own_host=own_host),
    )
    return plan_undo(found, plan, server, options)
