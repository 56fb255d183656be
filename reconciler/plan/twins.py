"""Warnings about declared sections and options beside others with similar names. Pure.

``webme`` and ``WebMe`` differ for Configuration Server, but people mix them up: they edit one
section while the application reads the other.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from reconciler.kinds.names import alike_key, likeness
from reconciler.plan.actions import Action, Blocked, Skip
from reconciler.plan.context import Context
from reconciler.plan.effects import Simulation
from reconciler.server.port import ConfObject
from reconciler.text.visible import quoted_pair

KEY_VALUES = {"options": "options", "annex": "userProperties"}
"""Manifest key -> attribute of objects, for sections of options."""


def twin_warnings(context: Context, actions: Sequence[Action], final: Simulation) -> Iterator[str]:
    """Warnings about the sections and options that manifests declare, in the objects as they
    would be after the plan."""
    for action in actions:
        one = final.results.get(action.address)
        if one is None or not _has_neighbours(one) or isinstance(action, Skip | Blocked):
            continue
        desired = context.desired.addresses.get(action.address)
        declared = {
            field.path: None
            for field in getattr(desired, "fields", ())
            if field.value is not None and field.path[0] in KEY_VALUES
        }
        for section in dict.fromkeys(path[:2] for path in declared):
            for other in _twins(section[1], _sections(one, section[0])):
                yield _warning(action.address, section, other)
        for path in declared:
            for other in _twins(path[2], _sections(one, path[0]).get(path[1], {})):
                yield _warning(action.address, path, other)


def _has_neighbours(one: ConfObject) -> bool:
    """Whether any section or option of an object stands beside another."""
    for word in KEY_VALUES:
        sections = _sections(one, word)
        if len(sections) > 1 or (sections and max(map(len, sections.values())) > 1):
            return True
    return False


def _sections(one: ConfObject, word: str) -> Mapping[str, Mapping[str, object]]:
    return one.attributes.get(KEY_VALUES[word]) or {}


def _twins(name: str, names: Collection[str]) -> list[str]:
    if len(names) < 2:
        return []
    others = [other for other in names if other != name]
    return sorted(other for other in others if alike_key(other) == alike_key(name))


def _warning(address: str, path: tuple[str, ...], other: str) -> str:
    *around, name = path
    ours, beside = quoted_pair(name, other)
    what = "option" if len(path) == 3 else "section"
    return (
        f"{address}: the {what} {ours} in {'/'.join(around)} is beside {beside}, which looks the"
        " same: the names differ only in"
        f" {likeness(name, other)}. A server may read either of them. Keep the name that the"
        " server's documentation gives, here and in the manifest, and remove the other."
    )
