"""What a plan says about the former names of objects that it renames. Pure."""

import re
from collections.abc import Iterator, Sequence

from reconciler.kinds.model import ValueType
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.actions import Action
from reconciler.plan.effects import Simulation
from reconciler.plan.identity import kind_of
from reconciler.plan.renames import rename_of
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

_LISTED = 5


def former_name_notices(actions: Sequence[Action], final: Simulation) -> Iterator[str]:
    """A notice for each renamed object that options still call by its former name after the
    plan."""
    for action in actions:
        renamed = rename_of(action)
        places = list(_places(renamed.before, final.live)) if renamed else []
        if renamed and places:
            left = len(places) - _LISTED
            listed = ", ".join(places[:_LISTED]) + (f" and {left} more" if left > 0 else "")
            yield (
                f"{action.address}: still called {renamed.before!r} in {listed}. No manifest"
                " changes that; look into strategies too, which cannot be seen from here."
            )


def _places(name: str, live: Snapshot) -> Iterator[str]:
    """The options in whose values a name stands."""
    is_in = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    for one in live:
        for section, option, value in _options(one):
            if isinstance(value, str) and is_in.search(value):
                yield f"{kind_of(one)}/{live.key_texts(one)[-1]} {section}/{option}"


def _options(one: ConfObject) -> Iterator[tuple[str, str, object]]:
    """The options of an object, in all its lists of key-values."""
    for attribute in ALL_TYPES[one.type].attributes:
        if attribute.type is ValueType.KEY_VALUES:
            for section, options in (one.attributes.get(attribute.name) or {}).items():
                yield from ((section, option, value) for option, value in options.items())
