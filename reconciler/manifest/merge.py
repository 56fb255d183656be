"""Checks manifests against each other. Each object and file belongs to one manifest;
several may declare options in one application, if they agree."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.names import alike_key, likeness
from reconciler.manifest.desired import (
    DesiredFile,
    DesiredObject,
    DesiredOptions,
    ManagedField,
)

_T = TypeVar("_T")


def report_same_objects(objects: Iterable[DesiredObject], problems: list[Diagnostic]) -> None:
    """Reports every object that more than one manifest declares, perhaps twice."""
    objects = list(objects)
    repeated = list(_repeated(objects, _identity))
    # Where no names are alike and none is meant exactly, no two are the same either.
    if repeated or any(one.exact for one in objects):
        repeated += _repeated(objects, lambda one: (one.kind.type, one.tenant, one.key))
    for desired, first in repeated:
        name = "" if first.address == desired.address else f"as {first.address} "
        summary = f"{desired.address} is declared twice, first {name}at {first.origin}"
        problems.append(Diagnostic(summary, desired.origin, _advice(desired, first)))


def report_former_names(objects: Sequence[DesiredObject], problems: list[Diagnostic]) -> None:
    """Reports every former name that cannot be used: it is the object's own name, another manifest
    declares an object of that name, or another manifest lists it as a former name too."""
    if not any(each.formerly for each in objects):
        return
    declared = {_identity(each): each for each in objects}
    former: dict[Hashable, DesiredObject] = {}
    for each in objects:
        for one in each.formerly:
            key = _identity(each.named(one.name))
            other = declared.get(key)
            says = "declares that name"
            if other is None:
                other = former.setdefault(key, each)
                says = "says the same of its object"
            if each.name == one.name:
                summary = f"formerly of {each.address} names {one.name!r}, its own name"
                hint = "Name what the object was called before, or remove formerly."
            elif other is not each:
                summary = (
                    f"{each.address} was formerly {one.name!r}, and {other.address} at"
                    f" {other.origin} {says}"
                )
                hint = "Remove one of the two: an object has one manifest."
            else:
                continue
            problems.append(Diagnostic(summary, one.origin, hint))


def _identity(desired: DesiredObject) -> Hashable:
    """What no two manifests may have in common: the name as written if it is meant exactly, else
    all names that look like it."""
    key = desired.key if desired.exact else tuple(map(alike_key, desired.key))
    return (desired.kind.type, desired.tenant, desired.exact, key)


def report_same_files(files: Iterable[DesiredFile], problems: list[Diagnostic]) -> None:
    """Reports every launch file that more than one manifest declares."""
    for desired, first in _repeated(files, lambda each: each.path):
        summary = f"{desired.path} is declared twice, first by {first.address} at {first.origin}"
        problems.append(Diagnostic(summary, desired.origin, "Move all values into one of them."))


def _repeated(items: Iterable[_T], key: Callable[[_T], Hashable]) -> Iterator[tuple[_T, _T]]:
    """Every item whose key an earlier item has, with the first such item."""
    first: dict[Hashable, _T] = {}
    for item in items:
        earlier = first.setdefault(key(item), item)
        if earlier is not item:
            yield item, earlier


def _advice(desired: DesiredObject, first: DesiredObject) -> str:
    if desired.name != first.name:
        return (
            f"The two names differ only in {likeness(desired.name, first.name)}: nobody can tell"
            " the objects apart. Remove one of them, or give it another name."
        )
    if desired.kind is not first.kind:
        return "The scripts of a tenant share one namespace, whatever their type."
    return "Remove one of them."


def merge_options(
    options: Sequence[DesiredOptions], problems: list[Diagnostic]
) -> list[DesiredOptions]:
    """Merges the options into one entry per application. Reports options that manifests declare
    differently, and sections that are declared both as a whole and by option."""
    by_application: dict[int, list[ManagedField]] = {}
    names: dict[int, str] = {}
    for entry in options:
        names[entry.dbid] = entry.name
        by_application.setdefault(entry.dbid, []).extend(entry.fields)
    return [
        DesiredOptions(dbid, names[dbid], tuple(_merged(names[dbid], fields, problems)))
        for dbid, fields in by_application.items()
    ]


def _merged(
    application: str, fields: Iterable[ManagedField], problems: list[Diagnostic]
) -> Iterable[ManagedField]:
    where = f" in {application}" if application else ""
    by_path: dict[FieldPath, ManagedField] = {}
    by_section: dict[str, ManagedField] = {}
    for field in fields:
        section, option = field.path[1], field.path[2]
        neighbour = by_section.setdefault(section, field)
        if neighbour.whole_section != field.whole_section:
            summary = (
                f"[{section}]{where} is declared under both options and sections,"
                f" first at {neighbour.origin}"
            )
            problems.append(Diagnostic(summary, field.origin, "Declare it under one of the two."))
            continue
        other = by_path.setdefault(field.path, field)
        same = neighbour if field.whole_section else other
        if type(same.ownership) is not type(field.ownership):
            what = f"[{section}]" if field.whole_section else f"{section}/{option}"
            summary = f"{what}{where} is in both spec and initial, first at {same.origin}"
            hint = "Declare it in one of them: spec is enforced, initial only added."
            if field.whole_section:
                hint = "A section under sections must be whole, in one of them."
            problems.append(Diagnostic(summary, field.origin, hint))
        elif _declared(field) != _declared(other):
            summary = (
                f"conflicting declarations of {section}/{option}{where}, first at {other.origin}"
            )
            problems.append(Diagnostic(summary, field.origin, "Make them agree, or remove one."))
    return by_path.values()


def _declared(field: ManagedField) -> tuple[object, ...]:
    """Everything that a manifest declares about a field, except the position."""
    return field.value, field.secret, field.ownership, field.satisfied_by
