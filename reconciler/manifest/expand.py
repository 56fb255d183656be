"""One manifest with its ``${…}`` filled in, and where each value then stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.fields import FieldPath
from reconciler.manifest.documents import Manifest
from reconciler.manifest.interpolate import Interpolation


@dataclass
class Expanded:
    """The data of (a part of) a manifest after interpolation.

    ``places`` and ``variables`` are by the path after interpolation: where the value
    is written, and the variables that it, or a key on the way to it, was made of.
    """

    data: dict[str, Any]
    places: dict[FieldPath, Position] = field(default_factory=dict)
    variables: dict[FieldPath, frozenset[str]] = field(default_factory=dict)

    def at(self, path: FieldPath) -> Position:
        while path not in self.places:
            path = path[:-1]
        return self.places[path]


def expand(manifest: Manifest, parts: tuple[str, ...], interpolation: Interpolation) -> Expanded:
    """Interpolates the top-level ``parts`` of a manifest that it has."""
    result = Expanded({}, {(): manifest.at()})
    for part in parts:
        if part in manifest.data:
            walker = _Walker(manifest, interpolation, result)
            result.data[part] = walker.value(manifest.data[part], (part,), (part,), frozenset())
    return result


@dataclass
class _Walker:
    manifest: Manifest
    interpolation: Interpolation
    result: Expanded

    def value(self, data: Any, written: FieldPath, path: FieldPath, used: frozenset[str]) -> Any:
        """``written`` is the path in the file, ``path`` the one after interpolation."""
        place = self.manifest.at(written)
        self.result.places[path] = place
        if isinstance(data, Mapping):
            return self._mapping(data, written, path, used)
        if isinstance(data, list):
            return [
                self.value(one, (*written, str(i)), (*path, str(i)), used)
                for i, one in enumerate(data)
            ]
        if isinstance(data, str):
            text = self.interpolation.text(data, place)
            self.result.variables[path] = used | text.variables
            return text.value
        self.result.variables[path] = used
        return data

    def _mapping(
        self, data: Mapping[str, Any], written: FieldPath, path: FieldPath, used: frozenset[str]
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, one in data.items():
            place = self.manifest.at((*written, key))
            text = self.interpolation.text(key, place)
            if text.value in result:
                self.interpolation.problems.append(
                    Diagnostic(f"two keys become {text.value!r}", place)
                )
            inner = self.value(one, (*written, key), (*path, text.value), used | text.variables)
            result[text.value] = inner
        return result
