"""The parts of an export, and what it leaves out. Plain values."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.environment import CREDENTIALS
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifest_kind import API_VERSION, EXACT, ManifestKind
from reconciler.text.yaml import yaml_text


class Omission(Struct, frozen=True, order=True):
    """Something that is not in the manifests as it is on the server. ``address``: that of its
    object; ``path``: that of its field, empty for the whole object; ``reason``: a clause."""

    address: str
    path: FieldPath
    reason: str


class SecretVariable(Struct, frozen=True):
    """An environment variable that must be set before the manifests are planned.
    ``address``, ``path``: the field that gets its value."""

    name: str
    address: str
    path: FieldPath


class Document(Struct, frozen=True, dict=True):
    """A manifest as data. ``address``: that of its object, or its own if it declares options in
    applications. ``order``: its place among the documents of its kind."""

    kind: ManifestKind
    address: str
    order: tuple[str, ...]
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]
    target: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        """The manifest, in the order in which people read it."""
        head = {"apiVersion": API_VERSION, "kind": self.kind.heading, "metadata": self.metadata}
        target = {"target": self.target} if self.target else {}
        return {**head, **target, **({"spec": self.spec} if self.spec else {})}

    @cached_property
    def text(self) -> str:
        """The manifest as YAML."""
        return yaml_text(self.data)

    @property
    def is_exact(self) -> bool:
        """Whether it says that its names are meant exactly as written."""
        return bool(self.metadata.get(EXACT))

    def exactly(self) -> "Document":
        """The document, changed to say that its names are meant exactly as written."""
        return replace(self, metadata={**self.metadata, EXACT: True})

    def inexactly(self) -> "Document":
        """The document without ``exact``."""
        kept = {word: value for word, value in self.metadata.items() if word != EXACT}
        return replace(self, metadata=kept)

    def without(self, path: FieldPath) -> "Document":
        """The document without the value at a path below ``spec``, and without collections that are
        then empty."""
        return replace(self, spec=_without(self.spec, path) or {})


def _without(data: Any, path: FieldPath) -> Any:
    """Data without the value at a path, and without collections that are then empty."""
    if not path:
        return None
    first, *rest = path
    if isinstance(data, Mapping):
        inner = {
            key: _without(one, tuple(rest)) if key == first else one for key, one in data.items()
        }
        return {key: one for key, one in inner.items() if key != first or one}
    if isinstance(data, list):
        items = [
            _without(one, tuple(rest)) if str(at) == first else one for at, one in enumerate(data)
        ]
        return [one for at, one in enumerate(items) if str(at) != first or one]
    return data


class Export(Struct, frozen=True):
    """Manifests of live objects. ``files``: name -> text. ``omissions``: what they leave out;
    ``secrets``: the environment variables that they need; ``objects``: how many they declare."""

    files: Mapping[str, str]
    objects: int = 0
    omissions: tuple[Omission, ...] = ()
    secrets: tuple[SecretVariable, ...] = ()


class SecretSources:
    """Gives each secret an environment variable, and remembers its value for the proof."""

    def __init__(self) -> None:
        self.variables: list[SecretVariable] = []
        self.values: dict[str, str] = {}

    def source(self, address: str, name: str, path: FieldPath, value: str) -> str:
        """The source of a secret: ``env.NAME``. ``name``: of its object."""
        parts = (name, *(path[1:] or path))
        words = [re.sub(r"[^A-Z0-9]+", "_", part.upper()).strip("_") for part in parts]
        base = "_".join(filter(None, words)) or "SECRET"
        if not base[0].isalpha() or base.startswith("GWE_") or base in CREDENTIALS:
            base = f"SECRET_{base}"
        variable, number = base, 2
        while variable in self.values:
            variable, number = f"{base}_{number}", number + 1
        self.values[variable] = value
        self.variables.append(SecretVariable(variable, address, path))
        return f"env.{variable}"
