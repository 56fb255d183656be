"""Relations between Business Attribute values and their attribute. Pure.

Which attribute a value belongs to, live or declared; which undeclared value keeps a declared value
from being created (``unlessSibling``); which value is the default.
"""

from collections.abc import Collection, Iterator

from msgspec import Struct

from reconciler.manifest.desired import DesiredObject, Initial, ManagedField
from reconciler.plan.context import Context
from reconciler.plan.matching import LiveAttributes
from reconciler.server.port import ConfObject
from reconciler.text.wildcards import matches


class Parent(Struct, frozen=True):
    """The attribute of a value: ``live``, or created by ``declared``, or neither."""

    live: ConfObject | None = None
    declared: DesiredObject | None = None
    blocked: str = ""

    @property
    def name(self) -> str:
        """The attribute's own name, whatever the manifest called it."""
        if self.live is not None:
            return str(self.live.attributes["name"])
        return self.declared.name if self.declared else ""


class AttributeValues:
    """The values of the attributes that matter to a plan, live and desired."""

    def __init__(self, context: Context) -> None:
        self.live = LiveAttributes(context.live)
        self._by_attribute: dict[int, list[ConfObject]] = {}
        for value in context.live.of_type("EnumeratorValue"):
            self._by_attribute.setdefault(value.attributes["enumeratorDBID"], []).append(value)
        self._attributes: dict[tuple[str, str], DesiredObject] = {}
        self._by_name: dict[tuple[str, str], DesiredObject] = {}
        for one in context.desired.objects:
            for name in _names_of(one) if one.kind.by_display_name and not one.absent else ():
                self._attributes.setdefault((one.tenant, name), one)
                self._by_name.setdefault((one.tenant, one.name), one)
        self._values = [one for one in context.desired.objects if one.kind.parent]
        self._siblings: dict[str, dict[str, list[DesiredObject]]] = {}
        self._parents: dict[tuple[str, int, str, bool], Parent] = {}

    def parent(self, desired: DesiredObject, tenant: int) -> Parent:
        """The attribute of a desired value."""
        key = (desired.tenant, tenant, desired.attribute, desired.exact)
        if key not in self._parents:
            self._parents[key] = self._find_parent(desired, tenant)
        return self._parents[key]

    def _find_parent(self, desired: DesiredObject, tenant: int) -> Parent:
        found = self.live.match(tenant, desired.attribute, exact=desired.exact)
        if found.live is not None:
            return Parent(found.live)
        names = self._by_name if desired.exact else self._attributes
        declared = names.get((desired.tenant, desired.attribute))
        return Parent(declared=declared) if declared else Parent(blocked=found.blocked)

    def _declared(self, desired: DesiredObject, parent: Parent, tenant: int) -> list[DesiredObject]:
        """Every declared value of the attribute, whatever the manifests call it."""
        if desired.tenant not in self._siblings:
            by_attribute: dict[str, list[DesiredObject]] = {}
            for one in self._values:
                if one.tenant == desired.tenant:
                    by_attribute.setdefault(self.parent(one, tenant).name, []).append(one)
            self._siblings[desired.tenant] = by_attribute
        return self._siblings[desired.tenant].get(parent.name, [])

    def undeclared_sibling(self, desired: DesiredObject, parent: Parent, tenant: int) -> str:
        """A live value of the attribute that ``unlessSibling`` names and no manifest
        declares; empty: there is none."""
        if parent.live is None or not desired.policy.unless_sibling:
            return ""
        declared = {one.name for one in self._declared(desired, parent, tenant)}
        for value in self._by_attribute.get(parent.live.dbid, ()):
            name = str(value.attributes["name"])
            if name not in declared and matches(name, desired.policy.unless_sibling):
                return name
        return ""

    def other_default(self, desired: DesiredObject, parent: Parent, tenant: int) -> str:
        """Another value that is the default after the plan although ``desired`` declares itself the
        default; empty: there is none."""
        if not wants_default(desired, True):
            return ""
        live = self._by_attribute.get(parent.live.dbid, ()) if parent.live else ()
        existing = {str(value.attributes["name"]) for value in live}
        if not _sets_default(desired, True, existing):
            return ""
        siblings = self._declared(desired, parent, tenant)
        cleared = {one.name for one in siblings if _sets_default(one, False, existing)}
        for value in live:
            name = str(value.attributes["name"])
            if value.attributes.get("isDefault") and name not in cleared | {desired.name}:
                return name
        first = next(one.name for one in siblings if _sets_default(one, True, existing))
        return "" if first == desired.name else first


def _names_of(attribute: DesiredObject) -> Iterator[str]:
    """The names by which manifests may call a declared attribute."""
    yield attribute.name
    for field in attribute.fields:
        if field.path == ("displayName",):
            yield str(field.value)


def wants_default(desired: DesiredObject, flag: bool) -> bool:
    """Whether a manifest declares that the value is the default, or that it is not."""
    return _default_field(desired, flag) is not None


def _default_field(desired: DesiredObject, flag: bool) -> ManagedField | None:
    for field in desired.fields:
        if field.path == _IS_DEFAULT and field.value is flag:
            return field
    return None


_IS_DEFAULT = ("isDefault",)


def _sets_default(desired: DesiredObject, flag: bool, existing: Collection[str]) -> bool:
    """Whether a plan makes the value the default, or takes that from it. ``existing``: the names of
    live values, whose initial fields are the site's own."""
    field = _default_field(desired, flag)
    if field is None:
        return False
    return not (isinstance(field.ownership, Initial) and desired.name in existing)
