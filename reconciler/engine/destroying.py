"""The plan that deletes all that is ours: implements ``Reconciler.destroy`` on an open server."""

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.engine.owned import plan_with_inventory
from reconciler.engine.planning import read_context
from reconciler.engine.site_access import SiteAccess
from reconciler.manifest.desired import Desired
from reconciler.manifest.load import Loaded
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.plan.planner import declared_actions


def plan_destroying(
    loaded: Loaded, access: SiteAccess, options: PlanOptions, exclude: Iterable[str]
) -> Plan:
    """The plan that deletes what is in the inventory. The manifests say only what is protected.
    Errors: see ``Reconciler.destroy``."""
    reader, context = read_context(loaded, access, options)
    protected = frozenset(
        (action.object_type, action.dbid)
        for action in declared_actions(context)
        if action.dbid and action.subject.protect
    )
    # Whoever asks to destroy consents to all that this deletes: no limit applies.
    limits = replace(options.settings.limits, percent=100)
    settings = replace(options.settings, limits=limits)
    options = replace(options, prune=True, destroy=True, exclude=tuple(exclude), settings=settings)
    context = replace(context, desired=Desired(), options=options, protected=protected)
    plan = plan_with_inventory(context, reader, reader.info(), loaded.digest, whole=True)
    return replace(plan, inputs=loaded.inputs)
