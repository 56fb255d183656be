"""Makes files of documents: a file for each kind, in an order that does not depend on the server.
Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.export.model import Document
from reconciler.files.reading import MAX_BYTES
from reconciler.kinds.manifest_kind import API_VERSION
from reconciler.kinds.manifests import kind_order
from reconciler.text.yaml import yaml_text
from reconciler.yaml.construction import MAX_NODES

VARIABLES_FILE = "variables.yaml"
_SEPARATOR = "---\n"
_MOST_NODES = MAX_NODES * 9 // 10
_MOST_BYTES = MAX_BYTES * 9 // 10


def in_order(documents: Iterable[Document]) -> list[Document]:
    """The documents, sorted by kind, tenant and name."""
    return sorted(documents, key=lambda one: (kind_order(one.kind.name), one.kind.name, one.order))


def files_of(
    documents: Iterable[Document], variables: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Name -> text. ``variables``: a document with the variables that the others use."""
    files = {VARIABLES_FILE: yaml_text(variables)} if variables else {}
    by_kind: dict[str, list[Document]] = {}
    for one in in_order(documents):
        by_kind.setdefault(one.kind.name, []).append(one)
    for kind, of_kind in by_kind.items():
        for number, text in enumerate(_texts(of_kind), 1):
            files[f"{file_name(kind)}{f'-{number}' if number > 1 else ''}.yaml"] = text
    return files


def file_name(kind: str) -> str:
    """The name of a kind's file: InteractionQueue -> interaction-queue."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", kind)
    return "-".join(words).lower()


def _texts(documents: Iterable[Document]) -> Iterator[str]:
    """The texts of the files for documents of one kind: several, if a single file would be larger
    than a file of manifests may be."""
    texts: list[str] = []
    nodes = size = 0
    for one in documents:
        text, more = one.text, _count(one.data)
        if texts and (nodes + more > _MOST_NODES or size + len(text.encode()) > _MOST_BYTES):
            yield _SEPARATOR.join(texts)
            texts, nodes, size = [], 0, 0
        texts.append(text)
        nodes, size = nodes + more, size + len(text.encode())
    yield _SEPARATOR.join(texts)


def _count(data: Any) -> int:
    """The keys and values in a document."""
    if isinstance(data, Mapping):
        return 1 + sum(1 + _count(value) for value in data.values())
    return 1 + sum(map(_count, data)) if isinstance(data, list) else 1


def variables_document(variables: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, Any]:
    """The manifest that declares the variables of an export. ``variables``: variable -> the text
    that it stands for; ``sources``: variable -> the value of the site that is its default."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Variables",
        "metadata": {"name": "export"},
        "spec": {
            name: {
                "description": f"In place of {text}, where it was exported.",
                "default": f"${{site.{sources[name]}}}",
            }
            for name, text in variables.items()
        },
    }
