"""The chat path as a text tree. A line begins with ``+``, ``-`` or ``!``, or two of them, if the
plan creates, removes or leaves broken what it shows."""

import sys
from collections import defaultdict
from collections.abc import Iterator

from reconciler.plan.chat.path import NodeKey
from reconciler.plan.chat.site_graph import Edge, Node, NodeState, SiteGraph
from reconciler.render.console import Console, emit, folded, styled, width_of
from reconciler.render.graphs import WORDS, mark_of
from reconciler.render.lines import StyledLine

_STYLES: dict[NodeState, str] = {
    "live": "",
    "planned": "green",
    "removed": "red",
    "missing": "bold red",
}


def print_graph(console: Console, graph: SiteGraph) -> None:
    """Prints the tree, and below it how many faults there are."""
    emit(console, styled(f"Chat path of {graph.app}", style="bold"))
    width = width_of(console) if console.is_terminal else sys.maxsize
    for line in tree_lines(graph):
        indent = len(line.plain) - len(line.plain.lstrip())
        for part in folded(line, width, min(indent + 4, 40)):
            emit(console, part)
    emit(console, styled())
    emit(console, styled(faults_text(graph), style="bold"))


def tree_lines(graph: SiteGraph) -> Iterator[StyledLine]:
    """The lines of the tree, of any width."""
    return _Tree(graph).lines()


def faults_text(graph: SiteGraph) -> str:
    """How many faults there are, as a sentence."""
    count = graph.faults
    if not count:
        return "Nothing is broken after the plan."
    return f"{count} fault{'' if count == 1 else 's'} after the plan, marked with !."


class _Tree:
    def __init__(self, graph: SiteGraph) -> None:
        self._graph = graph
        self._nodes = {node.key: node for node in graph.nodes}
        self._below: dict[NodeKey, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self._below[edge.source].append(edge)
        self._shown: set[NodeKey] = set()
        marks = (mark_of(node.state, broken=bool(node.faults)) for node in graph.nodes)
        self._margin = 1 + max(map(len, ("+", *marks)))

    def lines(self) -> Iterator[StyledLine]:
        for root in self._graph.roots():
            yield from self._node(root, root.state, "", 0)
        # Queues that refer to each other in a circle have no root.
        for node in self._graph.nodes:
            if node.key not in self._shown:
                yield from self._node(node, node.state, "", 0)

    def _node(self, node: Node, state: NodeState, label: str, depth: int) -> Iterator[StyledLine]:
        again = node.key in self._shown
        self._shown.add(node.key)
        shown_state: NodeState = node.state if node.state != "live" else state
        broken = bool(node.faults) and not again
        mark = mark_of(shown_state, broken=broken)
        style = _STYLES["missing" if broken else shown_state]
        lead = f"{mark:<{self._margin}}{'  ' * depth}{f'{label}: ' if label else ''}"
        lead += f"{WORDS[node.kind]} "
        more = "  (see above)" if again and self._below[node.key] else ""
        yield styled((lead, style), node.name, (more, "dim"))
        if again:
            return
        for fault in node.faults:
            yield styled((f"{'':{self._margin}}{'  ' * depth}  {fault}", "red"))
        for edge in self._below[node.key]:
            yield from self._node(self._nodes[edge.target], edge.state, edge.label, depth + 1)
