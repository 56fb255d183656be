"""Notices: what the user should know about a plan besides its actions. Pure."""

from collections.abc import Iterator, Sequence

from reconciler.kinds.enums import STATE
from reconciler.kinds.options import needs_restart
from reconciler.plan.actions import Action, Blocked, Delete, Skip, changes_of
from reconciler.plan.effects import Simulation
from reconciler.plan.ordering.circles import Circles
from reconciler.plan.ordering.deletions import refuses_deletion
from reconciler.server.port import ServerInfo
from reconciler.server.snapshot import Snapshot


def server_notices(server: ServerInfo) -> Iterator[str]:
    """Notices about the server that the plan was made on."""
    if server.proxy_of:
        yield (
            f"The server is a Configuration Server Proxy of {server.proxy_of}: what it holds"
            " may be out of date, and apply refuses it. Name the master with --server."
        )


def notices(actions: Sequence[Action], final: Simulation) -> Iterator[str]:
    """Notices about the planned objects as they would be after the plan."""
    for action in actions:
        yield from _about_state(action, final)
        for change in changes_of(action):
            if change.path[0] == "options" and needs_restart(*change.path[1:]):
                option = "/".join(change.path[1:])
                yield f"{action.address}: {option} takes effect after a restart."


def circle_notices(actions: Sequence[Action], live: Snapshot) -> Iterator[str]:
    """Notices about references that are written or cleared in a separate call."""
    for earlier, later in Circles(actions).pairs():
        yield f"{earlier.address} gets its reference to {later} after both are created."
    deletes = [action for action in actions if isinstance(action, Delete)]
    left = {(action.object_type, action.dbid): action for action in deletes}
    for action in deletes:
        del left[action.object_type, action.dbid]
        one = live.get(action.object_type, action.dbid)
        for key in action.referrers:
            other = live.get(*key) if key in left else None
            if one and other and refuses_deletion(other, one):
                yield (
                    f"{left[key].address} loses its reference to {action.address} before both are"
                    " deleted."
                )


def _about_state(action: Action, final: Simulation) -> Iterator[str]:
    one = final.results.get(action.address)
    if one is None or isinstance(action, Skip | Blocked):
        return
    if one.attributes.get("state") == STATE["Disabled"]:
        managed = any(change.path == ("state",) for change in changes_of(action))
        if not managed:
            yield f"{action.address} is disabled."
