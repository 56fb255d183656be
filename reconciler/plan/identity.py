"""Whether an action's address and DBID mean the same object. Pure.

A person approves addresses, but the server receives DBIDs: an action is applied only if both name
the same object.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from msgspec.structs import replace

from reconciler.kinds.addresses import object_address
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.manifests import EVERY_KIND, MANIFEST_KINDS, kind_named
from reconciler.kinds.natural_keys import key_parts
from reconciler.kinds.types.files import LAUNCH_FILE, file_dbid
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Action, BaseAction, Create, Subject
from reconciler.plan.matching import describe
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

_ATTRIBUTE = MANIFEST_KINDS["BusinessAttribute"]

_KINDS: dict[str, list[ManifestKind]] = {}
for _kind in EVERY_KIND.values():
    if _kind.binding == "object":
        _KINDS.setdefault(_kind.type, []).append(_kind)


def misnamed(action: Action, plan: Plan, live: Snapshot) -> str:
    """Which object the address or DBID of an action of ``plan`` really names, in a sentence; empty:
    both name the same object, or the object does not exist."""
    if isinstance(action, Create):
        return _new_misnamed(action, plan, live)
    found = live.get(action.object_type, action.dbid)
    if found is None or _means(action, plan, found, live):
        return ""
    return f"DBID {action.dbid} is {describe(found)}"


def _means(action: Action, plan: Plan, found: ConfObject, live: Snapshot) -> bool:
    if action.object_type == LAUNCH_FILE:
        return action.dbid == file_dbid(action.name) and found.attributes["name"] == action.name
    kind = kind_named(action.kind)
    if kind and kind.script_type is not None and found.attributes["type"] != kind.script_type:
        return False
    if found.tenant and action.tenant != found.tenant:
        return False
    key = _names_of_key(kind, found, live)
    foreign = bool(found.tenant) and found.tenant != plan.site.tenant_dbid
    prefix = live.name("Tenant", found.tenant, 0) if foreign else ""
    return action.name in key[-1] and action.address in _addresses(action, prefix, key)


def _new_misnamed(action: Create, plan: Plan, live: Snapshot) -> str:
    """Why the address of a create does not fit its fields; empty: it does."""
    kind = kind_named(action.kind)
    key = []
    for part in key_parts(ALL_TYPES[action.object_type]):
        name = str(action.fields.get((part.word,), ""))
        names = [name]
        if part.refers_to == _ATTRIBUTE.type:
            found = live.find(_ATTRIBUTE.type, action.tenant, name)
            names = list(_names(_ATTRIBUTE, found) if found else _new_owners(name, plan))
        key.append(names)
    if kind and kind.by_display_name:
        key[-1].append(str(action.fields.get(("displayName",), "")))
    tenant = str(action.fields.get(("tenant",), ""))
    foreign = bool(action.tenant) and action.tenant != plan.site.tenant_dbid
    prefix = tenant if foreign else ""
    if action.name not in key[-1] or action.address not in _addresses(action, prefix, key):
        return f"what would be created is named {'/'.join(names[0] for names in key)!r}"
    there = live.dbid("Tenant", tenant, 0) if tenant else action.tenant
    new = there is None and any(
        isinstance(other, Create) and (other.object_type, other.name) == ("Tenant", tenant)
        for other in plan.writes
    )
    if there != action.tenant and not new:
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


def _names_of_key(
    kind: ManifestKind | None, found: ConfObject, live: Snapshot
) -> list[tuple[str, ...]]:
    """The names by which manifests may call each part of the key of an object."""
    key: list[tuple[str, ...]] = [(text,) for text in live.key_texts(found)]
    if kind and kind.by_display_name:
        key[-1] = _names(kind, found)
    owner = live.get(_ATTRIBUTE.type, int(found.attributes.get("enumeratorDBID") or 0))
    if owner is not None:
        key[0] = _names(_ATTRIBUTE, owner)
    return key


def _addresses(action: BaseAction, tenant: str, key: Sequence[Sequence[str]]) -> Iterator[str]:
    """Every address that an object may have whose key has parts with these names. ``tenant``: the
    name of its tenant; empty: the site's."""
    for parts in product(*key):
        yield object_address(action.kind, *parts, tenant=tenant)


def subject_now(subject: Subject, found: ConfObject, names: Snapshot, site: int) -> Subject:
    """The subject with the DBIDs of an object and of its tenant, and its name if it was renamed.
    ``site``: the DBID of the site's tenant."""
    subject = replace(subject, dbid=found.dbid, tenant=found.tenant or subject.tenant)
    if found.type == LAUNCH_FILE or subject.name in _names(kind_named(subject.kind), found):
        return subject
    kind, address = address_of(found, names, site)
    return replace(subject, kind=kind, address=address, name=names.key_texts(found)[-1])


def address_of(found: ConfObject, names: Snapshot, site_tenant: int) -> tuple[str, str]:
    """The kind and the address of an object; its type where no manifest describes it."""
    kind = kind_of(found)
    foreign = bool(found.tenant) and found.tenant != site_tenant
    return kind, object_address(
        kind,
        *names.key_texts(found),
        tenant=names.name("Tenant", found.tenant, 0) if foreign else "",
    )


def kind_of(found: ConfObject) -> str:
    """The name of the kind of manifests that describe an object; its type where none does."""
    script_type = found.attributes.get("type")
    for kind in _KINDS.get(found.type, ()):
        if kind.script_type in (None, script_type):
            return kind.name
    return found.type
