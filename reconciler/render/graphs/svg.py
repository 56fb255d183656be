"""The chat path as a picture in SVG, by itself or as a part of a page."""

from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path

from reconciler.plan.chat.site_graph import SiteGraph
from reconciler.render.graphs.drawing import LINE, PADDING, Arrow, Box, drawing_of
from reconciler.text.visible import escaped


def graph_svg(graph: SiteGraph) -> str:
    """The graph as a separate file."""
    return picture(graph, f"<style>{style()}</style>")


@cache
def style() -> str:
    """The style sheet of pictures, for light and dark."""
    return (Path(__file__).parent / "picture.css").read_text(encoding="utf-8")


def picture(graph: SiteGraph, first: str = "") -> str:
    """The graph as an element of a page that has the style sheet. ``first``: the first content of
    the element."""
    return "\n".join(_elements(graph, first)) + "\n"


def _elements(graph: SiteGraph, first: str) -> Iterator[str]:
    drawing = drawing_of(graph)
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" class="chat-path" role="img"'
        f' aria-label="{escape(escaped(f"Chat path of {graph.app}"))}"'
        f' width="{drawing.width:g}" height="{drawing.height:g}"'
        f' viewBox="0 0 {drawing.width:g} {drawing.height:g}">{first}'
    )
    for arrow in drawing.arrows:
        yield from _arrow(arrow)
    for box in drawing.boxes:
        yield from _box(box)
    yield "</svg>"


def _arrow(arrow: Arrow) -> Iterator[str]:
    source, target = arrow.source, arrow.target
    x, y, to_x, to_y = source.x + source.width, source.middle, target.x, target.middle
    bend, end = max(24.0, (to_x - x) / 2), to_x - 6
    curve = f"{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {end:g} {to_y:g}"
    tip = f"{to_x:g},{to_y:g} {end - 1:g},{to_y - 3.5:g} {end - 1:g},{to_y + 3.5:g}"
    yield f'<g class="arrow {arrow.state}">'
    yield f'<path d="M{x:g} {y:g}C{curve}"/><polygon points="{tip}"/>'
    if arrow.label:
        middle = f'x="{(x + to_x) / 2:g}" y="{(y + to_y) / 2 - 4:g}"'
        yield f"<text {middle}>{escape(arrow.label)}</text>"
    yield "</g>"


def _box(box: Box) -> Iterator[str]:
    rows = [
        (f"{box.mark} {box.title}".lstrip(), "title"),
        *((line, "name") for line in box.lines),
        *((line, "fault") for line in box.faults),
    ]
    yield f'<g class="{box.state}">'
    place = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
    yield f'<rect {place} rx="3"/>'
    for number, (text, name) in enumerate(rows, 1):
        x, y = box.x + PADDING, box.y + PADDING + number * LINE - 4
        yield f'<text class="{name}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
    yield "</g>"
