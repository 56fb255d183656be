"""What must be read of a server before objects can be planned or checked. Pure.

One read per type and tenant; scripts by type, beside one read of the names of them all.
The planner asks for what the manifests declare, a run for what its plan writes: both get
the same answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.kinds.manifests import MANIFEST_KINDS
from reconciler.kinds.types import ALL_TYPES, references_to
from reconciler.manifest.desired import Desired
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Action
from reconciler.server.port import Filter
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

Read = tuple[str, Filter]


@dataclass(frozen=True)
class ReadRequirement:
    """What one object needs to be read. ``script_type``: the scripts of this type, whole.
    ``words``: the fields that are of interest, for what they refer to. ``referrers``: also
    what refers to objects of the type."""

    type: str
    tenant: int
    script_type: int | None = None
    folder: bool = False
    words: frozenset[str] = frozenset()
    referrers: bool = False


def reads_for(needs: Iterable[ReadRequirement], tenants: Iterable[int]) -> list[Read]:
    """The reads that answer the needs, each once, in a stable order."""
    reads: dict[str, Read] = {}

    def add(object_type: str, filters: Filter) -> None:
        reads.setdefault(f"{object_type} {sorted(filters.items())}", (object_type, filters))

    for dbid in sorted(set(tenants)):
        # Names, types and DBIDs only: what is managed is read whole, after it, and wins.
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
    """The objects that a field refers to. Tenants, applications and the names of scripts
    are read anyway; a group names persons of its tenant and of Environment."""
    if object_type == "Person":
        for dbid in (tenant, ENVIRONMENT):
            yield "Person", {"tenant_dbid": dbid}
    elif object_type not in ("", "Tenant", "Application", "Script", "Enumerator"):
        yield object_type, _scope(object_type, tenant)


def desired_requirements(
    desired: Desired, found: Snapshot, options: PlanOptions
) -> tuple[list[ReadRequirement], set[int]]:
    """What the desired objects need, and the tenants they are in."""
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
    """What the actions that write need, and the tenants they are in."""
    needs: list[ReadRequirement] = []
    tenants: set[int] = set()
    for action in actions:
        if not action.writes or action.object_type == "Application":
            continue
        kind = MANIFEST_KINDS.get(action.kind)
        tenants.add(action.tenant)
        units = action.units if action.action == "update" else ()
        words = {path[0] for path in (*action.fields, *units)}
        words |= {change.path[0] for change in action.changes}
        needs.append(
            ReadRequirement(
                type=action.object_type,
                tenant=action.tenant,
                script_type=kind.script_type if kind else None,
                words=frozenset(words),
                referrers=action.action in ("replace", "delete"),
            )
        )
    return needs, tenants
