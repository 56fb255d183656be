"""Objects that an action gives another name. Pure.

A plan with renames is made, checked and applied with live objects that have their new names
already. So references by these names find them, and no other action is affected. The rename itself
is a single change, of the field that holds the name.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.addresses import quoted
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.natural_keys import key_parts, key_values
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Action, Create, changes_of
from reconciler.plan.changes import Change
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot


class Rename(Struct, frozen=True):
    """Gives an object, by type and DBID, another name."""

    type: str
    dbid: int
    before: str
    after: str

    def done(self, one: ConfObject, live: Snapshot) -> ConfObject:
        """The object with its new name; unchanged if it does not have the old name, or another
        object of ``live`` has the new name."""
        attribute = ALL_TYPES[one.type].name_attribute
        if one.attributes.get(attribute) != self.before or self.holder(live):
            return one
        return replace(one, attributes={**one.attributes, attribute: self.after})

    def holder(self, live: Snapshot) -> ConfObject | None:
        """Another object that has the new name."""
        one = live.get(self.type, self.dbid)
        key = new_key(one, self.after) if one else ()
        there = live.with_key(self.type, key) if key else None
        return there if there is not None and there.dbid != self.dbid else None


def name_path(object_type: str) -> FieldPath:
    """The field that holds the name of an object: the last part of its natural key."""
    return (key_parts(ALL_TYPES[object_type])[-1].word,)


def new_key(one: ConfObject, name: str) -> tuple[object, ...]:
    """The natural key that an object has under another name."""
    return (*key_values(ALL_TYPES[one.type], one.attributes)[:-1], name)


def rename_of(action: Action) -> Rename | None:
    """The rename in an action; None: its object keeps its name."""
    for change in () if isinstance(action, Create) else changes_of(action):
        if change.path == name_path(action.object_type):
            before, after = str(change.before), str(change.after)
            return Rename(action.object_type, action.dbid, before, after)
    return None


def name_taken(action: Action, live: Snapshot) -> str:
    """Why an action can no longer rename its object; empty: it can, or renames nothing."""
    found = rename_of(action)
    holder = found.holder(live) if found else None
    return (
        f"the name {found.after!r} is taken now, by DBID {holder.dbid}" if found and holder else ""
    )


def with_new_names(live: Snapshot, renames: Iterable[Rename]) -> Snapshot:
    """The live objects, with the new names of renamed objects."""
    found = [(one, each) for each in renames if (one := live.get(each.type, each.dbid))]
    if not found:
        return live
    result = live.copy()
    for one, each in found:
        result.put(each.done(one, result))
    return result


def renames_in(actions: Iterable[Action]) -> Iterator[Rename]:
    """The renames in actions."""
    return (found for action in actions if (found := rename_of(action)))


def addresses_of(action: Action) -> tuple[str, ...]:
    """The addresses by which an action may be selected: its own, and those of its object before and
    after a rename."""
    found = rename_of(action)
    if found is None:
        return (action.address,)
    outer = action.address.rpartition("/")[0]
    names = (found.after, found.before)
    return (action.address, *(f"{outer}/{quoted(name)}" for name in names))


def change_of_name(rename: Rename) -> Change:
    """The change of the field that holds the name."""
    path = name_path(rename.type)
    return Change(path, rename.before, rename.after, unit=path)
