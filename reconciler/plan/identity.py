"""Whether an action's address and DBID mean the same object. Pure.

A person approves addresses, a server gets DBIDs: an action is applied only where both name
the same object.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.kinds.addresses import object_address
from reconciler.kinds.fields import NameResolver
from reconciler.kinds.manifests import MANIFEST_KINDS, ManifestKind
from reconciler.kinds.types import ALL_TYPES
from reconciler.kinds.types_files import LAUNCH_FILE, file_dbid
from reconciler.plan.actions import Action, BaseAction, Create, Subject
from reconciler.plan.matching import describe
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

_ATTRIBUTE = MANIFEST_KINDS["BusinessAttribute"]


def misnamed(action: Action, plan: Plan, live: Snapshot) -> str:
    """What the address or DBID of an action of ``plan`` really means, in a sentence; empty:
    both mean the same object, or the object is not there."""
    if isinstance(action, Create):
        return _new_misnamed(action, plan, live)
    found = live.get(action.object_type, action.dbid)
    if found is None or _means(action, plan, found, live):
        return ""
    return f"DBID {action.dbid} is {describe(found)}"


def _means(action: Action, plan: Plan, found: ConfObject, live: Snapshot) -> bool:
    if action.object_type == LAUNCH_FILE:
        return action.dbid == file_dbid(action.name) and found.attributes["name"] == action.name
    kind = MANIFEST_KINDS.get(action.kind)
    if kind and kind.script_type is not None and found.attributes["type"] != kind.script_type:
        return False
    if found.tenant and action.tenant != found.tenant:
        return False
    names = _names(kind, found)
    owner = live.get("Enumerator", int(found.attributes.get("enumeratorDBID") or 0))
    owners = _names(_ATTRIBUTE, owner) if owner else ()
    return action.name in names and action.address in _addresses(
        action, plan, found.tenant, owners, names, live
    )


def _new_misnamed(action: Create, plan: Plan, live: Snapshot) -> str:
    """The same for an object that does not exist yet."""
    kind = MANIFEST_KINDS.get(action.kind)
    key = ALL_TYPES[action.object_type].name_attribute
    attribute = ALL_TYPES[action.object_type].attribute(key)
    field = attribute.word if attribute else "name"
    names = [str(action.fields.get((field,), ""))]
    if kind and kind.by_display_name:
        names.append(str(action.fields.get(("displayName",), "")))
    owner = str(action.fields.get(("attribute",), ""))
    found = live.find("Enumerator", action.tenant, owner)
    owners = _names(_ATTRIBUTE, found) if found else _new_owners(owner, plan)
    if action.name not in names or action.address not in _addresses(
        action, plan, action.tenant, owners, names, live
    ):
        return f"what would be created is named {names[0]!r}"
    tenant = str(action.fields.get(("tenant",), ""))
    if tenant and live.dbid("Tenant", tenant, 0) != action.tenant:
        return f"what would be created belongs to the tenant {tenant}"
    return ""


def _new_owners(owner: str, plan: Plan) -> tuple[str, ...]:
    """The names of a Business Attribute that the plan itself creates."""
    shown = [
        str(other.fields.get(("displayName",), owner))
        for other in plan.writes
        if isinstance(other, Create) and (other.kind, other.name) == (_ATTRIBUTE.name, owner)
    ]
    return (owner, *shown)


def _names(kind: ManifestKind | None, found: ConfObject) -> tuple[str, ...]:
    """The names by which manifests may call an object."""
    name = str(found.attributes.get(ALL_TYPES[found.type].name_attribute, ""))
    shown = found.attributes.get("displayName")
    return (name, str(shown)) if shown and kind and kind.by_display_name else (name,)


def _addresses(
    action: BaseAction,
    plan: Plan,
    tenant: int,
    owners: Iterable[str],
    names: Iterable[str],
    live: Snapshot,
) -> Iterator[str]:
    """Every address that an object with one of these names may have."""
    foreign = bool(tenant) and tenant != plan.site.tenant_dbid
    prefix = live.name("Tenant", tenant, 0) if foreign else ""
    outer = [owner for owner in owners if owner] or [""]
    for name in names:
        for owner in outer:
            yield object_address(action.kind, name, owner=owner, tenant=prefix)


def subject_now(subject: Subject, found: ConfObject, names: NameResolver, site: int) -> Subject:
    """The subject with the DBID of an object, and its name if it was renamed. ``site``: the
    DBID of the site's tenant."""
    subject = replace(subject, dbid=found.dbid)
    if found.type == LAUNCH_FILE or subject.name in _names(MANIFEST_KINDS.get(subject.kind), found):
        return subject
    kind, address = address_of(found, names, site)
    name = str(found.attributes.get(ALL_TYPES[found.type].name_attribute, ""))
    return replace(subject, kind=kind, address=address, name=name)


def address_of(found: ConfObject, names: NameResolver, site_tenant: int) -> tuple[str, str]:
    """The kind and the address of an object; its type where no manifest kind describes it."""
    of_type = (kind for kind in MANIFEST_KINDS.values() if kind.type == found.type)
    script_type = found.attributes.get("type")
    kind = next((k.name for k in of_type if k.script_type in (None, script_type)), found.type)
    kind = found.type if found.type == "Application" else kind
    name = str(found.attributes.get(ALL_TYPES[found.type].name_attribute, ""))
    owner = int(found.attributes.get("enumeratorDBID") or 0)
    foreign = bool(found.tenant) and found.tenant != site_tenant
    return kind, object_address(
        kind,
        name,
        owner=names.name("Enumerator", owner, found.tenant) if owner else "",
        tenant=names.name("Tenant", found.tenant, 0) if foreign else "",
    )
