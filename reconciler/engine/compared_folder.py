"""A folder of manifests as ``gwe export`` writes them, to be compared with something else.

Only exports can be compared: other manifests say what should be and who owns it, and a plan
compares them with a server.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.compare.sides import variables_of
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError
from reconciler.export.selection import ExportRequest
from reconciler.export.values import PARAMETERS
from reconciler.kinds.fields import FieldPath
from reconciler.manifest.documents import Manifest
from reconciler.manifest.load import load_manifests
from reconciler.text.wildcards import matches
from reconciler.yaml.documents import as_text

_WORDS = frozenset({"apiVersion", "kind", "metadata", "target", "spec"})
_ADVICE = (
    "gwe compare reads manifests as gwe export writes them. gwe drift compares a server with"
    " manifests of any form."
)


class ExportFolder(Struct, frozen=True):
    """The manifests in ``path``. ``variables``: each variable that they declare -> its default."""

    path: Path
    manifests: Sequence[Manifest]
    variables: Mapping[str, str]

    @classmethod
    def load(cls, path: Path) -> "ExportFolder":
        """Reads a folder or a file. ManifestError for a file that is no manifest, and for manifests
        that are no export."""
        loaded = load_manifests([path]).manifests
        problems = [problem for one in loaded for problem in _problems(one)]
        if problems:
            raise ManifestError(problems)
        declaring = [one.data for one in loaded if one.kind.binding == "variables"]
        others = [one for one in loaded if one.kind.binding != "variables"]
        return cls(path, others, variables_of(declaring))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Which values became variables in the export; see ``PARAMETERS``."""
        return tuple(
            name
            for name, value in PARAMETERS.items()
            if self.variables.get(name) == f"${{site.{value}}}"
        )

    def chosen(self, request: ExportRequest) -> Iterator[Manifest]:
        """The manifests of the objects that a request chooses."""
        for one in self.manifests:
            if not request.whole_tenant or (
                one.kind.binding == "object"
                and (not request.kinds or one.kind.name in request.kinds)
                and (not request.names or matches(_name(one), request.names))
            ):
                yield one


def _name(manifest: Manifest) -> str:
    *_, word = manifest.kind.key
    return as_text(manifest.data["metadata"][word])


def _problems(manifest: Manifest) -> Iterator[Diagnostic]:
    if manifest.kind.binding == "file":
        summary = "launch files are not part of what is compared"
        yield Diagnostic(summary, manifest.at(("kind",)), _ADVICE, rule="manifest-values")
        return
    places: list[FieldPath] = [(word,) for word in manifest.data if word not in _WORDS]
    places += [("metadata", "formerly")] if "formerly" in manifest.data["metadata"] else []
    for place in places:
        summary = f"{place[-1]} says what should become of an object, which cannot be compared"
        yield Diagnostic(summary, manifest.at(place), _ADVICE, rule="manifest-values")
