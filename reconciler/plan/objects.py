"""The action for each object that manifests describe whole. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.fields import Path, Value, flatten
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.context import Context, matches
from reconciler.plan.diff import compare
from reconciler.plan.matching import Match, describe, match, match_attribute
from reconciler.plan.model import KEPT, Action, Change
from reconciler.plan.replace import losses, replaced_fields
from reconciler.server.port import ConfObject

MISSING = "absent, or not readable by this account"


def plan_objects(context: Context, siblings: tuple[str, ...]) -> list[Action]:
    """One action per desired object, in the order of the manifests. ``siblings``: other
    Web Engagement sites of the tenant."""
    planner = _ObjectPlanner(context, siblings)
    return [planner.action(desired) for desired in context.desired.objects]


class _ObjectPlanner:
    def __init__(self, context: Context, siblings: tuple[str, ...]) -> None:
        self._live = context.live
        self._options = context.options
        self._siblings = siblings
        self._desired = context.desired.objects
        self._holders: dict[tuple[str, int], str] = {}

    def action(self, desired: DesiredObject) -> Action:
        base = Action(
            address=desired.address,
            kind=desired.kind.name,
            action="in-sync",
            object_type=desired.kind.type,
            name=desired.name,
            origin=desired.origin,
        )
        tenant = self._live.find("Tenant", 0, desired.tenant)
        if tenant is None:
            return _blocked(base, f"the tenant {desired.tenant} is {MISSING}")
        base = replace(base, tenant=tenant.dbid)
        parent = Match()
        if desired.kind.parent:
            parent = match_attribute(self._live, tenant.dbid, desired.attribute)
            if parent.blocked:
                return _blocked(base, parent.blocked)
            if parent.live is None and not self._attribute_is_declared(desired):
                return self._without_parent(base, desired)
        found = match(desired, self._live, tenant.dbid, parent.live.dbid if parent.live else 0)
        if found.blocked:
            return _blocked(base, found.blocked)
        unknown = self._unknown_reference(desired, tenant.dbid)
        if unknown:
            return _blocked(base, unknown)
        create = self._create_fields(desired, parent.live)
        if found.live is None:
            return self._create(base, desired, create, parent.live)
        holder = self._holders.setdefault((found.live.type, found.live.dbid), desired.address)
        if holder != desired.address:
            return _blocked(base, f"{holder} describes the same object, {describe(found.live)}")
        return self._existing(base, desired, create, found.live)

    def _unknown_reference(self, desired: DesiredObject, tenant: int) -> str:
        """What a declared reference by natural name leads to nothing; empty: none does."""
        for field in desired.fields:
            attribute = desired.kind.object_type.by_word(field.path[0])
            if attribute is None or not attribute.refers_to or field.value is None:
                continue
            name = str(field.value)
            if self._live.dbid(attribute.refers_to, name, tenant) is None:
                return f"{field.path[0]}: the {attribute.refers_to} {name} is {MISSING}"
        return ""

    def _attribute_is_declared(self, desired: DesiredObject) -> bool:
        return any(
            one.kind.name == desired.kind.parent
            and (one.tenant, one.name) == (desired.tenant, desired.attribute)
            for one in self._desired
        )

    def _without_parent(self, base: Action, desired: DesiredObject) -> Action:
        reason = f"the Business Attribute {desired.attribute!r} is {MISSING}"
        if desired.policy.when_parent_missing == "skip":
            return replace(base, action="skip", reason=reason)
        return _blocked(base, reason)

    def _create_fields(
        self, desired: DesiredObject, parent: ConfObject | None
    ) -> dict[Path, Value]:
        identity: dict[Path, Value] = {("tenant",): desired.tenant, ("name",): desired.name}
        if desired.kind.parent:
            name = str(parent.attributes["name"]) if parent else desired.attribute
            identity["attribute",] = name
        return {**identity, **desired.create_fields()}

    def _create(
        self,
        base: Action,
        desired: DesiredObject,
        fields: Mapping[Path, Value],
        parent: ConfObject | None,
    ) -> Action:
        sibling = self._sibling_value(desired, parent)
        if sibling:
            reason = f"{desired.attribute!r} has {sibling} already, which no manifest declares"
            return replace(base, action="skip", reason=reason)
        default = self._other_default(desired, parent, 0)
        if default:
            return _blocked(base, f"{default!r} is the default value already")
        folder = self._folder(desired, base.tenant, parent)
        if folder is None:
            return _blocked(base, f"there is no folder {desired.folder!r} to create it in")
        changes = tuple(
            Change(f.path, None, f.value, f.origin, f.manifest)
            for f in desired.fields
            if f.value is not None
        )
        return replace(base, action="create", fields=fields, folder=folder, changes=changes)

    def _sibling_value(self, desired: DesiredObject, parent: ConfObject | None) -> str:
        """A value of the attribute that stands for ``desired`` and that is not declared."""
        if parent is None or not desired.policy.unless_sibling:
            return ""
        declared = {
            one.name
            for one in self._desired
            if (one.kind, one.attribute) == (desired.kind, desired.attribute)
        }
        for value in self._live.of_type("EnumeratorValue"):
            name = str(value.attributes["name"])
            if (
                value.attributes["enumeratorDBID"] == parent.dbid
                and name not in declared
                and matches(name, desired.policy.unless_sibling)
            ):
                return name
        return ""

    def _other_default(self, desired: DesiredObject, parent: ConfObject | None, own: int) -> str:
        """The default value of the attribute where ``desired`` wants to become it."""
        wants = any(f.path == ("isDefault",) and f.value is True for f in desired.fields)
        if parent is None or not wants:
            return ""
        for value in self._live.of_type("EnumeratorValue"):
            same = value.attributes["enumeratorDBID"] == parent.dbid and value.dbid != own
            if same and value.attributes.get("isDefault"):
                return str(value.attributes["name"])
        return ""

    def _folder(self, desired: DesiredObject, tenant: int, parent: ConfObject | None) -> int | None:
        """The DBID of the folder that the manifest names; 0: the default one."""
        if not desired.folder:
            return 0
        kind = desired.kind.object_type
        owner = ("Enumerator", parent.dbid) if parent else ("Tenant", tenant)
        owner_id = {"type": OBJECT_TYPES[owner[0]].number, "DBID": owner[1]}
        folders = [
            one
            for one in self._live.of_type("Folder")
            if one.attributes["type"] == kind.number and one.attributes["ownerID"] == owner_id
        ]
        current = next((f for f in folders if f.attributes["parentID"] == owner_id), None)
        for name in desired.folder.strip("/").split("/"):
            inside = current.dbid if current else 0
            current = next(
                (
                    f
                    for f in folders
                    if f.attributes["name"] == name
                    and f.attributes["parentID"] == {"type": 22, "DBID": inside}
                ),
                None,
            )
        return current.dbid if current else None

    def _existing(
        self, base: Action, desired: DesiredObject, create: Mapping[Path, Value], one: ConfObject
    ) -> Action:
        base = replace(base, dbid=one.dbid, folder=one.folder)
        object_type = desired.kind.object_type
        live = flatten(object_type, one.attributes, self._live)
        policy = desired.policy
        overwrites = self._options.overwrites(desired.address)
        if overwrites and policy.overwrite == "replace" and policy.protect:
            base = replace(base, reason="protected: corrected in place instead of replaced")
        difference = compare(
            object_type,
            desired.fields,
            live,
            overwrite=overwrites and policy.overwrite == "correct",
        )
        if difference.blocked:
            return _blocked(base, difference.blocked)
        parent = self._live.get("Enumerator", int(one.attributes.get("enumeratorDBID") or 0))
        if any(c.path == ("isDefault",) for c in difference.changes):
            default = self._other_default(desired, parent, one.dbid)
            if default:
                return _blocked(base, f"{default!r} is the default value already")
        base = replace(base, changes=difference.changes, kept=difference.kept)
        if overwrites and policy.overwrite == "replace" and not policy.protect:
            return self._replace(base, desired, create, one, live)
        if difference.changes:
            return replace(base, action="update")
        if difference.kept:
            return replace(base, action="keep", reason=KEPT)
        return base

    def _replace(
        self,
        base: Action,
        desired: DesiredObject,
        create: Mapping[Path, Value],
        one: ConfObject,
        live: Mapping[Path, Value],
    ) -> Action:
        if self._siblings and not self._options.force:
            listed = ", ".join(self._siblings)
            return _blocked(
                base,
                f"another Web Engagement site of this tenant may use it: {listed};"
                " --force replaces it all the same",
            )
        fields = replaced_fields(desired, create, live)
        lost = losses(desired, one, live, fields, self._live)
        reason = "--overwrite" if self._options.overwrite else "--overwrite-only"
        return replace(base, action="replace", reason=reason, fields=fields, loses=lost)


def _blocked(base: Action, reason: str) -> Action:
    return replace(base, action="blocked", reason=reason, changes=(), kept=())
