"""A manifest with its ``${…}`` filled in, and the position that each value came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.manifest.documents import Manifest
from reconciler.manifest.interpolate import Interpolation


@dataclass
class Expanded:
    """The data of a manifest, or of part of it, after interpolation.

    ``positions`` and ``variables`` are keyed by the path after interpolation: where the
    value is written, and which variables went into it or into a key above it. ``bundled``:
    the manifest comes with the package.
    """

    kind: ManifestKind
    problems: list[Diagnostic]
    bundled: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    positions: dict[FieldPath, Position] = field(default_factory=dict)
    variables: dict[FieldPath, frozenset[str]] = field(default_factory=dict)

    def at(self, path: FieldPath) -> Position:
        """The position of the value at ``path``, or of its nearest ancestor that has one."""
        while path not in self.positions:
            path = path[:-1]
        return self.positions[path]

    def report(self, path: FieldPath, summary: str, hint: str = "") -> None:
        """Reports a problem with the value at ``path``."""
        self.problems.append(Diagnostic(summary, self.at(path), hint))


def expand(manifest: Manifest, parts: tuple[str, ...], interpolation: Interpolation) -> Expanded:
    """Interpolates those of the top-level ``parts`` that the manifest has."""
    result = Expanded(
        manifest.kind,
        interpolation.problems,
        manifest.bundled,
        positions={(): manifest.at()},
    )
    walker = _Walker(manifest, interpolation, result)
    for part in parts:
        if part in manifest.data:
            result.data[part] = walker.value(manifest.data[part], (part,), (part,), frozenset())
    return result


@dataclass
class _Walker:
    manifest: Manifest
    interpolation: Interpolation
    result: Expanded

    def value(self, data: Any, written: FieldPath, path: FieldPath, used: frozenset[str]) -> Any:
        """``written`` is the path in the file, ``path`` the path after interpolation, and
        ``used`` the variables in it."""
        position = self.manifest.at(written)
        self.result.positions[path] = position
        if isinstance(data, Mapping):
            return self._mapping(data, written, path, used)
        if isinstance(data, list):
            return [
                self.value(item, (*written, str(i)), (*path, str(i)), used)
                for i, item in enumerate(data)
            ]
        if isinstance(data, str):
            text = self.interpolation.text(data, position)
            self.result.variables[path] = used | text.variables
            return text.value
        self.result.variables[path] = used
        return data

    def _mapping(
        self, data: Mapping[str, Any], written: FieldPath, path: FieldPath, used: frozenset[str]
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in data.items():
            position = self.manifest.at((*written, key))
            text = self.interpolation.text(key, position)
            if text.value in result:
                summary = f"duplicate key {text.value!r} after its variables are filled in"
                self.interpolation.problems.append(Diagnostic(summary, position))
            inner = (*path, text.value)
            result[text.value] = self.value(value, (*written, key), inner, used | text.variables)
        return result
