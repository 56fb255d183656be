"""Objects of tenants that the same plan creates. Pure.

Until such a tenant exists, a plan identifies it by a number below 0. When its objects are written,
the tenant exists, and its DBID is found by its name.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from reconciler.kinds.natural_keys import has_tenant
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.actions import Action, Create
from reconciler.server.snapshot import Snapshot

_TENANT = ("tenant",)


def new_tenants(desired: Iterable[DesiredObject], live: Snapshot) -> dict[str, int]:
    """The names of the declared tenants that do not exist, each with its number."""
    names = [one.name for one in desired if one.kind.type == "Tenant" and not one.absent]
    absent = [name for name in names if live.find("Tenant", 0, name) is None]
    return {name: -number for number, name in enumerate(absent, start=1)}


def numbers_of_new_tenants(actions: Iterable[Action]) -> Mapping[str, int]:
    """The names of the tenants that do not exist and in which actions create objects, each with its
    number."""
    return {
        str(action.fields[_TENANT]): action.tenant
        for action in actions
        if isinstance(action, Create) and action.tenant < 0
    }


def in_its_tenant(action: Create, live: Snapshot) -> Create:
    """The action with the DBID that the tenant of its object has now, if it exists: it had none
    when the plan was made, or a different DBID if an undo creates both again."""
    if not has_tenant(ALL_TYPES[action.object_type]):
        return action
    dbid = live.dbid("Tenant", str(action.fields.get(_TENANT, "")), 0)
    if dbid in (None, action.tenant):
        return action
    return replace(action, subject=replace(action.subject, tenant=dbid))
