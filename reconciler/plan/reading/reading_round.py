"""The reads of one round: what is needed, without what was read before. Pure.

Objects are read by natural key if few of a type are named, and in bulk if many are. Only managed
scripts are read with their bodies.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from reconciler.kinds.enums import SCRIPT_TYPE
from reconciler.kinds.manifests import MANIFEST_KINDS
from reconciler.kinds.model import ObjectType
from reconciler.kinds.names import alike_key
from reconciler.kinds.natural_keys import has_tenant, key_parts, split
from reconciler.kinds.referring import targets_of
from reconciler.kinds.types.folders import FOLDER, UNIT
from reconciler.kinds.types.table import ALL_TYPES, FOLDER_TYPES, references_to, referred_folder
from reconciler.plan.chat.submitters import SUBMITTER, annex_values, submitters
from reconciler.plan.folders import folder_tenant, folder_type
from reconciler.plan.reading.queries import ALWAYS_READ, ReadRequirement
from reconciler.plan.renames import new_key
from reconciler.server.folders import members
from reconciler.server.port import ConfObject, Filter
from reconciler.server.reading import Query, brief, by_key, query, scope_of, scope_read
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

_OF_ENVIRONMENT_TOO = ("Person", "AccessGroup", "EnumeratorValue")
"""Types of objects in tenant Environment that objects of other tenants may refer to."""

Group = tuple[str, int, int | None]
"""An object type, the DBID of a tenant, and the number of a script type or None."""


class ReadingRound:
    """Collects the reads of one round."""

    def __init__(self, live: Snapshot, asked: Collection[Query], many: int) -> None:
        self._live = live
        self._asked = asked
        self._many = many
        self._queries: dict[Query, None] = {}
        self._wanted: set[tuple[str, int, str]] = set()
        self._submitted: set[int] = set()
        self._names: dict[tuple[str, int], dict[tuple[str, ...], None]] = {}
        self._dbids: dict[str, dict[int, int]] = {}
        self._absent: dict[tuple[str, tuple[tuple[str, str | int], ...]], set[str]] = {}

    def queries(self, managed: Collection[tuple[str, int, tuple[str, ...]]]) -> list[Query]:
        """The reads of the round. ``managed``: the objects that are read whole, by type, tenant and
        key, so that no other read asks for them."""
        for (object_type, tenant), keys in self._names.items():
            wanted = [key for key in keys if (object_type, tenant, key) not in managed]
            self._add_keys(object_type, tenant, wanted)
        for object_type, dbids in self._dbids.items():
            self._add_dbids(object_type, dbids)
        for (object_type, scope), alike in self._absent.items():
            filters = {**dict(scope), **brief(object_type)}
            self._add(query(object_type, filters, frozenset(alike)))
        return list(self._queries)

    def _add(self, one: Query) -> None:
        self._queries[one] = None

    def add_named(self, group: Group, needs: Sequence[ReadRequirement]) -> None:
        """Adds the reads of managed objects, by key or in bulk, and of objects whose names look
        like those of absent objects."""
        object_type, tenant, script_type = group
        kind = ALL_TYPES[object_type]
        subtype: Filter = {} if script_type is None else {"script_type": script_type}
        bulk = query(object_type, {**scope_of(object_type, tenant), **subtype})
        count = len({(one.key, one.dbid) for one in needs})
        in_bulk = reads_in_bulk(object_type) or count > self._many
        if in_bulk:
            self._add(bulk)
        bulk_asked = bulk in self._asked
        alike: dict[tuple[object, ...], set[str]] = {}
        owners = [(at, one.refers_to) for at, one in enumerate(key_parts(kind)) if one.refers_to]
        for need in needs:
            if need.dbid and not in_bulk:
                self._add(query(object_type, {"dbid": need.dbid}))
            if not need.key:
                continue
            for at, owner in owners:
                self.want_name(owner, tenant, need.key[at])
            key = self._live.key_of(object_type, need.key, tenant)
            if key is None:  # what it belongs to is absent, or not read yet
                continue
            filters = {} if in_bulk else by_key(kind, key)
            asked = bulk_asked
            if filters:
                own = query(object_type, {**filters, **subtype})
                self._add(own)
                asked = own in self._asked
            elif not in_bulk:
                self._add(bulk)
            if not asked or not (filters or subtype):
                continue
            if self._live.with_key(object_type, key) is not None:
                continue
            if subtype and not need.twins and not in_bulk:  # a script of another type may have it
                self._add(query(object_type, {**by_key(kind, key), **brief(object_type)}))
            elif need.twins or subtype:
                around = key[:-1]
                if around not in alike:
                    outer: Filter = by_key(kind, around) or scope_of(object_type, tenant)
                    scope = (object_type, tuple(sorted(outer.items())))
                    alike[around] = self._absent.setdefault(scope, set())
                alike[around].add(alike_key(str(key[-1])))

    def want_name(self, object_type: str, tenant: int, name: str) -> None:
        """Adds the read of what a natural name refers to; the name may begin with its tenant."""
        folder = referred_folder(name) if object_type == FOLDER else None
        if folder is not None:
            self.want_name(folder[0], tenant, folder[1])
            return
        if object_type in ("", *ALWAYS_READ):
            return
        wanted = (object_type, tenant, name)
        if wanted in self._wanted:
            return
        self._wanted.add(wanted)
        kind = ALL_TYPES[object_type]
        if reads_in_bulk(object_type):
            self._add_bulk(object_type, tenant)
            return
        if self._live.dbid(object_type, name, tenant) is None:
            self._want_key(kind, tenant, name)
            prefix, colon, rest = name.partition(":")
            owner = self._live.find("Tenant", 0, prefix) if colon and has_tenant(kind) else None
            if owner is not None:
                self._want_key(kind, owner.dbid, rest)
        elif name.startswith("#") and name[1:].isdecimal():
            self.want_dbid(object_type, int(name[1:]), tenant)

    def _want_key(self, kind: ObjectType, tenant: int, name: str) -> None:
        parts = key_parts(kind)
        texts = split(name, len(parts))
        if texts is None:
            return
        for part, text in zip(parts, texts, strict=True):
            if part.refers_to:
                self.want_name(part.refers_to, tenant, text)
        self._names.setdefault((kind.name, tenant), {})[texts] = None

    def want_dbid(self, object_type: str, dbid: int, tenant: int) -> None:
        """Adds the read of an object and of the objects whose names are prefixes of its name."""
        if object_type in ("", *ALWAYS_READ):
            return
        found = self._live.get(object_type, dbid)
        if found is None:
            self._dbids.setdefault(object_type, {})[dbid] = tenant
            return
        kind = ALL_TYPES[found.type]
        words = {part.word for part in key_parts(kind)}
        for owner, number in targets_of(kind, found.attributes, words):
            self.want_dbid(owner, number, found.tenant or tenant)

    def add_targets(self, need: ReadRequirement, one: ConfObject) -> None:
        """Adds reads for the names of the DBIDs in the key and the declared fields of a live
        object."""
        kind = ALL_TYPES[one.type]
        words = {*need.words, *(part.word for part in key_parts(kind))}
        if need.referrers:  # the names that would be lost
            words |= kind.referring
        # A folder goes only when it is empty.
        held = members(one, self._live) if need.referrers else ()
        for target, dbid in (*targets_of(kind, one.attributes, words), *held):
            self.want_dbid(target, dbid, one.tenant or need.tenant)

    def add_holder_of_new_name(self, one: ConfObject, name: str) -> None:
        """Adds the read of an object that may already have the natural key which ``one`` would get
        with a new name."""
        filters = by_key(ALL_TYPES[one.type], new_key(one, name))
        if filters:
            self._add(query(one.type, {**filters, **brief(one.type)}))

    def add_referrers(self, need: ReadRequirement) -> None:
        """Adds the objects of every type that can refer to an object."""
        for referring, _, _ in references_to(need.type):
            if referring.name not in FOLDER_TYPES:  # they are among those of type Folder
                self._add_scope(referring.name, need.tenant)

    def add_submitters(self, tenant: int) -> None:
        """Adds the scripts that assign strategies to the views of queues, and those views."""
        if tenant in self._submitted:
            return
        self._submitted.add(tenant)
        kind = {"script_type": SUBMITTER, "exclude_bytecode": True}
        self._add(query("Script", {**scope_of("Script", tenant), **kind}))
        found = submitters(self._live, tenant)
        names = sorted({name for one in found for name in annex_values(one)})
        if len(names) > self._many:
            views = {"script_type": SCRIPT_TYPE["InteractionQueueView"], **brief("Script")}
            self._add(query("Script", {**scope_of("Script", tenant), **views}))
            return
        for name in names:
            self.want_name("Script", tenant, name)

    def add_all_for(self, need: ReadRequirement) -> None:
        """Adds the reads that do not depend on what was found."""
        if (need.key or need.dbid) and not (need.folder or need.former):
            return
        kind = ALL_TYPES[need.type]
        if need.folder:
            holder = folder_type(kind)
            if holder is not None:
                self._add_scope(holder.name, need.tenant)
            if need.type in FOLDER_TYPES:
                self._add_scope(UNIT, folder_tenant(kind, need.tenant))
        if need.former and need.type == "Script":  # their options name scripts
            self._add_scope("Script", need.tenant)
        if need.key or need.dbid:
            return
        if need.brief:
            self._add_scope(need.type, need.tenant)
        elif need.type not in ALWAYS_READ:
            subtype = {} if need.script_type is None else {"script_type": need.script_type}
            self._add(query(need.type, {**scope_of(need.type, need.tenant), **subtype}))
            self._add_parents(need.type, need.tenant)
        for word in sorted(need.words):
            attribute = kind.by_word(word)
            for inner in (attribute, *attribute.fields) if attribute else ():
                for target in inner.target_types:
                    self._add_bulk(target, need.tenant)

    def _add_bulk(self, object_type: str, tenant: int) -> None:
        """Reads all objects of a type that objects of a tenant may refer to, without bodies."""
        if object_type in ("", *ALWAYS_READ):
            return
        shared = tenant and object_type in _OF_ENVIRONMENT_TOO
        for dbid in dict.fromkeys((tenant, ENVIRONMENT)) if shared else (tenant,):
            self._add_scope(object_type, dbid)

    def _add_scope(self, object_type: str, tenant: int) -> None:
        """Reads all objects of a type in a tenant, without bodies, and the objects whose names are
        prefixes of their names."""
        if object_type not in ("", *ALWAYS_READ):
            self._add(scope_read(object_type, tenant))
            self._add_parents(object_type, tenant)

    def _add_parents(self, object_type: str, tenant: int) -> None:
        any_folder = FOLDER_TYPES.values() if object_type == FOLDER else ()
        for kind in any_folder or (ALL_TYPES[object_type],):
            for part in key_parts(kind):
                self._add_scope(part.refers_to, tenant)

    def _add_keys(self, object_type: str, tenant: int, keys: Iterable[tuple[str, ...]]) -> None:
        """Reads what is referred to by name and was not found yet."""
        kind = ALL_TYPES[object_type]
        found = [self._live.key_of(object_type, texts, tenant) for texts in keys]
        filters = [by_key(kind, key) for key in found if key is not None]
        reads = [query(object_type, {**one, **brief(object_type)}) for one in filters if one]
        new = [one for one in reads if one not in self._asked]
        if len(new) > self._many or len(reads) < len(filters):
            self._add_bulk(object_type, tenant)
        else:
            self._queries.update(dict.fromkeys(new))

    def _add_dbids(self, object_type: str, dbids: Mapping[int, int]) -> None:
        """Reads what is referred to by DBID, was not found yet and is not among the objects of a
        tenant that this round reads."""
        reads = {
            query(object_type, {"dbid": dbid, **brief(object_type)}): tenant
            for dbid, tenant in dbids.items()
            if scope_read(object_type, tenant) not in self._queries
        }
        new = {one: tenant for one, tenant in reads.items() if one not in self._asked}
        if len(new) > self._many:
            for tenant in dict.fromkeys(new.values()):
                self._add_bulk(object_type, tenant)
        else:
            self._queries.update(dict.fromkeys(new))


@cache
def reads_in_bulk(object_type: str) -> bool:
    """Whether all objects of a type in a tenant are read whichever are named: types that are also
    found by display name, and types whose keys name such objects."""
    return object_type in _BY_DISPLAY_NAME or any(
        part.refers_to in _BY_DISPLAY_NAME for part in key_parts(ALL_TYPES[object_type])
    )


_BY_DISPLAY_NAME = frozenset(kind.type for kind in MANIFEST_KINDS.values() if kind.by_display_name)
