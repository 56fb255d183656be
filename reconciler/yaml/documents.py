"""What was read from YAML, with the position of every value. It does not know how YAML is read.

``strict`` makes documents from texts, ``manifest/documents.py`` also from what a cache has kept.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Raw, Struct, json

from reconciler.diagnostics import Position
from reconciler.kinds.fields import FieldPath

Place = tuple[int, int]
"""Line and column, which count from 0."""
Places = Any
"""The places of the values below a value. For a mapping: {key: [line, column, the ``Places`` below
the key's value]}; for a list: the same for each item, by its number as a text; for a scalar: None.
It consists of JSON types, so that it can be cached."""


class RefusedText(str):
    """Takes the place of a value that was reported as a mistake, so that it is not reported
    again."""


class YamlDocument(Struct, frozen=True, dict=True):
    """One document: its content, the name and path of the file that it was read from, and where
    it stands there. ``path`` is None for a text. Most positions are never asked for: they
    are made of ``place`` and ``places`` when they are.

    ``content``: the data and its ``Places``, or both as JSON, which is decoded when they are asked
    for."""

    content: tuple[Any, Places] | Raw
    name: str
    place: Place
    path: Path | None = None

    @property
    def data(self) -> Any:
        """What it says."""
        held = self.content
        return held[0] if isinstance(held, tuple) else self._decoded[0]

    @property
    def places(self) -> Places:
        """Where the values below it stand."""
        held = self.content
        return held[1] if isinstance(held, tuple) else self._decoded[1]

    @cached_property
    def _decoded(self) -> tuple[Any, Places]:
        held = self.content
        return held if isinstance(held, tuple) else json.decode(held, type=tuple[Any, Any])

    @property
    def position(self) -> Position:
        line, column = self.place
        return Position(self.name, line + 1, column + 1)

    def at(self, path: FieldPath) -> Position:
        """The position of the value at ``path``, or of its nearest ancestor that has one. The
        position of a value in a mapping is that of its key."""
        (line, column), places = self.place, self.places
        for part in path:
            if not places or part not in places:
                break
            line, column, places = places[part]
        return Position(self.name, line + 1, column + 1)


def as_text(value: str | int | bool) -> str:
    """The characters that a scalar was written with."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
