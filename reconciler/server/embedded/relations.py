"""Rules between objects, and the consequences of a change for other objects.

A reference must be to an object of the right tenant; a Business Attribute has one default value;
disabling an owner disables what it owns; a deletion is vetoed, cascades, or clears references.
Functions run inside a transaction of the store.
"""

from collections.abc import Iterator
from functools import cache

from reconciler.kinds.enums import STATE
from reconciler.kinds.model import Attribute, Attributes, ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.embedded import logon_accounts, rules
from reconciler.server.embedded.applications import Writer, backup_of, unmirror
from reconciler.server.embedded.folders import FolderIndex
from reconciler.server.embedded.store import Row, Store
from reconciler.server.encoding import decode
from reconciler.server.errors import (
    DependentObjectsError,
    IncorrectReferencesError,
    UniquenessViolationError,
)


def check_references(store: Store, kind: ObjectType, attributes: Attributes) -> None:
    """Refuses references to no object, or to an object of the wrong tenant."""
    for name, target_type, target in validation.references(kind, attributes):
        row = store.row(target_type, target)
        if row is None:
            raise IncorrectReferencesError(f"no {target_type} has DBID {target}", kind.name, name)
        if not rules.may_cross(kind, name, attributes, row[1]):
            raise IncorrectReferencesError(
                f"{target_type} {target} belongs to another tenant", kind.name, "tenantDBID"
            )


def with_taken(store: Store, kind: ObjectType, given: Attributes) -> Attributes:
    """The attributes to create an object from, with those that the server takes from a referenced
    object, such as the tenant of a DN from its switch."""
    taken: dict[str, object] = {}
    for attribute in _taken(kind):
        source = kind.attribute(attribute.taken_from)
        target = given.get(source.name) if source else None
        row = store.row(source.refers_to, target) if source and target else None
        if row is not None:
            taken[attribute.name] = decode(row[3]).get(attribute.name)
    return {**given, **taken}


@cache
def _taken(kind: ObjectType) -> tuple[Attribute, ...]:
    """The attributes whose values the server takes from other objects."""
    return tuple(one for one in kind.attributes if one.taken_from)


def is_tenant(store: Store, owner: Attributes) -> bool:
    """Whether the owner of a folder is a tenant that exists."""
    tenant = OBJECT_TYPES["Tenant"]
    return owner.get("type") == tenant.number and bool(store.row("Tenant", owner.get("DBID", 0)))


def check_only_default(store: Store, dbid: int, attributes: Attributes) -> None:
    """Refuses a second default value of a Business Attribute."""
    where = (
        "AND dbid <> ? AND json_extract(body, '$.enumeratorDBID') = ?"
        " AND json_extract(body, '$.isDefault')"
    )
    parameters = (dbid, attributes["enumeratorDBID"])
    other = next(store.rows("EnumeratorValue", where, parameters), None)
    if other:
        name = decode(other[3])["name"]
        raise UniquenessViolationError(
            f"{name!r} is the default value already", "EnumeratorValue", "isDefault"
        )


def disable_owned(writer: Writer, kind: ObjectType, dbid: int) -> None:
    """Disables everything that a disabled tenant or Business Attribute owns."""
    for owned in OBJECT_TYPES.values():
        if not owned.owner or owned.owner_type != kind.name:
            continue
        for row in list(_owned(writer.store, owned, dbid)):
            attributes = decode(row[3])
            if attributes.get("state") == STATE["Enabled"]:
                writer.write(owned, row[0], {**attributes, "state": STATE["Disabled"]}, row[2])
                disable_owned(writer, owned, row[0])


def _owned(store: Store, kind: ObjectType, owner: int) -> Iterator[Row]:
    where = f"AND json_extract(body, '$.{kind.owner}') = ?"
    return store.rows(kind.name, where, (owner,))


def delete(writer: Writer, object_type: str, dbid: int) -> None:
    """Deletes an object, unless a reference vetoes it; cascades, and clears references."""
    store = writer.store
    kind = OBJECT_TYPES[object_type]
    _check_folder(store, object_type, dbid)
    logon_accounts.check_unused(store, object_type, dbid)
    referrers = store.referrers(object_type, dbid)
    for referrer_type, referrer, name in referrers:
        row = store.row(referrer_type, referrer)
        itself = (referrer_type, referrer) == (object_type, dbid)
        if row is None or itself:
            continue
        referring, attributes = OBJECT_TYPES[referrer_type], decode(row[3])
        effect = validation.effect_of_deletion(referring, attributes, name, object_type, dbid)
        if effect == "veto":
            label = attributes.get(referring.name_attribute)
            raise DependentObjectsError(
                f"cannot be deleted: {referrer_type} {label} refers to it in {name}",
                object_type,
                name,
            )
    for referrer_type, referrer, name in referrers:
        row = store.row(referrer_type, referrer)
        if row is None:
            continue
        referring = OBJECT_TYPES[referrer_type]
        if validation.on_delete(referring, name, object_type) == "cascade":
            delete(writer, referrer_type, referrer)
        else:
            old = decode(row[3])
            new = validation.without_reference(referring, old, object_type, dbid)
            writer.write(referring, referrer, new, row[2])
    row = store.row(object_type, dbid)
    backup = backup_of(decode(row[3])) if row else 0
    for row in list(_folders_of(store, kind, dbid)):
        writer.remove(OBJECT_TYPES["Folder"], row[0])
    writer.remove(kind, dbid)
    if backup:
        unmirror(writer, backup)


def _folders_of(store: Store, kind: ObjectType, dbid: int) -> Iterator[Row]:
    where = (
        "AND json_extract(body, '$.ownerID.type') = ? AND json_extract(body, '$.ownerID.DBID') = ?"
    )
    return store.rows("Folder", where, (kind.number, dbid))


def _check_folder(store: Store, object_type: str, dbid: int) -> None:
    """Refuses to delete a folder with members, or a default folder by itself."""
    if object_type != "Folder":
        return
    row = store.row("Folder", dbid)
    folder = decode(row[3]) if row else {}
    if folder and FolderIndex.is_default(folder):
        raise DependentObjectsError(
            "a default folder can be deleted only with its owner", "Folder", "ownerID"
        )
    if store.has_members(dbid):
        raise DependentObjectsError("the folder has members", "Folder", "objectIDs")
