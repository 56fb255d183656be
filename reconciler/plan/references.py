"""References between objects: what must come first, and what would lead nowhere. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reconciler.kinds import enums
from reconciler.kinds.fields import Path, Value, pointer
from reconciler.kinds.options import ENDPOINTS, OptionReference, references_of
from reconciler.kinds.roles import CHAT_ROLE
from reconciler.plan.context import Context
from reconciler.plan.model import Action
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import application_name


def with_needs(context: Context, actions: Sequence[Action]) -> list[Action]:
    """The actions, each with the addresses of those that must come before it."""
    index = _Index(context)
    return [replace(action, needs=tuple(index.needs(action))) for action in actions]


def _written(action: Action) -> dict[Path, Value]:
    """The fields that an action writes."""
    if action.action in ("create", "replace"):
        return dict(action.fields)
    return {c.path: c.after for c in action.changes if c.after is not None}


def _option_references(fields: dict[Path, Value]) -> Iterator[tuple[Path, OptionReference]]:
    for path, value in fields.items():
        if len(path) == 3:
            for reference in references_of(*path, value):
                yield path, reference


class _Index:
    """Which address describes what."""

    def __init__(self, context: Context) -> None:
        self._scripts: dict[tuple[int, str], str] = {}
        self._attributes: dict[tuple[str, str], str] = {}
        self._parents: dict[str, tuple[str, str]] = {}
        for one in context.desired.objects:
            tenant = context.live.find("Tenant", 0, one.tenant)
            if one.kind.type == "Script" and tenant is not None:
                self._scripts[tenant.dbid, one.name] = one.address
            if one.kind.name == "BusinessAttribute":
                self._attributes[one.tenant, one.name] = one.address
            if one.kind.parent:
                self._parents[one.address] = (one.tenant, one.attribute)
        chat_servers = {one.dbid for one in context.site.roles.get(CHAT_ROLE, ())}
        self._endpoints: dict[tuple[str, str], list[str]] = {}
        for options in context.desired.options:
            for field in options.fields if options.dbid in chat_servers else ():
                self._endpoints.setdefault((field.path[1], field.path[2]), []).append(
                    options.address
                )

    def needs(self, action: Action) -> Iterable[str]:
        found: list[str] = []
        parent = self._parents.get(action.address)
        if parent in self._attributes:
            found.append(self._attributes[parent])
        for _, reference in _option_references(_written(action)):
            tenant = reference.tenant_dbid or action.tenant
            if reference.target == "script":
                found.append(self._scripts.get((tenant, reference.name), ""))
            else:
                found.extend(self._endpoints.get((f"{ENDPOINTS}{tenant}", reference.name), ()))
        return dict.fromkeys(one for one in found if one and one != action.address)


def check_references(
    context: Context, actions: Sequence[Action], final: Snapshot
) -> tuple[list[Action], list[str]]:
    """Looks at what the options of the planned objects would refer to after the plan.

    A reference that leads nowhere blocks the action that declares it; one that nobody
    here declares is a warning.
    """
    checked: list[Action] = []
    warnings: list[str] = []
    for action in actions:
        if action.action in ("skip", "blocked"):
            checked.append(action)
            continue
        one = _final_object(action, final)
        declared = _written(action) or _declared(context, action)
        dangling: list[str] = []
        for path, value in _options(one) if one else ():
            for reference in references_of(*path, value):
                problem = _problem(reference, action.tenant, context, final)
                if problem and declared.get(path) == value:
                    dangling.append(f"{pointer(path)} refers to {problem}")
                elif problem:
                    warnings.append(f"{action.address}: {pointer(path)} refers to {problem}.")
        if dangling:
            action = replace(  # noqa: PLW2901 - the same action, refused
                action, action="blocked", reason="; ".join(dangling), changes=(), kept=()
            )
        checked.append(action)
    return checked, warnings


def _declared(context: Context, action: Action) -> dict[Path, Value]:
    """The values that the manifests declare in an object that is in sync."""
    desired = context.desired.addresses.get(action.address)
    fields = getattr(desired, "fields", ())
    kept = {change.path for change in action.kept}
    return {f.path: f.value for f in fields if f.value is not None and f.path not in kept}


def _final_object(action: Action, final: Snapshot) -> ConfObject | None:
    if action.dbid and action.action != "replace":
        return final.get(action.object_type, action.dbid)
    if action.object_type == "Script":
        return final.find("Script", action.tenant, action.name)
    return None


def _options(one: ConfObject) -> Iterator[tuple[tuple[str, str, str], Value]]:
    for where, name in (("annex", "userProperties"), ("options", "options")):
        if (where == "options") == (one.type == "Application"):
            for section, options in (one.attributes.get(name) or {}).items():
                for key, value in options.items():
                    yield (where, section, key), value


def _problem(reference: OptionReference, tenant: int, context: Context, final: Snapshot) -> str:
    """What a reference would dangle from; empty where it leads somewhere, or where the
    tenant's scripts were not read."""
    tenant = reference.tenant_dbid or tenant
    if reference.target == "endpoint":
        return _endpoint_problem(reference, tenant, context, final)
    if tenant != context.site.tenant_dbid and not final.of_type("Script", tenant):
        return ""
    found = final.find("Script", tenant, reference.name)
    if found is None:
        return (
            f"{reference.script_type} {reference.name!r}, which neither exists nor is to be created"
        )
    kind = enums.mnemonic(enums.SCRIPT_TYPE, int(found.attributes["type"]))
    if kind != reference.script_type:
        return f"{reference.name!r}, which is of type {kind}, not {reference.script_type}"
    return ""


def _endpoint_problem(
    reference: OptionReference, tenant: int, context: Context, final: Snapshot
) -> str:
    section = f"{ENDPOINTS}{tenant}"
    for member in context.site.roles.get(CHAT_ROLE, ()):
        one = final.get("Application", member.dbid) or member
        if reference.name not in (one.attributes.get("options") or {}).get(section, {}):
            return (
                f"endpoint {reference.name!r}, which {application_name(one)} lacks in [{section}]"
            )
    return ""
