"""Which live objects still have a former name (``formerly``), and what else still uses that name.
Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.kinds.model import ValueType
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.desired import DesiredObject, FormerName
from reconciler.plan.actions import Action
from reconciler.plan.attribute_values import AttributeValues
from reconciler.plan.context import Context
from reconciler.plan.effects import Simulation
from reconciler.plan.identity import kind_of
from reconciler.plan.matching import describe, match
from reconciler.plan.names import DeclaredNames
from reconciler.plan.renames import Rename, rename_of, with_new_names
from reconciler.server.port import ConfObject, ObjectKey
from reconciler.server.snapshot import Snapshot

_LISTED = 5


class FormerNames(Struct, frozen=True):
    """What is to be renamed. ``origins``: where manifests say so; ``blocked``: address -> why an
    object can neither be renamed nor created."""

    renames: Mapping[ObjectKey, Rename] = field(default_factory=dict)
    origins: Mapping[ObjectKey, FormerName] = field(default_factory=dict)
    blocked: Mapping[str, str] = field(default_factory=dict)


def find_former_names(context: Context) -> tuple[Context, FormerNames]:
    """What is to be renamed, and the context with the objects already renamed."""
    wanted = [one for one in context.desired.objects if one.formerly and not one.absent]
    renames: dict[ObjectKey, Rename] = {}
    origins: dict[ObjectKey, FormerName] = {}
    while wanted:
        found = [(desired, _Candidates.of(desired, context)) for desired in wanted]
        single = [(desired, *each.single) for desired, each in found if each.single]
        new = [one for one in single if (one[1].type, one[1].dbid) not in renames]
        if not new:
            blocked = {one.address: each.conflict for one, each in found if each.conflict}
            return context, FormerNames(renames, origins, blocked)
        for desired, one, former in new:
            key = (one.type, one.dbid)
            renames[key] = Rename(*key, former.name, desired.name)
            origins[key] = former
        # Objects whose keys begin with a new name are found in the next pass.
        context = replace(context, live=with_new_names(context.live, renames.values()))
    return context, FormerNames()


class _Candidates(Struct, frozen=True):
    """The live objects that may be what a manifest declares: ``there`` has its name, the others a
    former name."""

    there: ConfObject | None = None
    former: tuple[tuple[ConfObject, FormerName], ...] = ()

    @classmethod
    def of(cls, desired: DesiredObject, context: Context) -> "_Candidates":
        live = context.live
        tenant = live.find("Tenant", 0, desired.tenant) if desired.kind.tenanted else None
        dbid = tenant.dbid if tenant else 0
        values = AttributeValues(context)
        if desired.kind.parent:
            parent = values.parent(desired, dbid)
            desired = replace(desired, key=(parent.name, desired.name))
        names = DeclaredNames(context.desired, live, context.site.tenant_dbid)
        desired, unknown = names.with_key(desired, dbid)
        if unknown:
            return cls()
        there = match(desired, live, values.live, dbid).live
        former: dict[int, tuple[ConfObject, FormerName]] = {}
        for name in desired.formerly:
            one = match(desired.named(name.name), live, values.live, dbid).live
            if one is not None and one is not there:
                former.setdefault(one.dbid, (one, name))
        return cls(there, tuple(former.values()))

    @property
    def single(self) -> tuple[ConfObject, FormerName] | tuple[()]:
        """The only candidate, if it has a former name."""
        return self.former[0] if len(self.former) == 1 and self.there is None else ()

    @property
    def conflict(self) -> str:
        """Why nothing can be done; empty: there is only one candidate."""
        found = [*([self.there] if self.there else []), *(one for one, _ in self.former)]
        if not self.former or len(found) < 2:
            return ""
        return (
            f"{' and '.join(map(describe, found))} are on the server, and gwe cannot know which"
            " of them the manifest means: delete the object that is not needed, or remove its"
            " name from formerly"
        )


def former_name_notices(actions: Sequence[Action], final: Simulation) -> Iterator[str]:
    """A notice for each renamed object whose former name is still in options after the plan."""
    for action in actions:
        renamed = rename_of(action)
        places = list(_places(renamed.before, final.live)) if renamed else []
        if renamed and places:
            left = len(places) - _LISTED
            listed = ", ".join(places[:_LISTED]) + (f" and {left} more" if left > 0 else "")
            yield (
                f"{action.address}: still called {renamed.before!r} in {listed}. No manifest"
                " changes that; look into strategies too, which cannot be seen from here."
            )


def _places(name: str, live: Snapshot) -> Iterator[str]:
    """The options whose values contain a name."""
    is_in = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    for one in live:
        for section, option, value in _options(one):
            if isinstance(value, str) and is_in.search(value):
                yield f"{kind_of(one)}/{live.key_texts(one)[-1]} {section}/{option}"


def _options(one: ConfObject) -> Iterator[tuple[str, str, object]]:
    """The options in all key-value lists of an object."""
    for attribute in ALL_TYPES[one.type].attributes:
        if attribute.type is ValueType.KEY_VALUES:
            for section, options in (one.attributes.get(attribute.name) or {}).items():
                yield from ((section, option, value) for option, value in options.items())
