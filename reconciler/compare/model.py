"""A side of a comparison, and what a comparison finds. Plain values."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from reconciler.export.model import Omission
from reconciler.kinds.fields import FieldPath, Value
from reconciler.plan.changes import Change

Found = Literal["only-in-a", "only-in-b", "differs"]


class SideMark(Struct, frozen=True):
    """What a side is, for people to read. ``name``: what the user called it; ``source``: the URL or
    folder of that name. The other fields are empty for a folder. ``version``: the release of
    Configuration Server; ``app``, ``tenant``: of the site."""

    name: str
    source: str
    version: str = ""
    app: str = ""
    tenant: str = ""


class SideObject(Struct, frozen=True):
    """One object as manifests describe it: ``fields`` has natural names instead of DBIDs, and no
    values that a new object has anyway. ``role``: for the options of all applications with this
    role; ``application``: for the options of one application."""

    address: str
    kind: str
    fields: Mapping[FieldPath, Value]
    role: str = ""
    application: str = ""


class ComparedSide(Struct, frozen=True):
    """One side. ``objects``: by address. ``omissions``: what could not be read of them. ``unsaid``:
    what an export would leave out of its manifests; with an empty path, the whole object.
    ``roles``: name of an application -> its role, as far as known."""

    mark: SideMark
    objects: Mapping[str, SideObject]
    omissions: tuple[Omission, ...] = ()
    unsaid: tuple[Omission, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)


class Uncompared(Struct, frozen=True, order=True):
    """Something that could not be compared. ``side``: the name of the side that does not show it;
    ``path``: that of the field, empty for the whole object; ``reason``: a clause."""

    side: str
    reason: str
    address: str
    path: FieldPath = ()


class ObjectDifference(Struct, frozen=True):
    """One object that is not on both sides, or not the same. ``address_b``: its address in B, empty
    if that is ``address``. ``changes``: ``before`` is the value of A, ``after`` that of B.
    ``remark``: a clause with what else a reader must know."""

    address: str
    kind: str
    found: Found
    changes: tuple[Change, ...] = ()
    address_b: str = ""
    remark: str = ""


class Comparison(Struct, frozen=True):
    """What a comparison of A and B found. ``equal``: how many objects are the same on both;
    ``ignored``: how many differences the mapping ignores; ``notices``: sentences."""

    a: SideMark
    b: SideMark
    differences: tuple[ObjectDifference, ...] = ()
    equal: int = 0
    ignored: int = 0
    uncompared: tuple[Uncompared, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing was found to differ."""
        return not self.differences

    def count(self, found: Found) -> int:
        """How many objects have this result."""
        return sum(one.found == found for one in self.differences)
