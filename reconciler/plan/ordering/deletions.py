"""What must come before a delete, and what forbids it. Pure.

The server deletes what belongs to an object together with it, and refuses to delete an object that
others need. So a delete is planned only if manifests declare everything absent that is deleted with
it, and nothing that stays needs it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from reconciler.kinds.flatten import references_in
from reconciler.kinds.referring import references_to_object
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.actions import Action, Blocked, Delete, Replace, Subject, Update, Write
from reconciler.plan.effects import create_attributes, updated, written_references
from reconciler.plan.identity import address_of
from reconciler.plan.losses import referrers
from reconciler.plan.model import SiteMark
from reconciler.server.folders import members
from reconciler.server.port import ConfObject, ObjectKey
from reconciler.server.snapshot import Snapshot
from reconciler.server.validation import effect_of_deletion

_LISTED = 5


def delete_of(subject: Subject, one: ConfObject, live: Snapshot, reason: str = "") -> Delete:
    """The action that deletes a live object, without what it loses."""
    found = tuple((other.type, other.dbid) for other, _ in referrers(one, live))
    return Delete(subject, reason, folder=one.folder, referrers=tuple(dict.fromkeys(found)))


class Deletions(Struct, frozen=True, dict=True):
    """The deletes among ``actions``. ``account``: the user name that this session has."""

    actions: Sequence[Action]
    live: Snapshot
    site: SiteMark
    account: str = ""

    @cached_property
    def planned(self) -> Mapping[ObjectKey, Action]:
        """The actions on live objects."""
        return on_objects(self.actions)

    def obstacle(self, action: Action) -> str:
        """Why a delete must not or cannot be done; empty: it can, or the action is no delete."""
        one = self.live.get(action.object_type, action.dbid)
        if not isinstance(action, Delete) or one is None:
            return ""
        return self._part_of_site(one) or "; ".join(
            (*self._consequences(one), *self._held_by_folder(one))
        )

    def _part_of_site(self, one: ConfObject) -> str:
        if (one.type, one.dbid) == ("Tenant", self.site.tenant_dbid):
            return "it is the tenant of this site"
        if one.type == "Application":
            for role, members in self.site.roles.items():
                if one.dbid in members:
                    return f"it is a {role} of this site"
        if one.type == "Person" and self.account and one.attributes["userName"] == self.account:
            return "it is the account that gwe is logged in with"
        return ""

    def _consequences(self, one: ConfObject) -> Iterator[str]:
        gone: list[str] = []
        holding: list[str] = []
        for other, attribute in referrers(one, self.live):
            there = self.planned.get((other.type, other.dbid))
            if isinstance(there, Delete):
                continue
            kind = ALL_TYPES[other.type]
            _, address = address_of(other, self.live, self.site.tenant_dbid)
            match effect_of_deletion(kind, other.attributes, attribute.name, one.type, one.dbid):
                case "cascade" if not kind.written_by_server:
                    blocked = ", which is blocked" if isinstance(there, Blocked) else ""
                    gone.append(f"{address}{blocked}")
                case "veto" if self._still_refers(other, there, one):
                    holding.append(f"{address} ({attribute.word})")
        if gone:
            yield f"the server would delete with it what the plan leaves alone: {_listed(gone)}"
        if holding:
            yield (
                f"the server refuses to delete it while others refer to it: {_listed(holding)};"
                " take these references away first"
            )

    def _held_by_folder(self, one: ConfObject) -> Iterator[str]:
        inside = members(one, self.live)
        held = [key for key in inside if not isinstance(self.planned.get(key), Delete)]
        if held:
            found = [self.live.get(*key) for key in held]
            tenant = self.site.tenant_dbid
            names = [
                address_of(other, self.live, tenant)[1] if other else f"{key[0]} {key[1]}"
                for key, other in zip(held, found, strict=True)
            ]
            yield (
                f"the server deletes no folder that holds anything: {_listed(names)}; declare that"
                " absent too, or move it to another folder"
            )

    def _still_refers(self, other: ConfObject, planned: Action | None, one: ConfObject) -> bool:
        """Whether ``other`` refers to ``one`` even after what is ``planned`` for it."""
        kind, attributes = ALL_TYPES[other.type], other.attributes
        if isinstance(planned, Update):
            attributes = updated(planned, attributes, self.live)
        elif isinstance(planned, Replace):
            attributes = create_attributes(planned, self.live)
        return any(references_to_object(kind, attributes, one.type, one.dbid))

    def contradiction(self, action: Action, desired: DesiredObject | None) -> str:
        """Why an object cannot become what its manifest declares: it would refer to an object that
        is deleted; empty: it would not."""
        if isinstance(action, Delete | Blocked):
            return ""
        found = [*written_references(action, self.live)]
        if desired is not None:
            found += references_in(desired.kind.object_type, desired.declared_fields())
        for path, target, name in found:
            one = self.live.get(target, self.live.dbid(target, name, action.tenant) or 0)
            there = self.planned.get((one.type, one.dbid)) if one else None
            if isinstance(there, Delete):
                place = f" at {there.subject.origin}" if there.subject.origin else ""
                absent = f"{there.address}, which is declared absent{place}"
                return f"{'/'.join(path)} refers to {absent}"
        return ""


def refuses_deletion(other: ConfObject, one: ConfObject) -> bool:
    """Whether the server refuses to delete ``one`` while ``other`` is as it is."""
    kind, attributes = ALL_TYPES[other.type], other.attributes
    return any(
        effect_of_deletion(kind, attributes, found.name, one.type, one.dbid) == "veto"
        for found in references_to_object(kind, attributes, one.type, one.dbid)
    )


def on_objects(actions: Iterable[Action]) -> dict[ObjectKey, Action]:
    """The actions on live objects."""
    return {(action.object_type, action.dbid): action for action in actions if action.dbid}


def needs_of_deletes(actions: Sequence[Action], live: Snapshot) -> dict[str, list[str]]:
    """Address of a delete -> the actions that come before it: those that write what refers to
    the object. If two deleted objects refer to each other and the server accepts either order, only
    one of them waits."""
    planned = on_objects(actions)
    found: dict[str, list[str]] = {}
    either: list[tuple[str, str]] = []
    for action in actions:
        one = live.get(action.object_type, action.dbid)
        for other, attribute in referrers(one, live) if isinstance(action, Delete) and one else ():
            there = planned.get((other.type, other.dbid))
            if not isinstance(there, Write):
                continue
            kind = ALL_TYPES[other.type]
            effect = effect_of_deletion(
                kind, other.attributes, attribute.name, action.object_type, action.dbid
            )
            if effect == "clear" and isinstance(there, Delete):
                either.append((action.address, there.address))
            else:
                found.setdefault(action.address, []).append(there.address)
        for key in members(one, live) if isinstance(action, Delete) and one else ():
            if isinstance(planned.get(key), Delete):
                found.setdefault(action.address, []).append(planned[key].address)
    for address, before in either:
        if address not in _all_before(before, found):
            found.setdefault(address, []).append(before)
    return found


def _all_before(address: str, needs: Mapping[str, Sequence[str]]) -> set[str]:
    """The address, and all that come before it."""
    found, left = {address}, [address]
    while left:
        new = set(needs.get(left.pop(), ())) - found
        found |= new
        left += new
    return found


def with_obstacles(
    actions: Iterable[Action],
    desired: Mapping[str, object],
    live: Snapshot,
    site: SiteMark,
    account: str,
) -> list[Action]:
    """The actions. Deletes that must not or cannot be done become blocked, and so do actions that
    would refer to a deleted object. ``desired``: the declared objects by address."""
    result = list(actions)
    while any(isinstance(action, Delete) for action in result):
        deletions = Deletions(result, live, site, account)
        found = [_checked(action, deletions, desired) for action in result]
        if all(one is other for one, other in zip(found, result, strict=True)):
            break
        result = found
    return result


def _checked(action: Action, deletions: Deletions, desired: Mapping[str, object]) -> Action:
    declared = desired.get(action.address)
    reason = deletions.obstacle(action) or deletions.contradiction(
        action, declared if isinstance(declared, DesiredObject) else None
    )
    return Blocked(action.subject, reason, action.needs) if reason else action


def _listed(names: Sequence[str]) -> str:
    left = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {left} more" if left > 0 else "")
