"""The fields that earlier runs have written as secrets. Pure.

They stay hidden for good, even if a manifest no longer calls them secrets or declares them
``null``. An object is found by its address or by its type and DBID: it may have been renamed, or
deleted and created again.
"""

from collections.abc import Iterable

from msgspec import Struct

from reconciler.kinds.fields import FieldPath, from_pointer
from reconciler.kinds.manifests import TYPED_KINDS, kind_named


class KnownSecret(Struct, frozen=True, order=True):
    """A secret field of the object with this address, or this type and DBID, or both. ``path``: a
    JSON Pointer; an unknown ``address`` is empty, an unknown ``dbid`` 0."""

    address: str
    path: str
    object_type: str = ""
    dbid: int = 0


class KnownSecrets:
    """The secrets of all objects of a server."""

    def __init__(self, fields: Iterable[KnownSecret] = ()) -> None:
        self._paths: dict[tuple[str, str | int], list[FieldPath]] = {}
        for one in sorted(fields):
            for key in _keys(one.address, one.object_type, one.dbid):
                self._paths.setdefault(key, []).append(from_pointer(one.path))

    def of(self, address: str, object_type: str, dbid: int) -> tuple[FieldPath, ...]:
        """The paths of the secrets of an object. ``dbid``: 0 where it is not known."""
        if not self._paths:
            return ()
        keys = _keys(address, object_type, dbid)
        return tuple(dict.fromkeys(path for key in keys for path in self._paths.get(key, ())))


def _keys(address: str, object_type: str, dbid: int) -> list[tuple[str, str | int]]:
    by_name = [_key(address)] if address else []
    return [*by_name, (object_type, dbid)] if dbid else by_name


def _key(address: str) -> tuple[str, str | int]:
    """The type and name in an address. Addresses of the same object can differ in the rest: with or
    without the tenant, with the kind of its manifest or, in an undo, its type."""
    first, _, rest = address.partition("/")
    kind = first.rpartition(":")[2]
    if kind in TYPED_KINDS:
        inner, _, rest = rest.partition("/")
        kind = f"{kind}/{inner}"
    known = kind_named(kind)
    return known.type if known and known.type else kind, rest.rpartition("/")[2]
