"""A manifest with its ``${…}`` filled in, and the position that each value came from."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.manifest.documents import MARK, Manifest
from reconciler.manifest.interpolate import Interpolation


class Expanded(Struct):
    """The data of a manifest, or of part of it, after interpolation.

    ``renamed`` and ``variables`` are keyed by the path after interpolation. ``renamed``: the path
    in the file of a value whose own key contained a variable; ``variables``: which variables were
    used in a value or in a key above it, if any.
    """

    manifest: Manifest
    problems: list[Diagnostic]
    data: dict[str, Any] = field(default_factory=dict)
    renamed: dict[FieldPath, FieldPath] = field(default_factory=dict)
    variables: dict[FieldPath, frozenset[str]] = field(default_factory=dict)

    @property
    def kind(self) -> ManifestKind:
        return self.manifest.kind

    @property
    def metadata(self) -> dict[str, Any]:
        """The content of ``metadata``."""
        found: dict[str, Any] = self.data.get("metadata", {})
        return found

    @property
    def bundled(self) -> bool:
        """Whether the manifest comes with the package."""
        return self.manifest.bundled

    def at(self, path: FieldPath) -> Position:
        """The position of the value at ``path``, or of its nearest ancestor that has one."""
        if not self.renamed:
            return self.manifest.at(path)
        written: FieldPath = ()
        for length, part in enumerate(path, 1):
            written = self.renamed.get(path[:length], (*written, part))
        return self.manifest.at(written)

    def report(self, path: FieldPath, summary: str, hint: str = "") -> None:
        """Reports a problem with the value at ``path``."""
        self.problems.append(Diagnostic(summary, self.at(path), hint))


def expand(manifest: Manifest, parts: tuple[str, ...], interpolation: Interpolation) -> Expanded:
    """Interpolates those of the top-level ``parts`` that the manifest has."""
    result = Expanded(manifest, interpolation.problems)
    data = manifest.data
    result.data = {part: data[part] for part in parts if part in data}
    if manifest.has_variables:
        walker = _Walker(manifest, interpolation, result)
        for part, value in result.data.items():
            result.data[part] = walker.value(value, (part,), (part,), frozenset())
    return result


class _Walker(Struct):
    manifest: Manifest
    interpolation: Interpolation
    result: Expanded

    def value(self, data: Any, written: FieldPath, path: FieldPath, used: frozenset[str]) -> Any:
        """Interpolates a value. ``written`` is its path in the file, ``path`` its path after
        interpolation, and ``used`` gets the variables in it."""
        if isinstance(data, dict):
            return self._mapping(data, written, path, used)
        if isinstance(data, list):
            return [
                self.value(item, (*written, str(i)), (*path, str(i)), used)
                for i, item in enumerate(data)
            ]
        if isinstance(data, str) and MARK in data:
            text = self.interpolation.text(data, self.manifest.at(written))
            data, used = text.value, used | text.variables
        if used:
            self.result.variables[path] = used
        return data

    def _mapping(
        self, data: Mapping[str, Any], written: FieldPath, path: FieldPath, used: frozenset[str]
    ) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in data.items():
            place, name, within = (*written, key), key, used
            if MARK in key:
                text = self.interpolation.text(key, self.manifest.at(place))
                name, within = text.value, used | text.variables
            if name in result:
                summary = f"duplicate key {name!r} after its variables are filled in"
                self.interpolation.problems.append(Diagnostic(summary, self.manifest.at(place)))
            inner = (*path, name)
            if name != key:
                self.result.renamed[inner] = place
            else:
                self.result.renamed.pop(inner, None)
            result[name] = self.value(value, place, inner, within)
        return result
