"""What a delete has taken from other objects, put back: part of the plan of an undo. Pure.

The server clears references to an object that is deleted, and deletes what cannot be
without it. The journal has the referrers as they were before.
"""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.apply.written import Written
from reconciler.kinds.addresses import quoted
from reconciler.kinds.fields import FieldPath, NameResolver, Value, flatten
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.model import Action, Change
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot


def references(entry: Written, live: Snapshot, names: NameResolver) -> Iterator[Action]:
    """One action for each object that the run's delete of another one has changed, or taken
    along. Each needs the one that they referred to."""
    deleted, old = entry.deleted, entry.before
    if deleted is None or old is None:
        return
    for was in deleted.referrers:
        there = live.get(was.type, was.dbid)
        name = live.name(was.type, was.dbid, 0) if there else str(was.attributes["name"])
        base = Action(
            address=f"{was.type}/{quoted(name)}",
            kind=was.type,
            action="update",
            object_type=was.type,
            name=name,
            tenant=was.tenant,
            dbid=was.dbid,
            needs=(entry.action.address,),
        )
        now = there or _again(was, old, entry, live)
        if now is None:
            yield _cascaded(base, was, old, entry, names)
            continue
        changes = tuple(_cleared(base, was, now, old, entry.action.name))
        if changes:
            units = tuple(change.path for change in changes)
            yield replace(base, dbid=now.dbid, changes=changes, units=units)


def _cleared(
    base: Action, was: ConfObject, now: ConfObject, old: ConfObject, name: str
) -> Iterator[Change]:
    for attribute in ALL_TYPES[was.type].attributes:
        if attribute.target(was.attributes) != old.type:
            continue
        value, live = was.attributes.get(attribute.name), now.attributes.get(attribute.name)
        if isinstance(value, list) and old.dbid in value:
            yield _made(base, (attribute.word, name), name)
        elif value == old.dbid and not live:
            yield _made(base, (attribute.word,), name)


def _again(was: ConfObject, old: ConfObject, entry: Written, live: Snapshot) -> ConfObject | None:
    """An object that was deleted with another one, where it has been made again."""
    kind = ALL_TYPES[was.type]
    scope = int(was.attributes.get(kind.key[0]) or 0) if len(kind.key) == 2 else 0
    if kind.key[0] != "tenantDBID" and scope == old.dbid and entry.after is not None:
        scope = entry.after.dbid
    name = str(was.attributes.get(kind.name_attribute, ""))
    return live.find(was.type, scope, name)


def _cascaded(
    base: Action, was: ConfObject, old: ConfObject, entry: Written, names: NameResolver
) -> Action:
    """An object that was deleted with another one: created again, for the one that is
    there now."""
    kind = ALL_TYPES[was.type]
    fields = flatten(kind, was.attributes, names)
    for attribute in kind.attributes:
        if was.attributes.get(attribute.name) == old.dbid and attribute.may_refer_to(old.type):
            fields[(attribute.word,)] = entry.action.name
    changes = tuple(_made(base, path, value) for path, value in fields.items())
    return replace(base, action="create", dbid=0, folder=was.folder, fields=fields, changes=changes)


def _made(base: Action, path: FieldPath, value: Value) -> Change:
    return Change(path, None, value, unit=path, secret=base.hides(path))
