"""The fields that earlier runs have written as secrets, found by the address of an action. Pure.

They stay hidden for good: also where a manifest no longer calls them secrets, or declares them
``null``.
"""

from collections.abc import Iterable

from reconciler.kinds.fields import FieldPath, from_pointer
from reconciler.kinds.manifest_kind import OBJECT
from reconciler.kinds.manifests import kind_named


class KnownSecrets:
    """``fields``: the address and the JSON Pointer of each field."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._paths: dict[tuple[str, str], list[FieldPath]] = {}
        for address, path in sorted(fields):
            self._paths.setdefault(_key(address), []).append(from_pointer(path))

    def of(self, address: str) -> tuple[FieldPath, ...]:
        """The paths of the secrets of an object."""
        return tuple(dict.fromkeys(self._paths.get(_key(address), ())))


def _key(address: str) -> tuple[str, str]:
    """What tells objects apart: type and name. One object may have several addresses: with and
    without its tenant, and by the kind of its manifest or, in an undo, by its type."""
    first, _, rest = address.partition("/")
    kind = first.rpartition(":")[2]
    if kind == OBJECT:
        kind, _, rest = rest.partition("/")
    known = kind_named(kind)
    return known.type if known and known.type else kind, rest.rpartition("/")[2]
