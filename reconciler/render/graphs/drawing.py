"""The layout of a picture of the chat path. Pure.

Each kind of node has a column, in the order in which a chat reaches them. Within a column, nodes
are placed near the nodes that refer to them. Lengths are in pixels; the font is monospaced.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.plan.chat.path import NodeKey, NodeKind
from reconciler.plan.chat.site_graph import Edge, Node, NodeState, SiteGraph
from reconciler.render.graphs import WORDS, mark_of
from reconciler.render.lines import cell_len
from reconciler.render.wrapping import broken
from reconciler.text.difference import ELLIPSIS
from reconciler.text.visible import escaped

CHARACTER = 6.7
"""The width of a column of text, at a font size of 11 pixels."""
LINE = 15
_COLUMNS: dict[NodeKind, int] = {
    "server": 0,
    "cluster": 0,
    "stat-server": 0,
    "agent-group": 0,
    "chat-server": 1,
    "statistic": 1,
    "filter": 1,
    "endpoint": 2,
    "queue": 3,
    "view": 4,
    "routing": 4,
    "strategy": 5,
}
_WIDTH = 28
"""The width of a box in columns of text."""
_BOX, _SPACE, _GAP, PADDING, _MARGIN = _WIDTH * CHARACTER + 16, 48, 12, 8, 12
_PART = re.compile(r"[^ ./_:-]*[ ./_:-]|[^ ./_:-]+")
_MANY = 5
"""From this number on, nodes that differ only in their names share a box."""


class Box(Struct, frozen=True):
    """A node, or many nodes that differ only in their names. ``title``: what it is; ``lines``: its
    name; ``faults``: also lines; ``mark``: before the title. ``x``, ``y``: its upper left
    corner."""

    title: str
    lines: tuple[str, ...]
    faults: tuple[str, ...]
    state: NodeState
    mark: str = ""
    x: float = 0
    y: float = 0
    width: float = _BOX

    @property
    def height(self) -> float:
        return 2 * PADDING + LINE * (1 + len(self.lines) + len(self.faults))

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


class Arrow(Struct, frozen=True):
    """From the right side of a box to the left side of another. ``label``: the option with the
    reference."""

    source: Box
    target: Box
    label: str
    state: NodeState


class Drawing(Struct, frozen=True):
    """A whole picture."""

    width: float
    height: float
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


def drawing_of(graph: SiteGraph) -> Drawing:
    """The picture of a graph."""
    groups = _groups(graph)
    lead = {node.key: group[0].key for group in groups for node in group}
    edges = list(dict.fromkeys(_between(graph.edges, lead)))
    boxes = _placed({group[0].key: _box(group) for group in groups}, edges)
    return Drawing(
        width=max((box.x + box.width for box in boxes.values()), default=0) + _MARGIN,
        height=max((box.y + box.height for box in boxes.values()), default=0) + _MARGIN,
        boxes=list(boxes.values()),
        arrows=[
            Arrow(boxes[edge.source], boxes[edge.target], _shown(edge.label), edge.state)
            for edge in edges
        ],
    )


def _groups(graph: SiteGraph) -> list[list[Node]]:
    """The nodes that share a box; the first node represents all."""
    around: dict[NodeKey, list[tuple[object, ...]]] = defaultdict(list)
    for edge in graph.edges:
        around[edge.source].append(("to", edge.target, edge.label, edge.state))
        around[edge.target].append(("from", edge.source, edge.label, edge.state))
    alike: dict[tuple[object, ...], list[Node]] = defaultdict(list)
    for node in graph.nodes:
        alike[node.kind, node.owner, node.state, node.faults, *around[node.key]].append(node)
    return [
        part
        for members in alike.values()
        for part in ([members] if len(members) >= _MANY else [[node] for node in members])
    ]


def _between(edges: Sequence[Edge], lead: dict[NodeKey, NodeKey]) -> Iterator[Edge]:
    for edge in edges:
        yield replace(edge, source=lead[edge.source], target=lead[edge.target])


def _box(group: Sequence[Node]) -> Box:
    node, word = group[0], WORDS[group[0].kind]
    state: NodeState = "missing" if node.faults else node.state
    mark = mark_of(node.state, broken=bool(node.faults))
    faults = tuple(line for fault in node.faults for line in _lines(fault))
    if len(group) == 1:
        return Box(word, tuple(_lines(node.name)), faults, state, mark)
    names = [_shown(one.name) for one in group[: _MANY - 1]]
    title = f"{len(group)} {word[:-1]}ies" if word.endswith("y") else f"{len(group)} {word}s"
    return Box(title, (*names, f"and {len(group) - len(names)} more"), faults, state, mark)


def _lines(text: str) -> Iterator[str]:
    """A text in lines that fit into a box, broken after a word or a part of a name or path."""
    line = ""
    for part in _PART.findall(escaped(text)) or [""]:
        if line and cell_len(line + part.rstrip(" ")) > _WIDTH:
            yield line
            line = ""
        *whole, line = broken(line + part, _WIDTH)
        yield from whole
    yield line


def _shown(label: str) -> str:
    """A text in one line, cut if it does not fit."""
    pieces = broken(escaped(label), _WIDTH)
    return (
        pieces[0] if len(pieces) == 1 else broken(pieces[0], _WIDTH - len(ELLIPSIS))[0] + ELLIPSIS
    )


def _placed(boxes: dict[NodeKey, Box], edges: Sequence[Edge]) -> dict[NodeKey, Box]:
    """The boxes with their places: connected boxes are together, one group below the other."""
    xs = _places_of_columns(boxes, edges)
    placed: dict[NodeKey, Box] = {}
    top = float(_MARGIN)
    for keys in _connected(boxes, edges):
        part = _Part({key: boxes[key] for key in keys}, edges, xs, top)
        placed |= part.placed
        top = max(placed[key].y + placed[key].height for key in keys) + 2 * _GAP
    return {key: placed[key] for key in boxes}


def _places_of_columns(boxes: dict[NodeKey, Box], edges: Sequence[Edge]) -> dict[int, float]:
    """Column -> the x of its left side. Between two columns there is room for the labels of
    arrows."""
    labels: dict[int, int] = defaultdict(int)
    for edge in edges:
        column = _COLUMNS[edge.source[0]]
        labels[column] = max(labels[column], cell_len(_shown(edge.label)))
    xs: dict[int, float] = {}
    x = float(_MARGIN)
    for column in sorted({_COLUMNS[key[0]] for key in boxes}):
        xs[column] = round(x, 1)
        x += _BOX + max(_SPACE, labels[column] * CHARACTER + 2 * PADDING)
    return xs


def _connected(boxes: dict[NodeKey, Box], edges: Sequence[Edge]) -> Iterator[list[NodeKey]]:
    """The keys in groups: no arrow connects boxes of different groups."""
    beside: dict[NodeKey, list[NodeKey]] = defaultdict(list)
    for edge in edges:
        beside[edge.source].append(edge.target)
        beside[edge.target].append(edge.source)
    seen: set[NodeKey] = set()
    for key in boxes:
        found, left = [], [key]
        while left:
            one = left.pop()
            if one not in seen:
                seen.add(one)
                found.append(one)
                left += beside[one]
        if found:
            yield [one for one in boxes if one in set(found)]


class _Part:
    """Places connected boxes: from left to right, each column beside the boxes that refer to it,
    and then from right to left, in the same order, beside the boxes that it refers to. ``placed``:
    the result."""

    def __init__(
        self,
        boxes: dict[NodeKey, Box],
        edges: Sequence[Edge],
        xs: dict[int, float],
        top: float,
    ) -> None:
        self.placed: dict[NodeKey, Box] = {}
        self._top = top
        sources, targets = defaultdict(list), defaultdict(list)
        for edge in edges:
            sources[edge.target].append(edge.source)
            targets[edge.source].append(edge.target)
        columns: dict[int, list[NodeKey]] = defaultdict(list)
        for key in boxes:
            columns[_COLUMNS[key[0]]].append(key)
        for column in sorted(columns):
            heights = {key: self._mean(sources[key]) for key in columns[column]}
            columns[column].sort(key=lambda key: heights[key] or 0.0)
            self._stack(columns[column], boxes, heights, xs[column])
        for column in sorted(columns, reverse=True):
            # Boxes that others refer to as well are ignored, so that they do not pull these apart.
            own = {
                key: [t for t in targets[key] if len(sources[t]) == 1] for key in columns[column]
            }
            heights = {key: self._mean(own[key]) for key in columns[column]}
            self._stack(columns[column], self.placed, heights, xs[column])

    def _mean(self, keys: Sequence[NodeKey]) -> float | None:
        """The mean height of the boxes of these keys; None: none of them is placed."""
        found = [self.placed[key].middle for key in keys if key in self.placed]
        return sum(found) / len(found) if found else None

    def _stack(
        self,
        column: Sequence[NodeKey],
        boxes: dict[NodeKey, Box],
        heights: dict[NodeKey, float | None],
        x: float,
    ) -> None:
        """Places a column's boxes one below the other, as near to these heights as there is
        room."""
        bottom = self._top
        for key in column:
            box, middle = boxes[key], heights[key]
            wanted = box.y if middle is None else middle - box.height / 2
            self.placed[key] = replace(box, x=x, y=round(max(bottom, wanted), 1))
            bottom = self.placed[key].y + box.height + _GAP
