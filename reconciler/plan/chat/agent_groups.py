"""Notices and warnings about the members of agent groups. Pure.

Stat Server takes the members of a virtual agent group from a script in the group's annex, and
those of any other group from its list of agents (Genesys RTME 8.5.1, Configuring Virtual
Agent Groups).
"""

from collections.abc import Iterator, Sequence

from reconciler.kinds.enums import STATE
from reconciler.plan.actions import Action, Blocked, Skip
from reconciler.plan.context import Context
from reconciler.plan.effects import Simulation
from reconciler.server.port import ConfObject

_SCRIPT = ("virtual", "script")


def group_notices(context: Context, actions: Sequence[Action], final: Simulation) -> Iterator[str]:
    """Notices about agent groups and their declared agents, as they would be after the plan."""
    for action, group in _groups(actions, final):
        if is_virtual(group):
            if not _declared_agents(context, action):
                yield (
                    f"{action.address} is a virtual agent group: Stat Server takes its agents"
                    f" from the annex option {'/'.join(_SCRIPT)}."
                )
            continue
        if not group.attributes.get("agentDBIDs"):
            yield f"{action.address} has no agents: add the people who answer chats."
        yield from _about_agents(context, action, final)


def group_warnings(context: Context, actions: Sequence[Action], final: Simulation) -> Iterator[str]:
    """Warnings about agents that are declared for a virtual agent group."""
    for action, group in _groups(actions, final):
        agents = _declared_agents(context, action)
        if is_virtual(group) and agents:
            yield (
                f"{action.address} is a virtual agent group: Stat Server takes its agents from"
                f" the annex option {'/'.join(_SCRIPT)} and ignores the declared agents"
                f" ({', '.join(agents)}). Remove agents from the manifest, or the option from"
                " the group."
            )


def is_virtual(group: ConfObject) -> bool:
    """Whether Stat Server takes the members of an agent group from a script."""
    section, option = _SCRIPT
    script = (group.attributes.get("userProperties") or {}).get(section, {}).get(option, "")
    return bool(str(script).strip())


def _groups(actions: Sequence[Action], final: Simulation) -> Iterator[tuple[Action, ConfObject]]:
    for action in actions:
        one = final.results.get(action.address)
        if one and action.object_type == "AgentGroup" and not isinstance(action, Skip | Blocked):
            yield action, one


def _declared_agents(context: Context, action: Action) -> list[str]:
    fields = getattr(context.desired.addresses.get(action.address), "fields", ())
    return [field.path[1] for field in fields if field.path[0] == "agents"]


def _about_agents(context: Context, action: Action, final: Simulation) -> Iterator[str]:
    """Declared agents to whom no interaction is routed."""
    for name in _declared_agents(context, action):
        dbid = final.live.dbid("Person", name, action.tenant)
        person = final.live.get("Person", dbid) if dbid else None
        if person is None:
            continue
        if not person.attributes.get("isAgent"):
            yield (
                f"{action.address}: the person {name} is not an agent, and gets no interactions."
                " isAgent is set when a person is created and cannot be changed: declare a person"
                " who is an agent instead."
            )
        elif person.attributes.get("state") == STATE["Disabled"]:
            yield (
                f"{action.address}: the agent {name} is disabled. Enable that person, or remove"
                " the agent from the manifest."
            )
