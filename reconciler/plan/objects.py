"""Plans the objects that manifests describe whole: one action per object. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from reconciler.kinds.flatten import flatten
from reconciler.kinds.natural_keys import joined
from reconciler.kinds.types.folders import FOLDER, UNIT, type_at
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.actions import (
    ABSENT,
    Action,
    Blocked,
    Create,
    InSync,
    Replace,
    Skip,
    Subject,
    Update,
)
from reconciler.plan.attribute_values import AttributeValues, Parent
from reconciler.plan.changes import Change
from reconciler.plan.context import Context, PlanOptions
from reconciler.plan.diff import (
    Difference,
    LiveFields,
    change_of,
    compare,
    decide,
    units_of,
)
from reconciler.plan.folders import find_folder, folder_key, folder_tenant, folder_type
from reconciler.plan.former_names import FormerNames
from reconciler.plan.identity import kind_of
from reconciler.plan.losses import referrers
from reconciler.plan.matching import describe, match
from reconciler.plan.names import MISSING
from reconciler.plan.ordering.deletions import delete_of
from reconciler.plan.renames import change_of_name
from reconciler.plan.replace import action_for_rename, replaced_fields
from reconciler.plan.reserved import reserved
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot


def plan_objects(context: Context, siblings: tuple[str, ...], former: FormerNames) -> list[Action]:
    """One action per desired object, in the order of the manifests. ``siblings``: other
    Web Engagement sites of the tenant. ``former``: the objects to be renamed, which have their new
    names in the context already."""
    planner = _ObjectPlanner(context, siblings, former)
    return [planner.action(desired) for desired in context.desired.objects]


def in_use_elsewhere(siblings: Sequence[str], options: PlanOptions, done: str) -> str:
    """Why an object is not replaced or deleted: another site may use it; empty: none does, or
    --force was given. ``siblings``: the other sites; ``done``: what --force does with it."""
    if not siblings or options.force:
        return ""
    return (
        f"another Web Engagement site of this tenant may use it: {', '.join(siblings)};"
        f" --force {done} it anyway"
    )


class _ObjectPlanner:
    def __init__(self, context: Context, siblings: tuple[str, ...], former: FormerNames) -> None:
        self._context = context
        self._former = former
        self._live = context.live
        self._options = context.options
        self._siblings = siblings
        self._values = AttributeValues(context)
        self._names = context.names
        self._holders: dict[tuple[object, ...], DesiredObject] = {}

    def action(self, desired: DesiredObject) -> Action:
        subject = Subject(
            desired.address,
            desired.kind.name,
            desired.kind.type,
            desired.name,
            tenant=self._names.tenant_of(desired),
            origin=desired.origin,
            protect=desired.policy.protect,
        )
        subject = self._context.with_secrets(subject, desired.fields)
        if desired.kind.tenanted and not subject.tenant:
            return Blocked(subject, _no_tenant(desired))
        not_ours = reserved(desired) or self._former.blocked.get(desired.address, "")
        if not_ours:
            return Blocked(subject, not_ours)
        parent = Parent()
        if desired.kind.parent:
            parent = self._values.parent(desired, subject.tenant)
            if parent.blocked:
                return Blocked(subject, parent.blocked)
            if not parent.name:
                return InSync(subject) if desired.absent else _without_parent(subject, desired)
            desired = replace(desired, key=(parent.name, desired.name))
        named, unknown = self._names.with_key(desired, subject.tenant)
        if unknown:
            return InSync(subject) if desired.absent else Blocked(subject, unknown)
        found = match(named, self._live, self._values.live, subject.tenant)
        if found.blocked:
            return Blocked(subject, found.blocked)
        if desired.absent:
            return self._absent(subject, named, found.live)
        live = _live_fields(named, found.live, self._live)
        desired, unknown = self._names.with_references(named, subject.tenant, live)
        if unknown:
            return Blocked(subject, unknown)
        twice = self._described_twice(desired, subject.tenant, found.live)
        if twice:
            return Blocked(subject, twice)
        default = self._values.other_default(desired, parent, subject.tenant)
        if default:
            return Blocked(subject, f"{default!r} is the default value already")
        if found.live is None:
            return self._create(subject, desired, parent)
        return self._existing(subject, desired, found.live, live)

    def _absent(self, subject: Subject, desired: DesiredObject, one: ConfObject | None) -> Action:
        """The action for an object that is declared absent."""
        twice = self._described_twice(desired, subject.tenant, one)
        if twice or one is None:
            return Blocked(subject, twice) if twice else InSync(subject)
        if kind_of(one) != desired.kind.name:
            return Blocked(subject, f"it is {describe(one)}: declare it as kind {kind_of(one)}")
        subject = self._context.with_secrets(replace(subject, dbid=one.dbid), ())
        shared = in_use_elsewhere(self._siblings, self._options, "deletes")
        return Blocked(subject, shared) if shared else delete_of(subject, one, self._live, ABSENT)

    def _described_twice(self, desired: DesiredObject, tenant: int, live: ConfObject | None) -> str:
        """Why another manifest describes the same object; empty: none does."""
        key: tuple[object, ...] = (desired.kind.type, tenant, *desired.key)
        if live is not None:
            key = (live.type, live.dbid)
        holder = self._holders.setdefault(key, desired)
        if holder is desired:
            return ""
        what = f", {describe(live)}" if live else ""
        return f"{holder.address} at {holder.origin} describes the same object{what}"

    def _create(self, subject: Subject, desired: DesiredObject, parent: Parent) -> Action:
        sibling = self._values.undeclared_sibling(desired, parent, subject.tenant)
        if sibling:
            reason = f"{desired.attribute!r} has {sibling} already, which no manifest declares"
            return Skip(subject, reason)
        base = desired.base_fields()
        kind, path = desired.kind.object_type, desired.folder
        folder = find_folder(kind, base, path, subject.tenant, self._live)
        if folder is None and self._declared_folder(desired, subject.tenant) is None:
            return Blocked(subject, _no_folder(desired))
        declared = [field for field in desired.fields if field.value is not None]
        return Create(
            subject,
            folder=folder or 0,
            folder_path=path,
            fields={**base, **desired.declared_fields()},
            changes=tuple(change_of(field, None, field.value, subject.hides) for field in declared),
        )

    def _declared_folder(self, desired: DesiredObject, tenant: int) -> DesiredObject | None:
        """The manifest that declares the folder for a new object."""
        kind = desired.kind.object_type
        holder = folder_type(kind, desired.folder)
        if holder is None:
            return None
        key = folder_key(kind, desired.base_fields(), desired.folder)
        found = self._names.declared(holder.name, joined(key), folder_tenant(kind, tenant))
        return None if found is None or found.absent else found

    def _existing(
        self,
        subject: Subject,
        desired: DesiredObject,
        one: ConfObject,
        live: LiveFields,
    ) -> Action:
        # Earlier runs may know more secrets by its DBID: it may have had another name.
        subject = self._context.with_secrets(replace(subject, dbid=one.dbid), desired.fields)
        policy = desired.policy
        renamed = self._change_of_name(desired, one)
        former = (desired.named(str(each.before)).address for each in renamed)
        overwrites = any(map(self._options.overwrites, (desired.address, *former)))
        replaces = policy.overwrite == "replace" and overwrites
        difference = compare(desired.kind.object_type, desired.fields, live, subject.hides)
        if difference.blocked:
            return Blocked(subject, f"{describe(one)}: {difference.blocked}")
        hidden = _loses_its_name(desired, one, difference.changes)
        shared = in_use_elsewhere(self._siblings, self._options, "renames") if renamed else ""
        if hidden or shared:
            return Blocked(subject, hidden or shared)
        if renamed:
            difference = replace(difference, changes=(*renamed, *difference.changes))
        if replaces and not policy.protect:
            return self._replace(subject, desired, one, difference)
        reason = "protected: corrected in place instead of replaced" if replaces else ""
        units = (*(each.path for each in renamed), *units_of(desired.fields))
        action = decide(subject, difference, units, reason=reason, folder=one.folder)
        if renamed and isinstance(action, Update):
            return action_for_rename(action, one, self._live)
        return action

    def _change_of_name(self, desired: DesiredObject, one: ConfObject) -> tuple[Change, ...]:
        """The change of the object's name, if it still has a former name."""
        key = (one.type, one.dbid)
        if key not in self._former.renames:
            return ()
        change = change_of_name(self._former.renames[key])
        origin = self._former.origins[key].origin
        return (replace(change, origin=origin, manifest=desired.address),)

    def _replace(
        self,
        subject: Subject,
        desired: DesiredObject,
        one: ConfObject,
        difference: Difference,
    ) -> Action:
        shared = in_use_elsewhere(self._siblings, self._options, "replaces")
        if shared:
            return Blocked(subject, shared)
        live = _live_fields(desired, one, self._live, every=True)
        fields = replaced_fields(desired, desired.base_fields(), live)
        changed = {each.path for each in difference.changes}
        reason = "--overwrite" if self._options.overwrite else "--overwrite-only"
        return Replace(
            subject,
            reason,
            folder=one.folder,
            fields=fields,
            changes=difference.changes,
            kept=difference.kept,
            carried=tuple(
                path
                for path, value in fields.items()
                if live.get(path) == value and path not in changed
            ),
            referrers=tuple((other.type, other.dbid) for other, _ in referrers(one, self._live)),
        )


def _no_folder(desired: DesiredObject) -> str:
    """Why an object cannot be created in its folder."""
    held = desired.kind.named_type if desired.kind.heading == FOLDER else desired.kind.type
    folder, path = type_at(f"{FOLDER}/{held}", desired.folder)
    what = f"folder {path} for objects of type {held}"
    if folder == UNIT:
        held, what = FOLDER, f"configuration unit {path}"
    return (
        f"there is no {what}: declare it, with kind: {FOLDER}, type: {held} and path: {path}, or"
        " create it by hand"
    )


def _no_tenant(desired: DesiredObject) -> str:
    return (
        f"the tenant {desired.tenant} is {MISSING}: correct the name, or declare the tenant, with"
        f" kind: Object, type: Tenant and name: {desired.tenant}"
    )


def _without_parent(subject: Subject, desired: DesiredObject) -> Action:
    reason = f"the Business Attribute {desired.attribute!r} is {MISSING}"
    skips = desired.policy.when_parent_missing == "skip"
    return Skip(subject, reason) if skips else Blocked(subject, reason)


def _live_fields(
    desired: DesiredObject, one: ConfObject | None, live: Snapshot, *, every: bool = False
) -> LiveFields:
    """The fields of a live object: those below the words that the manifest declares, or ``every``
    field; none if it is absent."""
    if one is None:
        return LiveFields({})
    words = None if every else {field.path[0] for field in desired.fields}
    return LiveFields(flatten(desired.kind.object_type, one.attributes, live, words))


def _loses_its_name(desired: DesiredObject, one: ConfObject, changes: tuple[Change, ...]) -> str:
    """Why an attribute that was found by its display name would not be found by the new display
    name."""
    renamed = any(change.path == ("displayName",) for change in changes)
    if not desired.kind.by_display_name or not renamed or one.attributes["name"] == desired.name:
        return ""
    return (
        f"it was found by the display name that would change;"
        f" call it by its name, {one.attributes['name']!r}"
    )
