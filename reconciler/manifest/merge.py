"""Where manifests meet: one object each, but shared applications, which must agree."""

from collections.abc import Iterable, Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.fields import FieldPath
from reconciler.manifest.desired import (
    DesiredFile,
    DesiredObject,
    DesiredOptions,
    ManagedField,
)


def report_same_objects(objects: Iterable[DesiredObject], problems: list[Diagnostic]) -> None:
    """Two manifests for one object are a problem that names both places."""
    first: dict[tuple[str, str, str, str], DesiredObject] = {}
    for one in objects:
        key = (one.kind.type, one.tenant, one.attribute, one.name.casefold())
        other = first.setdefault(key, one)
        if other is not one:
            problems.append(
                Diagnostic(
                    f"{one.address} is described twice, first as {other.address} at {other.origin}",
                    one.origin,
                    _advice(one, other),
                )
            )


def report_same_files(files: Iterable[DesiredFile], problems: list[Diagnostic]) -> None:
    """Two manifests for one launch file are a problem that names both places."""
    first: dict[str, DesiredFile] = {}
    for one in files:
        other = first.setdefault(one.path, one)
        if other is not one:
            problems.append(
                Diagnostic(
                    f"{one.path} is described twice, first by {other.address} at {other.origin}",
                    one.origin,
                    "Put the values into one of them.",
                )
            )


def _advice(one: DesiredObject, other: DesiredObject) -> str:
    if one.name != other.name:
        return "Names that differ in case only are not told apart everywhere."
    if one.kind is not other.kind:
        return "Scripts of one tenant share one scope of names, whatever their type."
    return "Keep one of them."


def merge_options(
    options: Sequence[DesiredOptions], problems: list[Diagnostic]
) -> list[DesiredOptions]:
    """One entry per application. Manifests that want different values of one option, or
    one section both whole and by option, are a problem that names both places."""
    by_application: dict[int, list[ManagedField]] = {}
    names: dict[int, str] = {}
    for one in options:
        names[one.dbid] = one.name
        by_application.setdefault(one.dbid, []).extend(one.fields)
    return [
        DesiredOptions(dbid, names[dbid], tuple(_merged(names[dbid], fields, problems)))
        for dbid, fields in by_application.items()
    ]


def _in(application: str) -> str:
    return f" in {application}" if application else ""


def _wish(field: ManagedField) -> tuple[object, ...]:
    """What a manifest wants of a field: all but where it says so."""
    return field.value, field.keep, field.unit, field.overwrite_corrects, field.satisfied_by


def _merged(
    application: str, fields: Iterable[ManagedField], problems: list[Diagnostic]
) -> Iterable[ManagedField]:
    by_path: dict[FieldPath, ManagedField] = {}
    by_section: dict[str, ManagedField] = {}
    for one in fields:
        section, option = one.path[1], one.path[2]
        neighbour = by_section.setdefault(section, one)
        if neighbour.whole_section != one.whole_section:
            problems.append(
                Diagnostic(
                    f"[{section}]{_in(application)} stands under both options and sections,"
                    f" first at {neighbour.origin}",
                    one.origin,
                    "Declare it in one of the two.",
                )
            )
            continue
        other = by_path.setdefault(one.path, one)
        if _wish(one) != _wish(other):
            problems.append(
                Diagnostic(
                    f"two manifests want different things of {section}/{option}"
                    f"{_in(application)}, first at {other.origin}",
                    one.origin,
                    "Make them agree, or remove one.",
                )
            )
    return by_path.values()
