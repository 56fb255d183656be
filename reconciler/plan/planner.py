"""Makes the plan: the only code path of ``plan``, ``drift`` and ``apply``. Pure."""

from msgspec.structs import replace

from reconciler.errors import SelfCheckError
from reconciler.plan.actions import Action, Blocked, Skip, Write
from reconciler.plan.chat.agent_groups import group_notices, group_warnings
from reconciler.plan.chat.shared_endpoints import spare_shared_endpoints
from reconciler.plan.chat.submitters import submitter_notices
from reconciler.plan.context import Context
from reconciler.plan.effects import simulate
from reconciler.plan.files import files_left_out, plan_files
from reconciler.plan.fingerprint import with_fingerprints
from reconciler.plan.former_names import FormerNames, find_former_names, former_name_notices
from reconciler.plan.guards import refusals, spare_predefined
from reconciler.plan.losses import with_losses
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.notices import circle_notices, notices, server_notices
from reconciler.plan.objects import plan_objects
from reconciler.plan.options import plan_options
from reconciler.plan.ordering.deletions import with_obstacles
from reconciler.plan.ordering.order import order
from reconciler.plan.ordering.references import check_references, with_needs
from reconciler.plan.ownership.prune import prune_notices, pruned, undeclared
from reconciler.plan.renames import renames_in, with_new_names
from reconciler.plan.reset import with_reset
from reconciler.plan.same_object import one_action_each
from reconciler.plan.secrets import with_digests
from reconciler.plan.select import select
from reconciler.plan.twins import twin_warnings
from reconciler.server.port import ServerInfo
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import Inventory
from reconciler.site.model import Site, application_name
from reconciler.site.siblings import foreign_keys, sibling_sites


def make_plan(context: Context, server: ServerInfo, manifests: str = "") -> Plan:
    """The plan for the context; see ``plan_and_undeclared``."""
    return plan_and_undeclared(context, server, manifests)[0]


def plan_and_undeclared(
    context: Context, server: ServerInfo, manifests: str = ""
) -> tuple[Plan, Inventory]:
    """The plan for the desired objects, and what is ours but no longer declared. ``manifests``: a
    digest of the manifests.

    Raises UsageError for an address that selects nothing, RefusedError for a cycle,
    and SelfCheckError if the plan would not converge: a defect of this program.
    """
    context = replace(context, desired=with_reset(context.desired, context.options))
    found = context.live
    context, former = find_former_names(context)
    compared, remarks, left = _compare(context, former)
    selected, selection = select(
        with_needs(context, compared), context.options, files_left_out(context)
    )
    if former.renames:  # some of them may not be selected
        context = replace(context, live=with_new_names(found, renames_in(selected)))
        selected = [with_losses(one, context.live) for one in selected]
    ordered = order(selected)
    final = simulate(ordered, context.live)
    checked, warnings = check_references(context, ordered, final)
    site, options = context.site, context.options
    exceeded = refusals(checked, options.settings.limits, consented=True)
    plan = Plan(
        server=server.url,
        identity=server.identity,
        site=replace(mark_of(site, context.live), manifest_set=options.settings.manifest_set),
        actions=with_digests(with_fingerprints(checked, context.live), server.identity),
        notices=(
            *server_notices(server),
            *site.notices,
            *remarks,
            *selection,
            *group_notices(context, checked, final),
            *notices(checked, final),
            *circle_notices(checked, context.live),
            *submitter_notices(checked, final),
            *former_name_notices(checked, final),
        ),
        warnings=(
            *site.warnings,
            *warnings,
            *group_warnings(context, checked, final),
            *twin_warnings(context, checked, final),
            *(exceeded if options.force else ()),
        ),
        manifests=manifests,
        consent=options.consent,
        refusals=() if options.force else exceeded,
    )
    if not plan.blocked:
        _check_converges(context, plan, final.live)
    return plan, left


def declared_actions(context: Context) -> list[Action]:
    """The actions for all that is declared, in no order and with none left out."""
    return _compare(*find_former_names(context))[0]


def undeclared_by(context: Context) -> Inventory:
    """What is ours but no longer declared."""
    desired = with_reset(context.desired, context.options)
    options = replace(context.options, prune=False)
    context = replace(context, desired=desired, options=options)
    return _compare(*find_former_names(context))[2]


def mark_of(site: Site, live: Snapshot) -> SiteMark:
    """What a plan records of its site, to recognise the site when it is applied."""
    return SiteMark(
        app=application_name(site.server),
        tenant=site.tenant_name,
        tenant_dbid=site.tenant_dbid,
        cluster=application_name(site.cluster) if site.cluster else "",
        roles={role: tuple(one.dbid for one in members) for role, members in site.roles.items()},
        siblings=sibling_sites(live, site),
        foreign_keys=foreign_keys(live, site),
        installation=site.installation,
    )


def _compare(context: Context, former: FormerNames) -> tuple[list[Action], list[str], Inventory]:
    siblings = sibling_sites(context.live, context.site)
    options, option_notices = plan_options(context)
    files, file_notices = plan_files(context)
    actions = one_action_each([*plan_objects(context, siblings, former), *options, *files])
    left = undeclared(context, actions)
    if context.options.prune:
        actions = one_action_each([*actions, *pruned(context, left, siblings)])
    complete = [with_losses(one, context.live) for one in actions]
    spared = spare_predefined(complete, context.live)
    mark = mark_of(context.site, context.live)
    checked = with_obstacles(
        spare_shared_endpoints(spared, mark.foreign_keys),
        context.desired.addresses,
        context.live,
        mark,
        context.account,
    )
    return checked, [*option_notices, *file_notices, *prune_notices(context, left)], left


def _check_converges(context: Context, plan: Plan, final: Snapshot) -> None:
    """Plans again on the simulated result of the plan: nothing may be left to write. A plan that
    writes nothing needs no such check."""
    if plan.empty:
        return
    again = replace(context, live=final, options=context.options.without_overwrite())
    planned = {action.address for action in plan.actions if not isinstance(action, Skip)}
    left = [
        action.address
        for action in _compare(*find_former_names(again))[0]
        if action.address in planned and isinstance(action, Write | Blocked)
    ]
    if left:
        raise SelfCheckError(
            f"self-check failed: a second plan would still have to change {', '.join(left)}",
            "Nothing was written. This is a defect; please report it with the manifests.",
        )
