"""The chat path of a site in each form; only ``GRAPH_FORMS`` names the forms."""

from collections.abc import Callable, Mapping

from reconciler.plan.chat.path import NodeKind
from reconciler.plan.chat.site_graph import NodeState, SiteGraph

# Each form imports what it needs only when it is chosen.
# ruff: noqa: PLC0415

WORDS: Mapping[NodeKind, str] = {
    "server": "Web Engagement Server",
    "cluster": "Web Engagement Cluster",
    "chat-server": "Chat Server",
    "endpoint": "endpoint",
    "queue": "queue",
    "view": "view",
    "routing": "routing script",
    "strategy": "strategy",
    "stat-server": "Stat Server",
    "statistic": "statistic",
    "filter": "filter",
    "agent-group": "agent group",
}
"""What people call a node."""


_MARKS: Mapping[NodeState, str] = {"live": "", "planned": "+", "removed": "-", "missing": "!"}


def mark_of(state: NodeState, *, broken: bool) -> str:
    """The mark of a node: ``+``, ``-``, ``!`` or nothing; ``+!``: the plan creates it, but it is
    broken. ``broken``: it has faults."""
    mark = _MARKS[state]
    return f"{mark}!" if broken and mark != "!" else mark


def _json(graph: SiteGraph) -> str:
    from reconciler.render.graphs.json_text import graph_json

    return graph_json(graph)


def _mermaid(graph: SiteGraph) -> str:
    from reconciler.render.graphs.mermaid import graph_mermaid

    return graph_mermaid(graph)


def _dot(graph: SiteGraph) -> str:
    from reconciler.render.graphs.dot import graph_dot

    return graph_dot(graph)


def _svg(graph: SiteGraph) -> str:
    from reconciler.render.graphs.svg import graph_svg

    return graph_svg(graph)


GRAPH_FORMS: Mapping[str, Callable[[SiteGraph], str]] = {
    "mermaid": _mermaid,
    "dot": _dot,
    "svg": _svg,
    "json": _json,
}
"""The machine-readable forms: format -> the function that makes the text."""
