"""The chat path as a Mermaid flowchart, which GitLab and GitHub draw in Markdown.

Every character of a label except letters, digits and harmless signs is written as a character code,
so that no name can end its label, its line or the Markdown block around it.
"""

from collections.abc import Iterator

from reconciler.plan.chat.site_graph import Node, SiteGraph
from reconciler.render.graphs import WORDS
from reconciler.text.visible import escaped

_PLAIN = frozenset(" _-./:,()")
_CLASSES = {
    "planned": "stroke:#17703a,stroke-width:2px,stroke-dasharray:4 3",
    "removed": "stroke:#855600,stroke-dasharray:1 3",
    "broken": "stroke:#b8201a,stroke-width:3px",
}


def graph_mermaid(graph: SiteGraph) -> str:
    """The graph as Mermaid."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: SiteGraph) -> Iterator[str]:
    names = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}
    yield "flowchart LR"
    for node in graph.nodes:
        parts = [WORDS[node.kind], node.name, *node.faults]
        yield f'  {names[node.key]}["{"<br>".join(map(_label, parts))}"]'
    for edge in graph.edges:
        arrow = "-->" if edge.state == "live" else "-.->"
        label = f'|"{_label(edge.label)}"|' if edge.label else ""
        yield f"  {names[edge.source]} {arrow}{label} {names[edge.target]}"
    for name, style in _CLASSES.items():
        members = [names[node.key] for node in graph.nodes if name in _classes(node)]
        if members:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(members)} {name}"


def _classes(node: Node) -> tuple[str, ...]:
    """The classes of a node; a later class overrides an earlier class."""
    return (node.state, "broken") if node.faults else (node.state,)


def _label(text: str) -> str:
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in escaped(text))
