"""Which objects must be read from a server before a plan is made or checked. Pure.

One read per type and tenant; scripts by script type, and the names of all scripts in one
read more. The planner asks for what the manifests declare, a run for what its plan writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.kinds import enums
from reconciler.kinds.manifests import kind_named
from reconciler.kinds.model import ObjectType, ValueType
from reconciler.kinds.natural_keys import has_tenant, key_parts
from reconciler.kinds.types import ALL_TYPES, references_to
from reconciler.manifest.desired import Desired, DesiredObject
from reconciler.plan.actions import Action, Create, Delete, Replace, Write, changes_of
from reconciler.plan.context import PlanOptions
from reconciler.server.port import Filter
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

Read = tuple[str, Filter]

ALWAYS_READ = ("Tenant", "Application")
"""What finding the site has read already."""

_OF_ENVIRONMENT_TOO = ("Person", "AccessGroup", "EnumeratorValue")
"""Types of which tenant Environment has objects that those of other tenants refer to."""


@dataclass(frozen=True)
class ReadRequirement:
    """What must be read for one object: the objects of its ``type`` in ``tenant``.

    ``script_type``: only scripts of this type are read whole. ``folder``: the folders too.
    ``words``: fields whose targets must be read. ``referrers``: also the objects of every
    type that can refer to this type.
    """

    type: str
    tenant: int
    script_type: int | None = None
    folder: bool = False
    words: frozenset[str] = frozenset()
    referrers: bool = False


def reads_for(needs: Iterable[ReadRequirement], tenants: Iterable[int]) -> list[Read]:
    """The reads that satisfy the requirements, each once, in a stable order."""
    reads: dict[str, Read] = {}

    def add(object_type: str, filters: Filter) -> None:
        reads.setdefault(f"{object_type} {sorted(filters.items())}", (object_type, filters))

    for dbid in sorted(set(tenants)):
        # Names, types and DBIDs only: managed scripts are read whole afterwards and win.
        add("Script", {"tenant_dbid": dbid, "exclude_bytecode": True})
    for need in needs:
        for object_type, filters in _of(need):
            add(object_type, filters)
    return list(reads.values())


def _of(need: ReadRequirement) -> Iterable[Read]:
    kind = ALL_TYPES[need.type]
    scope = _scope(need.type, need.tenant)
    if need.script_type is not None:
        yield need.type, {**scope, "script_type": need.script_type}
    elif need.type not in ALWAYS_READ:
        yield need.type, scope
    yield from _parents(kind, need.tenant)
    if need.folder:
        yield "Folder", {}
    words = set(need.words)
    if need.referrers:
        # The names in lists that would be lost.
        words |= {one.word for one in kind.attributes if one.type is ValueType.REFERENCES}
    for word in sorted(words):
        attribute = kind.by_word(word)
        for one in (attribute, *attribute.fields) if attribute else ():
            for target in dict.fromkeys((one.refers_to, *one.targets.values())):
                yield from _targets(target, need.tenant)
    if need.referrers:
        for referring, _, _ in references_to(need.type):
            if referring.name not in ALWAYS_READ:
                yield referring.name, _scope(referring.name, need.tenant)
                yield from _parents(referring, need.tenant)


def _parents(kind: ObjectType, tenant: int) -> Iterable[Read]:
    """The reads of the objects whose names are a part of the names of others."""
    for part in key_parts(kind):
        if part.refers_to and part.refers_to not in ALWAYS_READ:
            yield part.refers_to, _scope(part.refers_to, tenant)
            yield from _parents(ALL_TYPES[part.refers_to], tenant)


def _scope(object_type: str, tenant: int) -> Filter:
    """A filter by tenant; none for types without one, and for objects that belong to none."""
    kind = ALL_TYPES[object_type]
    applies = tenant and has_tenant(kind) and "tenant_dbid" in kind.filters
    return {"tenant_dbid": tenant} if applies else {}


def _targets(object_type: str, tenant: int) -> Iterable[Read]:
    """The reads of what a field refers to. Tenants, applications and the names of scripts
    are read anyway. Groups refer to persons of their own tenant and of Environment."""
    if object_type in ("", "Script", "Folder", *ALWAYS_READ):
        return
    shared = tenant and object_type in _OF_ENVIRONMENT_TOO
    for dbid in dict.fromkeys((tenant, ENVIRONMENT)) if shared else (tenant,):
        yield object_type, _scope(object_type, dbid)
        yield from _parents(ALL_TYPES[object_type], dbid)


def desired_requirements(
    desired: Desired, found: Snapshot, options: PlanOptions
) -> tuple[list[ReadRequirement], set[int]]:
    """What must be read for the desired objects, and the DBIDs of their tenants."""
    needs: list[ReadRequirement] = []
    tenants: set[int] = set()
    for one in desired.objects:
        tenant = found.find("Tenant", 0, one.tenant) if one.kind.tenanted else None
        if one.kind.tenanted and tenant is None:
            continue
        dbid = tenant.dbid if tenant else 0
        tenants |= {dbid} - {0}
        overwrites = options.overwrites(one.address) and one.policy.overwrite == "replace"
        needs.append(
            ReadRequirement(
                type=one.kind.type,
                tenant=dbid,
                script_type=_script_type(one),
                folder=bool(one.folder),
                words=frozenset(
                    [
                        *(field.path[0] for field in one.fields),
                        *(one.policy.preserve if overwrites else ()),
                    ]
                ),
                referrers=overwrites or one.absent,
            )
        )
    return needs, tenants


def _script_type(desired: DesiredObject) -> int | None:
    """The number of a script's type; None for all other objects."""
    if desired.kind.type != "Script" or desired.kind.script_type is not None:
        return desired.kind.script_type
    declared = next((f.value for f in desired.fields if f.path == ("type",)), "")
    return enums.number_of(enums.SCRIPT_TYPE, str(declared))


def action_requirements(actions: Iterable[Action]) -> tuple[list[ReadRequirement], set[int]]:
    """What must be read again for the actions of a plan, and the DBIDs of their tenants."""
    needs: list[ReadRequirement] = []
    tenants: set[int] = set()
    actions = tuple(actions)
    destroys = any(isinstance(action, Replace | Delete) for action in actions)
    for action in actions:
        if action.object_type == "":
            continue
        kind = kind_named(action.kind)
        if not isinstance(action, Write):
            if destroys and action.dbid:
                # The limits count the objects that are left alone too.
                script_type = kind.script_type if kind else None
                needs.append(ReadRequirement(action.object_type, action.tenant, script_type))
            continue
        tenants |= {action.tenant} - {0}
        words = {path[0] for path in action.fingerprint.units}
        words |= {change.path[0] for change in changes_of(action)}
        if isinstance(action, Create | Replace):
            words |= {path[0] for path in action.fields}
        needs.append(
            ReadRequirement(
                type=action.object_type,
                tenant=action.tenant,
                script_type=kind.script_type if kind else None,
                words=frozenset(words),
                folder=isinstance(action, Create) and bool(action.folder),
                referrers=isinstance(action, Replace | Delete),
            )
        )
    return needs, tenants
