"""The chat path as JSON. The text and its schema come from the same definition."""

from typing import Any

from reconciler.json_codec import INTEGER, TEXT, Codec, Member, array, choice, record
from reconciler.plan.chat.path import NODE_KINDS
from reconciler.plan.chat.site_graph import NODE_STATES, Edge, Node, SiteGraph
from reconciler.render.json_reports import JsonReport, report

_NODE: Codec[Any] = record(
    dict,
    Member("id", INTEGER),
    Member("kind", choice(*NODE_KINDS)),
    Member("application", TEXT, "owner", "Whose endpoint, statistic or filter it is."),
    Member("name", TEXT),
    Member("state", choice(*NODE_STATES)),
    Member("faults", array(TEXT), description="What is broken there after the plan."),
    get=lambda value, name: value[0] if name == "id" else getattr(value[1], name),
)
_EDGE: Codec[Any] = record(
    dict,
    Member("from", INTEGER, "source"),
    Member("to", INTEGER, "target"),
    Member("option", TEXT, "label", "By which option, where that is not plain."),
    Member("state", choice(*NODE_STATES)),
    get=lambda value, name: value[name],
)
GRAPH: JsonReport = report(
    "graph",
    "Report of gwe graph",
    Member("app", TEXT),
    Member("nodes", array(_NODE)),
    Member("edges", array(_EDGE)),
    get=lambda value, name: value[name],
)


def graph_json(graph: SiteGraph) -> str:
    """The graph as JSON."""
    numbers = {node.key: number for number, node in enumerate(graph.nodes)}
    nodes: list[tuple[int, Node]] = list(enumerate(graph.nodes))
    edges = [_edge(edge, numbers[edge.source], numbers[edge.target]) for edge in graph.edges]
    return GRAPH.text({"app": graph.app, "nodes": nodes, "edges": edges})


def _edge(edge: Edge, source: int, target: int) -> dict[str, object]:
    return {"source": source, "target": target, "label": edge.label, "state": edge.state}
