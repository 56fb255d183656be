"""Objects that an action gives another name. Pure.

A plan with renames is made, checked and applied with live objects that have their new names
already. So whatever refers to them by these names finds them, and all other actions are as if
nothing had been renamed. What is left of a rename is one change: of the field that holds the name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.kinds.addresses import quoted
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.flatten import flatten
from reconciler.kinds.manifests import kind_named
from reconciler.kinds.natural_keys import key_parts, key_values
from reconciler.kinds.renaming import NAME_FROZEN_BY
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.actions import Action, Blocked, Replace, Update, changes_of
from reconciler.plan.changes import Change
from reconciler.plan.losses import cascaded, referrers
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import name_of


@dataclass(frozen=True)
class Rename:
    """The object of a type with a DBID gets another name."""

    type: str
    dbid: int
    before: str
    after: str

    def done(self, one: ConfObject, live: Snapshot) -> ConfObject:
        """The object with its new name; as it is, where it does not have the old name, and where
        another object of ``live`` has the new one."""
        if name_of(one) != self.before or self.holder(live):
            return one
        attribute = ALL_TYPES[one.type].name_attribute
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
    """The rename that an action does; None: its object keeps its name."""
    for change in changes_of(action) if isinstance(action, Update | Replace) else ():
        if change.path == name_path(action.object_type):
            before, after = str(change.before), str(change.after)
            return Rename(action.object_type, action.dbid, before, after)
    return None


def name_taken(action: Action, live: Snapshot) -> str:
    """Why an action cannot give its object another name any more; empty: it can, or does not."""
    found = rename_of(action)
    holder = found.holder(live) if found else None
    return (
        f"the name {found.after!r} is taken now, by DBID {holder.dbid}" if found and holder else ""
    )


def with_new_names(live: Snapshot, renames: Iterable[Rename]) -> Snapshot:
    """The live objects, the renamed ones with their new names."""
    found = [(one, each) for each in renames if (one := live.get(each.type, each.dbid))]
    if not found:
        return live
    result = live.copy()
    for one, each in found:
        result.put(each.done(one, result))
    return result


def renames_in(actions: Iterable[Action]) -> Iterator[Rename]:
    """The renames that actions do."""
    return (found for action in actions if (found := rename_of(action)))


def addresses_of(action: Action) -> tuple[str, ...]:
    """The addresses that an action may be selected by: its own, and those that its object has
    before and after a rename."""
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


def done_by_server(update: Update, one: ConfObject, live: Snapshot) -> Update | Replace | Blocked:
    """What carries out an update that renames an object: the update itself; where the server
    cannot rename the object, a replace in which only its name and DBID are new; where that would
    take more away, nothing. ``one``: the object as ``live`` has it, with its new name."""
    why = _why_not_renamed(one, live)
    if not why:
        return update
    kind = kind_named(update.kind)
    along = ", ".join(cascaded(one, live))
    if along:
        why += f", and would delete with the group: {along}"
    if along or kind is None or kind.overwrite != "replace":
        return Blocked(update.subject, f"it cannot be renamed: {why}")
    changed: Mapping[FieldPath, Value | None] = {each.path: each.after for each in update.changes}
    held = flatten(ALL_TYPES[one.type], one.attributes, live)
    fields = {path: changed.get(path, value) for path, value in {**held, **changed}.items()}
    return Replace(
        update.subject,
        f"renamed: {why}",
        folder=one.folder,
        fields={path: value for path, value in fields.items() if value is not None},
        changes=update.changes,
        kept=update.kept,
        carried=tuple(path for path in held if path not in changed),
        referrers=tuple((other.type, other.dbid) for other, _ in referrers(one, live)),
    )


def _why_not_renamed(one: ConfObject, live: Snapshot) -> str:
    """Why the server cannot give an object another name; empty: it can."""
    object_type = ALL_TYPES[one.type]
    if key_parts(object_type)[-1].immutable:
        return "the server never changes the name of such an object"
    members = NAME_FROZEN_BY.get(one.type)
    if members and one.attributes.get(members):
        word = getattr(object_type.attribute(members), "word", members)
        return f"the server keeps the name of a group that has {word}"
    if one.type == "Host" and next(referrers(one, live), None):
        return "the server keeps the name of a host while servers run on it"
    return ""
