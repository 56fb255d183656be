"""The canonical order of the keys in a manifest: the order in which exports write them. Pure."""

from collections.abc import Mapping, Sequence
from functools import cache

from reconciler.kinds.manifest_kind import BLOCKS, ManifestKind
from reconciler.kinds.manifests import TYPED_KINDS, kind_named
from reconciler.kinds.schema.manifests import kind_schema
from reconciler.manifest.formatting.tree import Collection, Entry, Leaf, Page

_TOP = ("apiVersion", "kind", "metadata", "target", "ensure", *BLOCKS, "policy")
_VARIABLE = ("description", "default")


def sort_keys(page: Page) -> None:
    """Sorts the keys of a document whose order the program knows. All others stay as they are:
    sections, options and variables, and lists. So does a document with anchors."""
    if page.root is None or not page.root.mapping or page.has_anchors:
        return
    _sort(page.root, _TOP)
    kind = _kind(page.root)
    if kind is None:
        return
    for word, order in _orders(kind.name).items():
        _sort(_below(page.root, word), order)
    if kind.binding == "variables":
        spec = _below(page.root, "spec")
        for entry in spec.entries if isinstance(spec, Collection) else ():
            _sort(entry.value, _VARIABLE)


@cache
def _orders(kind_name: str) -> Mapping[str, Sequence[str]]:
    """Key of a manifest -> the order of the keys below it."""
    kind = kind_named(kind_name)
    properties = kind_schema(kind)["properties"] if kind else {}
    return {
        word: tuple(properties[word].get("properties", ()))
        for word in ("metadata", *BLOCKS, "policy")
        if word in properties
    }


def _kind(root: Collection) -> ManifestKind | None:
    """The kind of a manifest; None if it names no known kind."""
    name = _text(_below(root, "kind"))
    if name not in TYPED_KINDS:
        return kind_named(name)
    metadata = _below(root, "metadata")
    inner = _below(metadata, "type") if isinstance(metadata, Collection) else None
    return kind_named(f"{name}/{_text(inner)}")


def _text(value: Leaf | Collection | None) -> str:
    return value.value if isinstance(value, Leaf) else ""


def _below(collection: Collection, word: str) -> Leaf | Collection | None:
    return next((one.value for one in collection.entries if _name(one) == word), None)


def _sort(value: Leaf | Collection | None, order: Sequence[str]) -> None:
    if not isinstance(value, Collection) or not value.mapping:
        return
    ranks = {word: rank for rank, word in enumerate(order)}
    value.entries.sort(key=lambda one: ranks.get(_name(one), len(ranks)))


def _name(entry: Entry) -> str:
    return entry.key.value if entry.key else ""
