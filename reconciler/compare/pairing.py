"""Which object of one side is compared with which of the other. Pure.

Objects are paired by their addresses, with the mapping applied. Options in applications are paired
by role if all applications of a role have the same options on both sides, else by application.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.compare.mapping import EnvironmentMapping, SideMapping
from reconciler.compare.model import ComparedSide, SideObject
from reconciler.export.model import Omission
from reconciler.kinds.fields import FieldPath, SecretText, Value


class ComparedField(Struct, frozen=True):
    """A field: its path and its value as its side has them, and the value as it is compared."""

    path: FieldPath
    value: Value
    compared: Value


class HiddenField(Struct, frozen=True):
    """A field that a side does not show, or that no manifest can declare: its path there, the path
    with the mapping applied, and why."""

    path: FieldPath
    compared_path: FieldPath
    reason: str


class ComparedObject(Struct, frozen=True):
    """An object of a side. ``fields``: by their paths with the mapping applied. ``hidden``:
    fields that the side does not show; ``unsaid``: fields that no manifest can declare. ``shared``:
    its options are those of each application of its role."""

    one: SideObject
    fields: Mapping[FieldPath, ComparedField]
    hidden: tuple[HiddenField, ...] = ()
    unsaid: tuple[HiddenField, ...] = ()
    shared: bool = False


def place_of(address: str, path: FieldPath = ()) -> str:
    """ADDRESS, or ADDRESS/FIELD, as patterns select it."""
    return "/".join((address, *path))


def compared_path(mapping: SideMapping, address: str, path: FieldPath) -> FieldPath:
    """A path with the mapping applied to the names in it."""
    if not path:
        return path
    word, *names = path
    place = place_of(address, path)
    return (word, *(mapping.compared(name, place) for name in names))


def compared_objects(side: ComparedSide, mapping: SideMapping) -> dict[str, ComparedObject]:
    """The objects of a side by their addresses with the mapping applied."""
    shown = {(address, path) for address, one in side.objects.items() for path in one.fields}
    hidden = _by_address(
        (one for one in side.omissions if (one.address, one.path) not in shown), mapping
    )
    unsaid = _by_address(side.unsaid, mapping)
    found: dict[str, ComparedObject] = {}
    for address, one in side.objects.items():
        key = name = mapping.compared(address, address)
        number = 2
        while key in found:  # the mapping gives two objects one name
            key, number = f"{name} ({number})", number + 1
        found[key] = ComparedObject(
            one,
            _fields(one, mapping),
            tuple(hidden.get(address, ())),
            tuple(unsaid.get(address, ())),
        )
    return found


def _by_address(
    omissions: Iterable[Omission], mapping: SideMapping
) -> Mapping[str, list[HiddenField]]:
    found: dict[str, list[HiddenField]] = {}
    for one in omissions:
        path = compared_path(mapping, one.address, one.path)
        found.setdefault(one.address, []).append(HiddenField(one.path, path, one.reason))
    return found


def missing_addresses(
    a: Mapping[str, str], b: Mapping[str, str], mapping: EnvironmentMapping
) -> tuple[dict[str, str], dict[str, str]]:
    """The addresses, with their kinds, that only B has, and those that only A has, with the mapping
    applied."""
    of_a, of_b = SideMapping(mapping, "a"), SideMapping(mapping, "b")
    ours = {of_a.compared(address, address): kind for address, kind in a.items()}
    theirs = {of_b.compared(address, address): kind for address, kind in b.items()}
    return (
        {address: kind for address, kind in theirs.items() if address not in ours},
        {address: kind for address, kind in ours.items() if address not in theirs},
    )


def _fields(one: SideObject, mapping: SideMapping) -> dict[FieldPath, ComparedField]:
    fields = {}
    for path, value in one.fields.items():
        place = place_of(one.address, path)
        is_text = isinstance(value, str) and not isinstance(value, SecretText)
        compared = mapping.compared(value, place) if is_text else value  # type: ignore[arg-type]
        key = compared_path(mapping, one.address, path)
        fields[key] = ComparedField(path, value, compared)
    return fields


def by_application(
    a: dict[str, ComparedObject], b: dict[str, ComparedObject], roles: Mapping[str, str]
) -> None:
    """If one side has the options of a role once for all its applications, and the other side for
    each application, the first side gets these options for each application too. ``roles``: name of
    an application -> its role, of both sides."""
    for one, other in ((a, b), (b, a)):
        for key, found in list(one.items()):
            role = found.one.role
            if not role or any(each.one.role == role for each in other.values()):
                continue
            members = [
                address
                for address, each in other.items()
                if each.one.application and roles.get(each.one.application) == role
            ]
            if members:
                del one[key]
            for address in members:
                own = replace(found.one, address=other[address].one.address)
                one[address] = replace(found, one=own, shared=True)
