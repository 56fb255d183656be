"""Which objects must be read from a server before a plan is made or checked. Pure.

One read per type and tenant; scripts by script type, and the names of all scripts in one
read more. The planner asks for what the manifests declare, a run for what its plan writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.kinds.manifests import MANIFEST_KINDS
from reconciler.kinds.types import ALL_TYPES, references_to
from reconciler.manifest.desired import Desired
from reconciler.plan.actions import Action, Create, Delete, Replace, Write, changes_of
from reconciler.plan.context import PlanOptions
from reconciler.server.port import Filter
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

Read = tuple[str, Filter]


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
    else:
        yield need.type, scope
    if kind.owner_type == "Enumerator":
        yield "Enumerator", scope
    if need.folder:
        yield "Folder", {}
    for word in sorted(need.words):
        attribute = kind.by_word(word)
        yield from _targets(attribute.refers_to if attribute else "", need.tenant)
    if need.referrers:
        for referring, _, field in references_to(need.type):
            if field is None and referring.name not in ("Tenant", "Application"):
                yield referring.name, _scope(referring.name, need.tenant)
        if need.type == "AgentGroup":
            yield from _targets("Person", need.tenant)


def _scope(object_type: str, tenant: int) -> Filter:
    return {"tenant_dbid": tenant} if "tenant_dbid" in ALL_TYPES[object_type].filters else {}


def _targets(object_type: str, tenant: int) -> Iterable[Read]:
    """The reads of what a field refers to. Tenants, applications and the names of scripts
    are read anyway. Groups refer to persons of their own tenant and of Environment."""
    if object_type == "Person":
        for dbid in (tenant, ENVIRONMENT):
            yield "Person", {"tenant_dbid": dbid}
    elif object_type not in ("", "Tenant", "Application", "Script", "Enumerator"):
        yield object_type, _scope(object_type, tenant)


def desired_requirements(
    desired: Desired, found: Snapshot, options: PlanOptions
) -> tuple[list[ReadRequirement], set[int]]:
    """What must be read for the desired objects, and the DBIDs of their tenants."""
    needs: list[ReadRequirement] = []
    tenants: set[int] = set()
    for one in desired.objects:
        tenant = found.find("Tenant", 0, one.tenant)
        if tenant is None:
            continue
        tenants.add(tenant.dbid)
        overwrites = options.overwrites(one.address) and one.policy.overwrite == "replace"
        needs.append(
            ReadRequirement(
                type=one.kind.type,
                tenant=tenant.dbid,
                script_type=one.kind.script_type,
                folder=bool(one.folder),
                words=frozenset(field.path[0] for field in one.fields),
                referrers=overwrites,
            )
        )
    return needs, tenants


def action_requirements(actions: Iterable[Action]) -> tuple[list[ReadRequirement], set[int]]:
    """What must be read again for the actions of a plan, and the DBIDs of their tenants."""
    needs: list[ReadRequirement] = []
    tenants: set[int] = set()
    actions = tuple(actions)
    destroys = any(isinstance(action, Replace | Delete) for action in actions)
    for action in actions:
        if action.object_type in ("", "Application"):
            continue
        kind = MANIFEST_KINDS.get(action.kind)
        if not isinstance(action, Write):
            if destroys and action.dbid:
                # The limits count the objects that are left alone too.
                script_type = kind.script_type if kind else None
                needs.append(ReadRequirement(action.object_type, action.tenant, script_type))
            continue
        tenants.add(action.tenant)
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
