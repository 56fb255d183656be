"""The chat path in Graphviz's language DOT, and drawn by Graphviz as SVG.

Within a quoted string of DOT only the quote is special; in a label, backslashes and ampersands
are too, since they begin escapes and entities.
"""

import shutil
import subprocess
from collections.abc import Iterator

from reconciler.errors import ReconcilerError, UsageError
from reconciler.plan.site_graph import Node, NodeState, SiteGraph
from reconciler.render.graphs import WORDS
from reconciler.visible_text import escaped

_SECONDS = 60
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
        yield f"  {names[node.key]} [{_attributes(text, _state(node))}];"
    for edge in graph.edges:
        arrow = f"{names[edge.source]} -> {names[edge.target]}"
        yield f"  {arrow} [{_attributes(_label(edge.label), edge.state)}];"
    yield "}"


def _state(node: Node) -> NodeState:
    return "missing" if node.faults else node.state


def _attributes(label: str, state: NodeState) -> str:
    return ", ".join(filter(None, (f'label="{label}"', _LOOKS[state])))


def _label(text: str) -> str:
    return escaped(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def graph_svg(graph: SiteGraph) -> str:
    """The graph as SVG. UsageError where Graphviz is not installed."""
    program = shutil.which("dot")
    if program is None:
        raise UsageError(
            "SVG is drawn by Graphviz, whose program dot is not installed",
            "Install Graphviz (Debian's package graphviz), or use --format mermaid or dot.",
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program of the machine, without any argument of others
            [program, "-Tsvg"],
            input=graph_dot(graph).encode(),
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ReconcilerError(
            f"Graphviz could not draw the graph: {error}",
            "Use --format dot, and draw it elsewhere.",
        ) from error
    return done.stdout.decode()
