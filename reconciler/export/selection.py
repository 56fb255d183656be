"""Which live objects belong to an export. Pure.

To a Web Engagement site belong the objects that its own manifests name, the objects that refer to
these, and all that these objects refer to in turn, with their folders, so that they can be created
elsewhere. Applications and what they need (hosts, templates, tenants) are a prerequisite of the
site: only their options belong to it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from reconciler.kinds.manifests import kind_named
from reconciler.kinds.model import on_server
from reconciler.kinds.options import references_of
from reconciler.kinds.referring import targets_of
from reconciler.kinds.types.folders import FOLDER
from reconciler.kinds.types.table import ALL_TYPES, references_to
from reconciler.plan.folders import is_default_folder
from reconciler.plan.identity import kind_of
from reconciler.server.port import ConfObject, ObjectKey
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import is_own_object
from reconciler.text.wildcards import matches

PREREQUISITES = frozenset({"Tenant", "Application", "Host", "AppPrototype", "Folder"})
"""Types whose objects exist before anything is provisioned."""


class ExportRequest(Struct, frozen=True):
    """What was asked for. ``kinds``: names of kinds; ``names``: globs; ``everything``: all
    objects of the tenant. Without any of them: what belongs to the site."""

    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    everything: bool = False

    @property
    def whole_tenant(self) -> bool:
        """Whether the objects are chosen among all objects of the tenant."""
        return self.everything or bool(self.kinds or self.names)


def chosen(live: Snapshot, request: ExportRequest, tenant: int) -> list[ConfObject]:
    """The objects of a tenant, and those without a tenant, that a request chooses."""
    return [
        one
        for one in live
        if _is_of(one, tenant)
        and not is_own_object(one)
        and not is_default_folder(one)
        and kind_named(kind_of(one)) is not None
        and (not request.kinds or kind_of(one) in request.kinds)
        and (not request.names or matches(live.key_texts(one)[-1], request.names))
    ]


def _is_of(one: ConfObject, tenant: int) -> bool:
    match one.type:
        case "Tenant":
            return one.dbid == tenant
        case "Application":
            serves = one.attributes.get("tenantDBIDs") or [tenant]
            return tenant in serves
    return one.tenant in (0, tenant)


def referring_types(types: Iterable[str]) -> set[str]:
    """The types whose objects can refer to objects of these types."""
    found = {kind.name for one in types for kind, _, _ in references_to(one)}
    return {name for name in found if on_server(name) not in PREREQUISITES}


def of_the_site(live: Snapshot, named: Collection[ObjectKey], tenant: int) -> list[ConfObject]:
    """The objects that belong to the site. ``named``: those that its manifests name."""
    types = referring_types({object_type for object_type, _ in named})
    referring = {
        (one.type, one.dbid)
        for object_type in types
        for one in live.of_type(object_type)
        if _is_of(one, tenant)
        and not is_own_object(one)
        and any(target in named for target in targets_of(ALL_TYPES[one.type], one.attributes))
    }
    found: dict[ObjectKey, ConfObject] = {}
    left = sorted({*named, *referring})
    while left:
        key = left.pop()
        one = live.get(*key)
        if one is None or not _is_of(one, tenant) or is_default_folder(one):
            continue
        key = (one.type, one.dbid)  # references to a folder have the type Folder
        if key in found or one.type in PREREQUISITES:
            continue
        found[key] = one
        left += [*targets_of(ALL_TYPES[one.type], one.attributes), *_scripts_of(one, live)]
        left.append((FOLDER, one.folder))
    return [found[key] for key in sorted(found)]


def scripts_in(
    live: Snapshot, sections: Mapping[int, Collection[str]], tenant: int
) -> Iterator[ObjectKey]:
    """The scripts that sections of applications name, such as the queues of endpoints.
    ``sections``: DBID of an application -> names of sections."""
    for dbid, names in sections.items():
        one = live.get("Application", dbid)
        held = (one.attributes.get("options") or {}) if one else {}
        for section in names:
            for key, value in held.get(section, {}).items():
                for reference in references_of("options", section, key, value):
                    scope = reference.tenant_dbid or tenant
                    script = live.find("Script", scope, reference.name)
                    if reference.target == "script" and script is not None:
                        yield script.type, script.dbid


def _scripts_of(one: ConfObject, live: Snapshot) -> Iterator[ObjectKey]:
    """The scripts that the annex of a script names."""
    for section, options in (one.attributes.get("userProperties") or {}).items():
        for key, value in options.items():
            for reference in references_of("annex", section, key, value):
                target = live.find("Script", reference.tenant_dbid or one.tenant, reference.name)
                if target is not None:
                    yield target.type, target.dbid
