"""From a run to the plan that reverts it: what ``Reconciler.undo`` does with an open server."""

from msgspec import Struct

from reconciler.apply.recover import plan_of_run
from reconciler.apply.reread import check_own_host
from reconciler.apply.undo import plan_undo
from reconciler.diagnostics import Diagnostic
from reconciler.engine.run_context import run_context
from reconciler.engine.run_place import RunPlace
from reconciler.errors import RefusedError
from reconciler.kinds.secret_names import SecretNames
from reconciler.plan.guards import Limits
from reconciler.plan.model import Plan
from reconciler.server.port import Reader


class UndoOptions(Struct, frozen=True):
    """``force``: also delete objects that have changed since; ``same_host``: the run was on this
    host, which has another id now."""

    force: bool
    same_host: bool
    limits: Limits
    secret_names: SecretNames


def plan_reverting(run: str, server: Reader, place: RunPlace, options: UndoOptions) -> Plan:
    """The plan that reverts a run. Errors: see ``Reconciler.undo``."""
    store = place.state
    found = store.read_run(store.find_run(run, wrote=True))
    if not found.finished:
        hint = f"Run gwe recover first; then it can be reverted. The run's state is {store.place}."
        raise RefusedError([Diagnostic(f"the run {found.name} did not finish", hint=hint)])
    plan = plan_of_run(found)
    own_host = options.same_host or run_context("").is_machine_of(found.head)
    check_own_host(found, plan, own_host=own_host)
    return plan_undo(
        found,
        plan,
        server,
        force=options.force,
        limits=options.limits,
        secret_names=options.secret_names,
        known_secrets=place.known_secrets(found.head.identity),
        installation=place.installation(plan, own_host=own_host),
    )
