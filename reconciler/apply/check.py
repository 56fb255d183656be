"""Whether a plan still holds: its server, its site, and the objects it was made from. Pure."""

from collections.abc import Iterator, Sequence

from reconciler.apply.report import Outcome
from reconciler.apply.writes import AGAIN
from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError, StalePlanError
from reconciler.kinds.options import ENDPOINTS
from reconciler.plan.actions import changes_of
from reconciler.plan.fingerprint import stale_fields
from reconciler.plan.model import Plan, SiteMark
from reconciler.server.snapshot import Snapshot


def check_server(plan: Plan, identity: str, url: str) -> None:
    """RefusedError where the plan is for another server."""
    if plan.identity != identity:
        raise RefusedError(
            [
                Diagnostic(
                    f"the plan was made for another server, {plan.server}, not for {url}",
                    hint="Name that server with --server, or make a plan for this one.",
                )
            ]
        )


def check_site(plan: Plan, now: SiteMark) -> None:
    """StalePlanError where the site has other applications than when the plan was made, or
    another site has begun to share what the plan changes."""
    was = plan.site
    messages = list(_shared(plan, now))
    for role in dict.fromkeys((*was.roles, *now.roles)):
        before, after = was.roles.get(role, ()), now.roles.get(role, ())
        if before != after:
            messages.append(f"{role}: DBIDs {_listed(before)} in the plan, {_listed(after)} now")
    if was.tenant_dbid != now.tenant_dbid:
        messages.append(f"the tenant has DBID {now.tenant_dbid} and had {was.tenant_dbid}")
    if was.installation != now.installation and was.installation:
        messages.append(
            f"the launch files are those of {now.installation or 'no folder'}, and were"
            f" those of {was.installation}"
        )
    for name in now.siblings:
        if name not in was.siblings:
            messages.append(f"another Web Engagement site of the tenant: {name}")
    if messages:
        raise StalePlanError([Diagnostic(f"the site has changed: {one}") for one in messages])


def _shared(plan: Plan, now: SiteMark) -> Iterator[str]:
    """Endpoints that the plan changes and that another site has begun to use."""
    keys = {
        f"{change.path[1].removeprefix(ENDPOINTS)}:{change.path[2]}"
        for action in plan.writes
        if action.object_type == "Application"
        for change in changes_of(action)
        if change.before is not None and change.path[1].startswith(ENDPOINTS)
    }
    for name, key in now.foreign_keys.items():
        if key in keys and plan.site.foreign_keys.get(name) != key:
            yield f"{name}, outside the site, has the queueKey {key} now"


def _listed(dbids: Sequence[int]) -> str:
    return ", ".join(map(str, dbids)) or "none"


def stale_outcomes(plan: Plan, live: Snapshot) -> list[Outcome]:
    """The actions whose live objects have changed since the plan, each with what changed."""
    found = []
    for action in plan.writes:
        messages = stale_fields(action, live)
        if messages:
            found.append(Outcome(action, "failed", "; ".join(messages), AGAIN, stale=True))
    return found


def stale_error(stale: Sequence[Outcome]) -> StalePlanError:
    """The refusal that lists every stale action and what changed."""
    problems = [Diagnostic(f"{one.action.address}: {one.message}") for one in stale]
    last = problems[-1]
    hint = "Nothing was written. Make a new plan, or go on with the rest: --skip-stale."
    return StalePlanError([*problems[:-1], Diagnostic(last.summary, hint=hint)])
