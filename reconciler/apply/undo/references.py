"""Undo actions that restore references and cascaded objects. Pure.

When an object is deleted, the server clears the references to it and deletes the objects
that cannot exist without it. The journal has those objects as they were before.
"""

from collections.abc import Iterator

from reconciler.apply.undo.updates import update_of
from reconciler.apply.written import Written
from reconciler.kinds.fields import FieldPath, NameResolver, Value
from reconciler.kinds.flatten import flatten
from reconciler.kinds.model import ValueType
from reconciler.kinds.natural_keys import key_values
from reconciler.kinds.predefined import is_predefined
from reconciler.kinds.referring import paths_to_object, references_to_object
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Subject, Update
from reconciler.plan.changes import Change
from reconciler.plan.folders import find_folder, path_of_folder
from reconciler.plan.identity import address_of
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import name_of


def restore_references(
    entry: Written, live: Snapshot, names: Snapshot, site_tenant: int
) -> Iterator[Create | Update]:
    """One action for each object that a delete of the run has changed or deleted as well.
    Each needs the action that restores the deleted object. ``site_tenant``: the DBID of the
    tenant whose objects have addresses without a tenant."""
    deleted, old = entry.deleted, entry.before
    if deleted is None or old is None:
        return
    needs = (entry.action.address,)
    for before in deleted.referrers:
        there = live.get(before.type, before.dbid)
        now = there or _created_again(before, old, entry, live)
        own = ALL_TYPES[before.type].written_by_server
        own = own or _comes_with_tenant(before, old, names)
        if now is None and (own or not _cascades(before, old)):
            continue  # another client deleted it, or only the server creates such objects
        kind, address = address_of(there or before, names, site_tenant)
        subject = Subject(
            address,
            kind,
            before.type,
            name_of(there or before),
            tenant=before.tenant,
            dbid=now.dbid if now else 0,
        )
        if now is None:
            fields = _fields(before, old, entry.action.name, names)
            changes = [_change(subject, path, value) for path, value in fields.items()]
            path = path_of_folder(before, names)
            folder = find_folder(ALL_TYPES[before.type], fields, path, before.tenant, live)
            yield Create(
                subject,
                needs=needs,
                folder=folder or 0,
                folder_path=path,
                fields=fields,
                changes=tuple(changes),
            )
            continue
        cleared = list(_cleared(subject, before, now, old, names))
        if cleared:
            yield update_of(subject, cleared, (), needs)


def _comes_with_tenant(before: ConfObject, old: ConfObject, names: Snapshot) -> bool:
    """Whether the server creates an object with each tenant."""
    owner = names.get("Enumerator", int(before.attributes.get("enumeratorDBID") or 0))
    attribute = name_of(owner) if owner else ""
    return old.type == "Tenant" and is_predefined(
        before.type, before.dbid, name_of(before), attribute
    )


def _cascades(before: ConfObject, old: ConfObject) -> bool:
    """Whether the server deleted an object together with ``old``, which it referred to."""
    return any(
        attribute.on_delete == "cascade"
        and attribute.target(before.attributes) == old.type
        and before.attributes.get(attribute.name) == old.dbid
        for attribute in ALL_TYPES[before.type].attributes
    )


def _cleared(
    subject: Subject, before: ConfObject, now: ConfObject, old: ConfObject, names: Snapshot
) -> Iterator[Change]:
    """The references from ``before`` to ``old`` that ``now`` lacks, with the rest of the
    entries that they were in."""
    kind = ALL_TYPES[before.type]
    gone = tuple(paths_to_object(kind, before.attributes, old.type, old.dbid, names))
    held, live = (flatten(kind, one.attributes, names) for one in (before, now))
    for path, value in held.items():
        if path not in live and any(path[: len(prefix)] == prefix for prefix in gone):
            yield _change(subject, path, value)


def _created_again(
    before: ConfObject, old: ConfObject, entry: Written, live: Snapshot
) -> ConfObject | None:
    """The live object if somebody has created a cascaded object again since."""
    attributes = dict(before.attributes)
    for attribute in references_to_object(ALL_TYPES[before.type], attributes, old.type, old.dbid):
        if entry.after is not None and attribute.type is ValueType.REFERENCE:
            attributes[attribute.name] = entry.after.dbid
    return live.with_key(before.type, key_values(ALL_TYPES[before.type], attributes))


def _fields(
    before: ConfObject, old: ConfObject, name: str, names: NameResolver
) -> dict[FieldPath, Value]:
    """The fields of a cascaded object, with its references to ``old`` by that ``name``."""
    kind = ALL_TYPES[before.type]
    fields = flatten(kind, before.attributes, names)
    for attribute in kind.attributes:
        if before.attributes.get(attribute.name) == old.dbid and attribute.may_refer_to(old.type):
            fields[(attribute.word,)] = name
    return fields


def _change(subject: Subject, path: FieldPath, value: Value) -> Change:
    return Change(path, None, value, unit=path, secret=subject.hides(path))
