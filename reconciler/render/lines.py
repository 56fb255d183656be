"""Lines with styles, and their width, independent of a terminal: ``console`` prints them."""

from collections.abc import Iterable

from msgspec import Struct, field

Styles = tuple[str, ...]
"""Styles that hold for a text, the outermost first."""


def cell_len(text: str) -> int:
    """The columns that a text has on a terminal: a CJK letter has two."""
    if text.isascii() and text.isprintable():
        return len(text)
    from rich import cells  # noqa: PLC0415 - few texts need it

    return cells.cell_len(text)


class StyledLine(Struct):
    """One line: texts with their styles, and the style of the whole line. ``plain``: its text
    without them."""

    style: str = ""
    parts: list[tuple[str, Styles]] = field(default_factory=list)
    plain: str = ""

    @property
    def cell_len(self) -> int:
        return cell_len(self.plain)

    def append(self, text: str, style: str) -> None:
        """Adds a text at the end."""
        self._add(text, (style,) if style else ())

    def _add(self, text: str, styles: Styles) -> None:
        if text:
            self.parts.append((text, styles))
            self.plain += text

    def append_line(self, other: "StyledLine") -> "StyledLine":
        """Adds another line at the end. Returns this line."""
        outer = (other.style,) if other.style else ()
        self.parts += [(text, outer + styles) for text, styles in other.parts]
        self.plain += other.plain
        return self

    def without_end_blanks(self) -> "StyledLine":
        """The line without the blanks at its end."""
        kept = len(self.plain.rstrip(" "))
        return self.divide([kept])[0]

    def divide(self, lengths: Iterable[int]) -> "list[StyledLine]":
        """The line cut into lines of so many characters, and the rest."""
        made: list[StyledLine] = []
        left = list(reversed(self.parts))
        for length in lengths:
            piece = StyledLine(self.style)
            while length > 0 and left:
                text, styles = left.pop()
                piece._add(text[:length], styles)
                if len(text) > length:
                    left.append((text[length:], styles))
                length -= len(text)  # noqa: PLW2901 - what is still to be cut off
            made.append(piece)
        rest = StyledLine(self.style)
        for text, styles in reversed(left):
            rest._add(text, styles)
        return [*made, rest]
