"""Endpoints of Chat Servers that another Web Engagement site uses too: no plan changes them,
since the chats of the other site would go elsewhere. Pure.

In all functions, ``keys`` is: application outside the site -> its ``queueKey``.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath
from reconciler.kinds.options import endpoint_key
from reconciler.plan.actions import Action, Blocked, Skip, Update, changes_of


def spare_shared_endpoints(actions: Iterable[Action], keys: Mapping[str, str]) -> list[Action]:
    """The actions. An action that changes such an endpoint becomes blocked, whatever manifest asks
    for it."""
    return [_spared(action, keys) for action in actions] if keys else list(actions)


def keep_shared_endpoints(
    actions: Sequence[Action], keys: Mapping[str, str]
) -> tuple[list[Action], list[str]]:
    """The actions without the changes of such endpoints, and a notice for each that stays."""
    kept: list[Action] = []
    notices: list[str] = []
    for action in actions:
        shared = _shared(action, keys) if keys and isinstance(action, Update) else {}
        notices += (f"{action.address}: {why}: it stays." for why in shared.values())
        rest = tuple(one for one in changes_of(action) if one.path not in shared)
        if not shared:
            kept.append(action)
        elif rest:
            kept.append(replace(action, changes=rest))
        else:
            kept.append(Skip(action.subject, "another site uses what would change"))
    return kept, notices


def _spared(action: Action, keys: Mapping[str, str]) -> Action:
    shared = _shared(action, keys)
    return Blocked(action.subject, "; ".join(shared.values()), action.needs) if shared else action


def _shared(action: Action, keys: Mapping[str, str]) -> dict[FieldPath, str]:
    """The paths of such endpoints that an action changes, and who else uses each."""
    found: dict[FieldPath, str] = {}
    for change in changes_of(action) if action.object_type == "Application" else ():
        key = endpoint_key(change.path) if change.before is not None else ""
        users = [name for name, used in keys.items() if key and used == key]
        if users:
            place = "/".join(change.path[1:])
            found[change.path] = (
                f"{place} is also the queueKey of {', '.join(users)}, outside this site"
            )
    return found
