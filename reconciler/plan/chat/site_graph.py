"""The chat path of a site as a graph, live and after a plan: what there is, what the plan creates
and removes, and what is broken. Pure."""

from collections.abc import Iterator
from typing import Literal, get_args

from msgspec import Struct

from reconciler.manifest.desired import Desired
from reconciler.plan.chat.path import ChatPath, NodeKey, NodeKind
from reconciler.plan.effects import simulate
from reconciler.plan.model import Plan
from reconciler.server.snapshot import Snapshot

NodeState = Literal["live", "planned", "removed", "missing"]
"""``live``: exists now and after the plan; ``planned``: exists only after it; ``removed``: exists
only now; ``missing``: is referred to, but does not exist after the plan either."""
NODE_STATES: tuple[NodeState, ...] = get_args(NodeState)


class Node(Struct, frozen=True):
    """An object, option or section. ``faults``: sentences about what is broken there."""

    kind: NodeKind
    owner: str
    name: str
    state: NodeState
    faults: tuple[str, ...] = ()

    @property
    def key(self) -> NodeKey:
        return self.kind, self.owner, self.name


class Edge(Struct, frozen=True):
    """What refers to what. ``label``: the option with the reference, where that is not obvious."""

    source: NodeKey
    target: NodeKey
    label: str
    state: NodeState


class SiteGraph(Struct, frozen=True):
    """The whole graph; nodes and edges in the order in which they are reached."""

    app: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def roots(self) -> Iterator[Node]:
        """The nodes that nothing refers to."""
        targets = {edge.target for edge in self.edges}
        return (node for node in self.nodes if node.key not in targets)

    @property
    def faults(self) -> int:
        """How many faults there are."""
        return sum(len(node.faults) for node in self.nodes)

    @property
    def changes(self) -> bool:
        """Whether the plan creates or removes anything of it."""
        states = {*(node.state for node in self.nodes), *(edge.state for edge in self.edges)}
        return not states.isdisjoint(("planned", "removed"))


def site_graph(plan: Plan, desired: Desired, live: Snapshot) -> SiteGraph:
    """The chat path of a plan's site, before and after the plan. ``desired``, ``live``: what the
    plan was made from."""
    after = ChatPath(plan, desired, simulate(plan.actions, live).live)
    before = ChatPath(plan, desired, live)
    for kind, _, name in after.found:  # also what only the plan makes the site reach
        before.look_at(kind, name)
    keys = dict.fromkeys([*after.found, *(key for key, there in before.found.items() if there)])
    nodes = [
        Node(*key, _node_state(key, before, after), tuple(after.faults.get(key, ())))
        for key in keys
    ]
    held = [edge for edge in before.edges if before.found[edge[0]] and before.found[edge[1]]]
    edges = [Edge(*edge, "live" if edge in held else "planned") for edge in after.edges]
    edges += [Edge(*edge, "removed") for edge in held if edge not in after.edges]
    return SiteGraph(plan.site.app, tuple(nodes), tuple(edges))


def _node_state(key: NodeKey, before: ChatPath, after: ChatPath) -> NodeState:
    if key not in after.found:
        return "removed"
    if not after.found[key]:
        return "missing"
    return "live" if before.found.get(key) else "planned"
