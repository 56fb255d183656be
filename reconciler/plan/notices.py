"""What people should know of a plan beside its actions. Pure."""

from collections.abc import Iterator, Sequence

from reconciler.kinds.options import needs_restart
from reconciler.plan.model import Action
from reconciler.server.snapshot import Snapshot


def notices(actions: Sequence[Action], final: Snapshot) -> Iterator[str]:
    """Notices about the planned objects as they would be after the plan."""
    for action in actions:
        yield from _about_state(action, final)
        if action.object_type == "Application":
            for change in action.changes if action.writes else ():
                if needs_restart(change.path[1], change.path[2]):
                    option = "/".join(change.path[1:])
                    yield f"{action.address}: {option} takes effect after a restart."


def _about_state(action: Action, final: Snapshot) -> Iterator[str]:
    if action.action in ("skip", "blocked", "delete"):
        return
    one = final.get(action.object_type, action.dbid)
    if action.action in ("create", "replace"):
        one = final.find(action.object_type, action.tenant, action.name)
    if one is None:
        return
    managed = any(change.path == ("state",) for change in action.changes)
    if one.attributes.get("state") == 2 and not managed:
        yield f"{action.address} is disabled."
    if action.object_type == "AgentGroup" and not one.attributes.get("agentDBIDs"):
        yield f"{action.address} has no agents: add them, no tool knows who they are."
