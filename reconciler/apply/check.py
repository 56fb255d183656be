"""Whether a plan still holds: its server, its site, and the objects it was made from. Pure."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from reconciler.apply.answers import same_value
from reconciler.apply.report import AGAIN, Outcome
from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError, StalePlanError
from reconciler.kinds.flatten import flatten, leaf
from reconciler.kinds.options import endpoint_key
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Action, Create, Delete, Replace, Write, changes_of
from reconciler.plan.file.contradictions import contradictions
from reconciler.plan.fingerprint import object_of, stale_fields
from reconciler.plan.guards import Limits, refusals, why_spared
from reconciler.plan.identity import misnamed
from reconciler.plan.model import DESTROY, Plan, SiteMark
from reconciler.plan.ordering.deletions import Deletions
from reconciler.plan.renames import name_taken, rename_of
from reconciler.server.connect import from_any_folder, recorded_url_text
from reconciler.server.identity import same_server
from reconciler.server.port import ServerInfo
from reconciler.server.snapshot import Snapshot
from reconciler.state.records import RunHead

_LISTED_ACTIONS = 10
_LISTED_FIELDS = 3


def check_server(plan: Plan, identity: str, url: str) -> None:
    """RefusedError if the plan is for another server."""
    if not same_server(plan.identity, identity):
        here = from_any_folder(url)
        raise RefusedError(
            [
                Diagnostic(
                    "the plan was made for another server,"
                    f" {recorded_url_text(plan.server, here)}, not for {here}",
                    hint="Name that server with --server, or make a plan for this server.",
                )
            ]
        )


def on_another_server(run: RunHead, info: ServerInfo) -> Diagnostic:
    """The refusal of a run that was on another server than that of the session."""
    here = from_any_folder(info.url)
    return Diagnostic(
        f"the run {run.run} was on another server, {recorded_url_text(run.server, here)},"
        f" not on {here}",
        hint="Name that server with --server.",
    )


def check_site(plan: Plan, now: SiteMark) -> None:
    """StalePlanError if the site has other applications than when the plan was made, or
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
            f"the launch files are now those in {now.installation or 'no folder'};"
            f" the plan was made for those in {was.installation}"
        )
    for name in now.siblings:
        if name not in was.siblings:
            messages.append(f"another Web Engagement site of the tenant: {name}")
    if messages:
        raise StalePlanError([Diagnostic(f"the site has changed: {one}") for one in messages])


def _shared(plan: Plan, now: SiteMark) -> Iterator[str]:
    """Endpoints that the plan changes and that another site has begun to use."""
    keys = {
        key
        for action in plan.writes
        if action.object_type == "Application"
        for change in changes_of(action)
        if change.before is not None and (key := endpoint_key(change.path))
    }
    for name, key in now.foreign_keys.items():
        if key in keys and plan.site.foreign_keys.get(name) != key:
            yield f"{name}, outside the site, has the queueKey {key} now"


def check_guards(plan: Plan, now: SiteMark, live: Snapshot, limits: Limits) -> None:
    """RefusedError if the plan would destroy what it must spare, whatever its file says.
    Only objects that were read live count."""
    problems = [
        f"{action.address}: {reason}"
        for action in plan.writes
        if (reason := why_spared(action, live))
    ]
    if "--force" not in plan.consent:
        if now.siblings:
            problems += [
                f"{action.address}: another Web Engagement site of this tenant may use it:"
                f" {', '.join(now.siblings)}"
                for action in plan.writes
                if not plan.undoes and (isinstance(action, Replace | Delete) or rename_of(action))
            ]
        # Whoever asks for an undo or a destroy consents to all that it deletes.
        asked = plan.undoes or DESTROY in plan.consent
        limits = replace(limits, percent=100) if asked else limits
        problems += refusals(_existing(plan, live), limits, consented=True)
    if problems:
        hint = "Nothing was written. Make a new plan; what may be forced is forced with --force."
        last = Diagnostic(problems.pop(), hint=hint)
        raise RefusedError([*map(Diagnostic, problems), last])


def _existing(plan: Plan, live: Snapshot) -> list[Action]:
    """The actions on live objects, one for each object."""
    found: dict[tuple[str, int], Action] = {}
    for action in plan.actions:
        key = (action.object_type, action.dbid)
        if live.get(*key) is not None and not misnamed(action, plan, live):
            found.setdefault(key, action)
    return list(found.values())


def _listed(dbids: Sequence[int]) -> str:
    return ", ".join(map(str, dbids)) or "none"


def stale_outcomes(plan: Plan, live: Snapshot) -> list[Outcome]:
    """The actions whose live objects have changed since the plan, each with what changed."""
    found = []
    deletions = Deletions(plan.actions, live, plan.site)
    for action in plan.writes:
        problem = name_taken(action, live) or misnamed(action, plan, live)
        messages = [problem] if problem else stale_fields(action, live)
        messages = messages or contradictions(action, live, undo=bool(plan.undoes))
        if not messages and not plan.undoes:
            messages = [*filter(None, [deletions.obstacle(action)])]
        if messages:
            found.append(Outcome(action, "failed", _joined(messages), AGAIN, stale=True))
    return found


def _joined(messages: Sequence[str]) -> str:
    left = len(messages) - _LISTED_FIELDS
    more = [f"and {left} more fields"] if left > 1 else messages[_LISTED_FIELDS:]
    return "; ".join([*messages[:_LISTED_FIELDS], *more])


def stale_error(plan: Plan, stale: Sequence[Outcome], live: Snapshot) -> StalePlanError:
    """The refusal that lists stale actions and what changed, or says that the plan was
    applied already."""
    if len(stale) == len(plan.writes) and all(_is_applied(one, live) for one in plan.writes):
        summary = "this plan was applied already: the server has all that it would write"
        advice = "Nothing was written. A new plan shows whether anything is left to do."
        return StalePlanError([Diagnostic(summary, hint=advice)])
    problems = [f"{one.action.address}: {one.message}" for one in stale[:_LISTED_ACTIONS]]
    left = len(stale) - len(problems)
    if left:
        problems.append(f"{left} more objects have changed since the plan was made")
    *others, last = map(Diagnostic, problems)
    hint = "Nothing was written. Make a new plan, or go on with the rest: --skip-stale."
    return StalePlanError([*others, replace(last, hint=hint)])


def _is_applied(action: Write, live: Snapshot) -> bool:
    """Whether the server already has what an action would write. This cannot be told of a rename,
    which ``live`` shows as done."""
    if rename_of(action):
        return False
    found = live.get(action.object_type, action.dbid)
    if isinstance(action, Delete):
        return found is None
    if isinstance(action, Create | Replace):
        found = object_of(action, live)
    if found is None:
        return False
    kind = ALL_TYPES[found.type]
    fields = flatten(kind, found.attributes, live)
    return all(
        same_value(leaf(kind, change.path), fields.get(change.path), change.after)
        for change in action.changes
    )
