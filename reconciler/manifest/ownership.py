"""Decides who owns a declared field of an object that exists: the manifest or the site.

A field under ``spec`` is enforced. A field under ``initial`` is written only where its unit is
absent, unless the site itself set the variable that its value comes from.
"""

from collections.abc import Iterable

from reconciler.kinds.fields import FieldPath, pointer
from reconciler.manifest.desired import Enforced, Initial, Ownership
from reconciler.manifest.expand import Expanded
from reconciler.manifest.variables import Variables


def ownership_of(
    path: FieldPath,
    place: FieldPath,
    unit: FieldPath,
    whole: FieldPath | None,
    expanded: Expanded,
    variables: Variables,
) -> Ownership:
    """The ownership of the field at ``path``.

    ``place``: its path in the manifest, which begins with its block. ``unit``: the field itself, or
    the section or list that it is a part of. ``whole``: the pointer of ``policy.whole`` that covers
    it.
    """
    if place[0] == "spec":
        return Enforced()
    if whole is not None:
        unit = path[: len(whole)]
    used = expanded.variables.get(place, frozenset())
    of_site = sorted(name for name in used if variables.set_by_site(name))
    single = unit == path and expanded.kind.binding != "options"
    if single and of_site:
        return Enforced()
    if single and used and expanded.bundled:
        names = " or ".join(f"--var {name}=VALUE" for name in sorted(used))
        return Initial(unit, f"To enforce it, set the variable: {names}.")
    remark = f"Setting {_variables(of_site)} does not change what is there. " if of_site else ""
    first = "copy the manifests with gwe init DIR and " if expanded.bundled else ""
    return Initial(unit, f"{remark}To enforce it, {first}{_move(path, unit, whole)}.")


def _variables(names: Iterable[str]) -> str:
    listed = sorted(names)
    return f"the variable{'s' if len(listed) > 1 else ''} {' and '.join(listed)}"


def _move(path: FieldPath, unit: FieldPath, whole: FieldPath | None) -> str:
    """What to change in the manifest to enforce a field under ``initial``."""
    if unit == path:
        return "move it to spec"
    if whole is not None:
        return f"move it to spec, and take {pointer(whole)} out of policy.whole"
    return f"move the whole {'list' if len(unit) == 1 else 'section'} to spec"
