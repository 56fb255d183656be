"""Which reads satisfy the requirements, given what was read so far. Pure.

A round may need what the round before it found: the DBID of the switch that a DN belongs to, the
names behind the DBIDs in a live object, the scripts that its options name. If a named object is
absent, the names of its scope are read to find similar names. Only managed scripts are read with
their bodies.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from reconciler.kinds.options import options_in, references_of
from reconciler.plan.chat.submitters import is_bound
from reconciler.plan.reading.queries import ALWAYS_READ, ReadRequirement
from reconciler.plan.reading.reading_round import Group, ReadingRound, reads_in_bulk
from reconciler.server.port import ConfObject
from reconciler.server.reading import Following, Query
from reconciler.server.snapshot import Snapshot

MANY = 100
"""If more objects of a type and tenant are needed, all of them are read at once (measured: decision
record 12)."""


def reads_of(needs: Sequence[ReadRequirement], scripts_of: Collection[int]) -> Following:
    """What to read for the requirements, as ``read_in_rounds`` asks for it. ``scripts_of``: the
    DBIDs of the tenants whose scripts option values may name."""
    groups: dict[Group, list[ReadRequirement]] = {}
    for need in needs:
        if (need.key or need.dbid) and need.type not in ALWAYS_READ:
            place = (need.type, need.tenant, need.script_type)
            groups.setdefault(place, []).append(need)
    managed = {(need.type, need.tenant, need.key) for need in needs if need.key}
    return partial(_following, needs, groups, managed, frozenset(scripts_of))


def _following(
    needs: Sequence[ReadRequirement],
    groups: Mapping[Group, Sequence[ReadRequirement]],
    managed: Collection[tuple[str, int, tuple[str, ...]]],
    scripts_of: frozenset[int],
    live: Snapshot,
    asked: Collection[Query],
) -> Sequence[Query]:
    found = ReadingRound(live, asked, MANY)
    for group, named in groups.items():
        found.add_named(group, named)
    of = _Objects(live)
    for need in needs:
        objects = of.objects(need)
        if need.former and not objects:
            continue
        found.add_all_for(need)
        for name in need.names:
            found.want_name(*name)
        for target in need.targets:
            found.want_dbid(*target, need.tenant)
        if need.strategies and not (objects and is_bound(objects[0], need.strategies)):
            found.add_submitters(need.tenant)
        if need.referrers and (objects or not (need.key or need.dbid)):
            found.add_referrers(need)
        for one in objects:
            found.add_targets(need, one)
            if need.new_name:
                found.add_holder_of_new_name(one, need.new_name)
            for path, value in options_in(one.type, one.attributes):
                for reference in references_of(*path, value):
                    tenant = reference.tenant_dbid or need.tenant
                    if reference.target == "script" and tenant in scripts_of:
                        found.want_name("Script", tenant, reference.name)
    return found.queries(managed)


class _Objects:
    """The live objects that a requirement is about."""

    def __init__(self, live: Snapshot) -> None:
        self._live = live
        self._labels: dict[tuple[str, int], dict[str, list[ConfObject]]] = {}

    def objects(self, need: ReadRequirement) -> list[ConfObject]:
        found: list[ConfObject | None] = []
        if need.dbid:
            found.append(self._live.get(need.type, need.dbid))
        if need.key and reads_in_bulk(need.type):
            found += self._called(need.type, need.tenant).get(need.key[-1], ())
        elif need.key:
            key = self._live.key_of(need.type, need.key, need.tenant)
            found.append(self._live.with_key(need.type, key) if key else None)
        return [one for one in found if one is not None]

    def _called(self, object_type: str, tenant: int) -> dict[str, list[ConfObject]]:
        """The objects of a type by name and by display name."""
        if (object_type, tenant) not in self._labels:
            labels: dict[str, list[ConfObject]] = {}
            for one in self._live.of_type(object_type, tenant):
                names = (one.attributes.get(word) for word in ("name", "displayName"))
                for name in dict.fromkeys(map(str, names)):
                    labels.setdefault(name, []).append(one)
            self._labels[object_type, tenant] = labels
        return self._labels[object_type, tenant]
