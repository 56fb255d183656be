"""The chat path in Graphviz's language DOT.

Within a quoted string of DOT only the quote is special; in a label, backslashes and ampersands
are too, since they begin escapes and entities.
"""

from collections.abc import Iterator

from reconciler.plan.chat.site_graph import NodeState, SiteGraph
from reconciler.render.graphs import WORDS
from reconciler.text.visible import escaped

_LOOKS: dict[NodeState, str] = {
    "live": "",
    "planned": 'color="#17703a", style="dashed"',
    "removed": 'color="#855600", style="dotted"',
    "missing": 'color="#b8201a", penwidth=2',
}


def graph_dot(graph: SiteGraph) -> str:
    """The graph as DOT."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: SiteGraph) -> Iterator[str]:
    names = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}
    yield "digraph {"
    yield "  rankdir=LR;"
    yield '  node [shape=box, fontname="sans-serif", fontsize=10, color="#5c636c"];'
    yield '  edge [fontname="sans-serif", fontsize=9, color="#5c636c"];'
    for node in graph.nodes:
        text = "\\n".join(map(_label, (WORDS[node.kind], node.name, *node.faults)))
        looks = [_LOOKS[node.state], _LOOKS["missing"] if node.faults else ""]
        yield f"  {names[node.key]} [{_attributes(text, *looks)}];"
    for edge in graph.edges:
        arrow = f"{names[edge.source]} -> {names[edge.target]}"
        yield f"  {arrow} [{_attributes(_label(edge.label), _LOOKS[edge.state])}];"
    yield "}"


def _attributes(label: str, *looks: str) -> str:
    """The attributes of a node or an edge; if an attribute occurs twice, the later value counts."""
    return ", ".join(filter(None, (f'label="{label}"', *dict.fromkeys(looks))))


def _label(text: str) -> str:
    return escaped(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
