"""What must be known of a server before a plan is made or checked. Pure.

The planner asks for what the manifests declare, a run for what its plan writes;
``reads.reads_of`` turns both into reads.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds import enums
from reconciler.kinds.fields import FieldPath, from_pointer
from reconciler.kinds.flatten import leaf, references_in
from reconciler.kinds.manifests import kind_named
from reconciler.kinds.model import ObjectType, ValueType
from reconciler.kinds.natural_keys import key_parts
from reconciler.kinds.options import is_strategy, references_of
from reconciler.kinds.roles import CLUSTER_ROLE, SERVER_ROLE
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.desired import (
    Desired,
    DesiredObject,
    DesiredOptions,
    Enforced,
    ManagedField,
)
from reconciler.plan.actions import (
    Action,
    Create,
    Delete,
    Replace,
    Write,
    changes_of,
    written_paths,
)
from reconciler.plan.context import PlanOptions
from reconciler.plan.renames import rename_of
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import Site

ALWAYS_READ = ("Tenant", "Application")
"""Object types that were read already to find the site."""

Name = tuple[str, int, str]
"""An object type, the DBID of a tenant, and the natural name of an object."""


class ReadRequirement(Struct, frozen=True):
    """What must be read for one object: of its ``type``, in the tenant with a DBID.

    ``key``: the parts of its natural key; ``dbid``: its DBID; if neither is given, all objects of
    the type are read; ``brief``: without bodies. ``script_type``: the number of its script type.
    ``twins``: if it is absent, the objects whose names look like its own are read too. ``folder``:
    the folders too. ``words``: fields whose targets must be read. ``names``: other objects that
    must be found by name; ``targets``: by type and DBID. ``former``: it is read only if it exists,
    and then with all objects that may refer to it by this name. ``new_name``: an object that may
    have this name already must be read. ``strategies``: the options that bind it to a strategy; if
    any of them may be written, the Submitters of the tenant are read. ``referrers``: if it exists,
    the objects of every type that can refer to its type are read too.
    """

    type: str
    tenant: int
    key: tuple[str, ...] = ()
    dbid: int = 0
    brief: bool = False
    script_type: int | None = None
    twins: bool = False
    folder: bool = False
    words: frozenset[str] = frozenset()
    names: tuple[Name, ...] = ()
    targets: tuple[tuple[str, int], ...] = ()
    strategies: tuple[ManagedField, ...] = ()
    referrers: bool = False
    former: bool = False
    new_name: str = ""


def desired_requirements(
    desired: Desired, found: Snapshot, site: Site, options: PlanOptions
) -> tuple[list[ReadRequirement], set[int]]:
    """What must be read for the desired objects and the site's applications, and the DBIDs of
    the tenants."""
    needs = [*_of_applications(desired, site), *_of_files(desired, site)]
    if options.all_scripts:
        needs.append(ReadRequirement("Script", site.tenant_dbid, brief=True))
    tenants = {site.tenant_dbid}
    names = {one.tenant for one in desired.objects}
    named = {name: found.find("Tenant", 0, name) for name in names}
    for one in desired.objects:
        tenant = named[one.tenant] if one.kind.tenanted else None
        if one.kind.tenanted and tenant is None:  # nothing of it exists
            needs.append(_names_only(_names_in(one, site.tenant_dbid)))
            continue
        dbid = tenant.dbid if tenant else 0
        tenants |= {dbid} - {0}
        former = [one.named(each.name) for each in one.formerly]
        overwrites = one.policy.overwrite == "replace" and any(
            map(options.overwrites, (each.address for each in (one, *former)))
        )
        need = ReadRequirement(
            type=one.kind.type,
            tenant=dbid,
            key=one.key,
            script_type=_script_type(one),
            twins=True,
            folder=bool(one.folder),
            words=frozenset(
                [
                    *(field.path[0] for field in one.fields),
                    *(one.policy.preserve if overwrites else ()),
                ]
            ),
            names=tuple(_names_in(one, dbid or site.tenant_dbid)),
            strategies=tuple(_strategies(one, options)),
            referrers=overwrites or one.absent,
        )
        needs.append(need)
        needs += [
            replace(need, key=each.key, twins=False, referrers=True, former=True) for each in former
        ]
    return needs, tenants


def _names_only(names: Iterable[Name]) -> ReadRequirement:
    """The requirement, of an object in a tenant that does not exist, that other objects are found
    by name."""
    return ReadRequirement("Tenant", 0, names=tuple(names))


def _of_applications(desired: Desired, site: Site) -> Iterator[ReadRequirement]:
    """The requirements of applications whose options may name objects: the site's, and those that
    manifests declare options for."""
    declared = {one.dbid: one for one in desired.options}
    members = {one.dbid for role in (SERVER_ROLE, CLUSTER_ROLE) for one in site.roles.get(role, ())}
    for dbid in sorted({*declared, *members}):
        options = declared.get(dbid)
        names = tuple(_option_names(options, site.tenant_dbid)) if options else ()
        yield ReadRequirement("Application", site.tenant_dbid, dbid=dbid, names=names)


def _of_files(desired: Desired, site: Site) -> Iterator[ReadRequirement]:
    if desired.files and site.installation:
        yield ReadRequirement(LAUNCH_FILE, 0)


def _names_in(desired: DesiredObject, tenant: int) -> Iterator[Name]:
    """The names of other objects in an object's declared fields."""
    kind = desired.kind.object_type
    if not kind.referring.isdisjoint([field.path[0] for field in desired.fields]):
        for _, target, name in references_in(kind, desired.declared_fields()):
            yield target, tenant, name
    yield from _option_names(desired, tenant)


def _strategies(desired: DesiredObject, options: PlanOptions) -> Iterator[ManagedField]:
    """The options that bind a queue to strategies; initial options that are reset count as
    enforced."""
    if desired.kind.script_type == enums.SCRIPT_TYPE["InteractionQueue"]:
        for one in desired.fields:
            if len(one.path) == 3 and one.value is not None and is_strategy(*one.path[1:]):
                resets = options.resets(desired.address)
                yield replace(one, ownership=Enforced(reset=True)) if resets else one


def _option_names(desired: DesiredObject | DesiredOptions, tenant: int) -> Iterator[Name]:
    for field in desired.fields:
        if len(field.path) == 3 and field.value is not None:
            for reference in references_of(*field.path, field.value):
                if reference.target == "script":
                    yield "Script", reference.tenant_dbid or tenant, reference.name


def _script_type(desired: DesiredObject) -> int | None:
    """The number of a script's type; None for all other objects."""
    if desired.kind.type != "Script" or desired.kind.script_type is not None:
        return desired.kind.script_type
    declared = next((f.value for f in desired.fields if f.path == ("type",)), "")
    return enums.number_of(enums.SCRIPT_TYPE, str(declared))


def action_requirements(actions: Iterable[Action], tenant: int) -> list[ReadRequirement]:
    """What must be read again for the actions of a plan. ``tenant``: the DBID of the site's
    tenant, which objects without a tenant refer to."""
    needs: list[ReadRequirement] = []
    actions = tuple(actions)
    destroys = any(isinstance(action, Replace | Delete) for action in actions)
    for action in actions:
        if not isinstance(action, Write):
            if destroys and action.dbid:
                # The limits count the objects that are left alone too.
                place = (action.object_type, action.tenant)
                needs.append(
                    ReadRequirement(*place, dbid=action.dbid, script_type=_script_type_of(action))
                )
            continue
        if action.tenant < 0:
            needs.append(_names_only(_names_written(action, tenant)))
            continue
        renamed = rename_of(action)
        words = {path[0] for path in (*action.fingerprint.units, *written_paths(action))}
        needs.append(
            ReadRequirement(
                type=action.object_type,
                tenant=action.tenant,
                key=_key_of(action) if isinstance(action, Create | Replace) else (),
                dbid=action.dbid,
                script_type=_script_type_of(action),
                words=frozenset(words),
                names=tuple(_names_written(action, action.tenant or tenant)),
                targets=tuple(_members_in(action)),
                folder=isinstance(action, Create) and bool(action.folder_path),
                referrers=isinstance(action, Replace | Delete),
                new_name=renamed.after if renamed else "",
            )
        )
    return needs


def _script_type_of(action: Action) -> int | None:
    kind = kind_named(action.kind)
    return kind.script_type if kind else None


def _key_of(action: Create | Replace) -> tuple[str, ...]:
    parts = key_parts(ALL_TYPES[action.object_type])
    return tuple(str(action.fields.get((part.word,), "")) for part in parts)


def _names_written(action: Write, tenant: int) -> Iterator[Name]:
    """The names of other objects that an action writes."""
    kind = ALL_TYPES[action.object_type]
    if isinstance(action, Create | Replace):
        for _, target, name in references_in(kind, action.fields):
            yield target, tenant, name
    for change in changes_of(action):
        yield from (
            (target, tenant, str(change.after))
            for target in _targets(kind, change.path)
            if change.after is not None
        )


def _members_in(action: Write) -> Iterator[tuple[str, int]]:
    """Types and DBIDs of the objects in the reference lists of an action's fingerprint: a message
    names them, even if the live object no longer refers to them."""
    for place in action.fingerprint.fields:
        path = from_pointer(place)
        attribute = ALL_TYPES[action.object_type].by_word(path[0])
        if attribute and attribute.type is ValueType.REFERENCES and path[-1].startswith("#"):
            yield attribute.refers_to, int(path[-1][1:])


def _targets(kind: ObjectType, path: FieldPath) -> Sequence[str]:
    """The types that the value at a path can refer to."""
    attribute = leaf(kind, path)
    if attribute is None or not attribute.refers_to:
        return ()
    return attribute.target_types
