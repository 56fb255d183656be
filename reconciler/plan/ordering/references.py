"""References between objects: which actions come first, and which references would dangle. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.kinds import enums
from reconciler.kinds.addresses import application_address
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.model import on_server
from reconciler.kinds.options import (
    ENDPOINTS,
    OptionReference,
    endpoint_key,
    options_in,
    references_of,
    value_problem,
)
from reconciler.kinds.roles import CHAT_ROLE, CLUSTER_ROLE, SERVER_ROLE
from reconciler.manifest.desired import DesiredObject, ManagedField
from reconciler.plan.actions import (
    Action,
    Blocked,
    Create,
    InSync,
    Replace,
    Skip,
    Update,
    changes_of,
    kept_of,
)
from reconciler.plan.attribute_values import AttributeValues, wants_default
from reconciler.plan.context import Context
from reconciler.plan.effects import Simulation, written_references
from reconciler.plan.ordering.deletions import needs_of_deletes
from reconciler.plan.renames import rename_of
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import application_name


def with_needs(context: Context, actions: Sequence[Action]) -> list[Action]:
    """The actions with their ``needs``: the addresses of actions that create what they refer
    to. References to objects that exist need no order. What refers to an object that a blocked
    action would create is blocked too."""
    index = _Index(context, actions)
    while index.blocks and (
        (made := [index.with_blocked_needs(action) for action in actions]) != list(actions)
    ):
        actions = made
        index = _Index(context, actions)
    return [_with(action, tuple(index.needs(action))) for action in actions]


def _with(action: Action, needs: tuple[str, ...]) -> Action:
    return action if needs == action.needs else replace(action, needs=needs)


class _Index:
    """Which action creates what. ``blocks``: whether any action is blocked."""

    def __init__(self, context: Context, actions: Sequence[Action]) -> None:
        self._actions = {action.address: action for action in actions}
        self.blocks = any(isinstance(action, Blocked) for action in actions)
        self._scripts = {
            (a.tenant, a.name): a.address
            for a in actions
            if a.object_type == "Script" and not isinstance(a, InSync)
        }
        self._made = frozenset(on_server(a.object_type) for a in actions if _makes_name(a))
        self._desired = {one.address: one for one in context.desired.objects}
        self._no_defaults: dict[tuple[str, ...], list[str]] = {}
        for address, one in self._desired.items():
            if wants_default(one, False):
                self._no_defaults.setdefault(_attribute_of(one), []).append(address)
        self._deletes = needs_of_deletes(actions, context.live)
        self._live = context.live
        self._values = AttributeValues(context)
        self._names = context.names
        chat_servers = {one.dbid for one in context.site.roles.get(CHAT_ROLE, ())}
        self._endpoints: dict[str, list[str]] = {}
        for action in actions:
            if action.object_type == "Application" and action.dbid in chat_servers:
                for key in filter(None, (endpoint_key(one.path) for one in changes_of(action))):
                    self._endpoints.setdefault(key, []).append(action.address)

    def needs(self, action: Action) -> Iterable[str]:
        found = list(self._created(action))
        if self._no_defaults:
            found += self._cleared_defaults(action)
        found += self._deletes.get(action.address, ())
        for reference in _written_references(action):
            tenant = reference.tenant_dbid or action.tenant
            if reference.target == "endpoint":
                found += self._endpoints.get(f"{tenant}:{reference.name}", ())
            else:
                address = self._scripts.get((tenant, reference.name), "")
                other = self._actions.get(address)
                if other is not None and _makes_name(other):
                    found.append(address)
        return dict.fromkeys(one for one in found if one != action.address)

    def with_blocked_needs(self, action: Action) -> Action:
        """The action, or a blocked action if its fields refer to what a blocked action would
        create."""
        if isinstance(action, Create | Update | Replace):
            for address in self._created(action):
                if isinstance(self._actions[address], Blocked):
                    reason = f"it refers to {address}, which is blocked"
                    return Blocked(action.subject, reason)
        return action

    def _created(self, action: Action) -> Iterator[str]:
        """The actions that create what the action's fields refer to."""
        desired = self._desired.get(action.address)
        if desired is not None and desired.kind.parent and action.tenant:
            parent = self._values.parent(desired, action.tenant)
            if parent.declared is not None:
                yield parent.declared.address
        for _, target, name in written_references(action, self._live, self._made):
            declared = self._names.declared(target, name, action.tenant)
            other = self._actions.get(declared.address) if declared else None
            if other is not None and _makes_name(other):
                yield other.address

    def _cleared_defaults(self, action: Action) -> Iterator[str]:
        """Values that must stop being the default before this value becomes the default."""
        desired = self._desired.get(action.address)
        if desired is None or not wants_default(desired, True):
            return
        for address in self._no_defaults.get(_attribute_of(desired), ()):
            if any(
                change.path == ("isDefault",) and change.after is False
                for change in changes_of(self._actions[address])
            ):
                yield address


def _makes_name(action: Action) -> bool:
    """Whether there is no object with the name of the action before it is applied."""
    return not action.dbid or rename_of(action) is not None


def _attribute_of(one: DesiredObject) -> tuple[str, ...]:
    """A key that all values of the same Business Attribute share."""
    return one.kind.name, one.tenant, one.attribute


def _written_references(action: Action) -> Iterator[OptionReference]:
    """The references in the options that an action writes."""
    written: Mapping[FieldPath, Value] = {}
    if isinstance(action, Create | Replace):
        written = action.fields
    elif isinstance(action, Update):
        written = {one.path: one.after for one in action.changes if one.after is not None}
    for path, value in written.items():
        if len(path) == 3:
            yield from references_of(*path, value)


def check_references(
    context: Context, actions: Sequence[Action], final: Simulation
) -> tuple[list[Action], list[str]]:
    """Checks what the options of the planned objects would refer to after the plan.

    A dangling reference blocks the action of the manifest that declares it; if no manifest declares
    it, it is a warning.
    """
    checked: list[Action] = []
    warnings: list[str] = []
    for action in actions:
        one = final.results.get(action.address)
        if one is None or isinstance(action, Skip | Blocked):
            checked.append(action)
            continue
        dangling: list[str] = []
        for path, value in options_in(one.type, one.attributes):
            for reference in references_of(*path, value):
                problem = reference_problem(reference, action.tenant, context, final.live)
                if not problem:
                    continue
                if action.hides(path):
                    problem = "nothing that is there (secret)"
                field = _declared(context, action).get(path)
                if field and field.value == value:
                    dangling.append(f"{'/'.join(path)} at {field.origin} refers to {problem}")
                else:
                    warnings.append(f"{action.address}: {'/'.join(path)} refers to {problem}.")
            warnings += _malformed(action.address, path, value)
        if dangling:
            checked.append(Blocked(action.subject, "; ".join(dangling), action.needs))
        else:
            checked.append(action)
    warnings += _untouched_applications(context, actions, final)
    return checked, warnings


def _untouched_applications(
    context: Context, actions: Sequence[Action], final: Simulation
) -> Iterator[str]:
    """Warnings about dangling references, such as to an endpoint that the plan removes, and
    malformed references, in a server or cluster of the site for which nothing is planned."""
    planned = {action.dbid for action in actions if action.object_type == "Application"}
    for role in (SERVER_ROLE, CLUSTER_ROLE):
        for member in context.site.roles.get(role, ()):
            if member.dbid in planned:
                continue
            for path, value in options_in(member.type, member.attributes):
                address = application_address(application_name(member))
                for reference in references_of(*path, value):
                    problem = reference_problem(
                        reference, context.site.tenant_dbid, context, final.live
                    )
                    if problem:
                        yield f"{address}: {'/'.join(path)} refers to {problem}."
                yield from _malformed(address, path, value)


def _malformed(address: str, path: FieldPath, value: Value) -> Iterator[str]:
    """A warning about a live value that is malformed, so it refers to nothing. A manifest that
    declares such a value is refused earlier; an empty value counts as unset."""
    problem = value_problem(path, str(value)) if value != "" else ""
    if problem:
        yield (
            f"{address}: {problem}. The live value has another form: correct it there, or declare"
            " the option in a manifest."
        )


def _declared(context: Context, action: Action) -> dict[FieldPath, ManagedField]:
    """What manifests declare for an object, without what a policy leaves alone."""
    desired = context.desired.addresses.get(action.address)
    fields = getattr(desired, "fields", ())
    kept = {change.path for change in kept_of(action)}
    return {f.path: f for f in fields if f.value is not None and f.path not in kept}


def reference_problem(
    reference: OptionReference, tenant: int, context: Context, final: Snapshot
) -> str:
    """What is wrong with a reference; empty if its target exists, or is in a tenant whose scripts
    are not read."""
    tenant = reference.tenant_dbid or tenant
    if reference.target == "endpoint":
        return _endpoint_problem(reference, tenant, context, final)
    if tenant not in context.tenants:
        return ""
    found = final.find("Script", tenant, reference.name)
    wanted = reference.script_type
    if found is None:
        now = _name_now(reference.name, context)
        instead = f"a manifest renames to {now!r}" if now else "neither exists nor is to be created"
        return f"{wanted} {reference.name!r}, which {instead}"
    kind = enums.mnemonic(enums.SCRIPT_TYPE, int(found.attributes["type"]))
    return "" if kind == wanted else f"{reference.name!r}, which is of type {kind}, not {wanted}"


def _name_now(former: str, context: Context) -> str:
    """The new name of a script with this former name; empty: no manifest renames it."""
    return next(
        (
            desired.name
            for desired in context.desired.objects
            if desired.kind.type == "Script" and any(one.name == former for one in desired.formerly)
        ),
        "",
    )


def _endpoint_problem(
    reference: OptionReference, tenant: int, context: Context, final: Snapshot
) -> str:
    section = f"{ENDPOINTS}{tenant}"
    for member in context.site.roles.get(CHAT_ROLE, ()):
        one = final.get("Application", member.dbid) or member
        if reference.name not in (one.attributes.get("options") or {}).get(section, {}):
            name = application_name(one)
            return f"endpoint {reference.name!r}, which {name} lacks in [{section}]"
    return ""
