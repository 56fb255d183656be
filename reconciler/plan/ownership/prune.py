"""What is ours and no manifest declares any more, and the actions that delete it. Pure.

Ours is what the inventory has, and nothing else. What a manifest declares counts as declared even
if its action is skipped, excluded, not targeted or blocked, or its role has no application.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.diagnostics import counted
from reconciler.kinds.addresses import application_address
from reconciler.kinds.fields import FieldPath, Value
from reconciler.manifest.desired import Initial, ManagedField
from reconciler.plan.actions import Action, Blocked, Fingerprint, Subject, Update
from reconciler.plan.changes import Change
from reconciler.plan.context import Context
from reconciler.plan.identity import address_of
from reconciler.plan.objects import in_use_elsewhere
from reconciler.plan.ordering.deletions import delete_of
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import (
    Entry,
    Inventory,
    OwnedObject,
    OwnedOption,
    name_of,
    value_digest,
)
from reconciler.site.model import application_name

_NOT_DECLARED = "not declared any more"
_DESTROYED = "gwe created or adopted it"
_OPTIONS_NOT_DECLARED = "options that are not declared any more"
_OPTIONS_DESTROYED = "options that gwe added or adopted"


def undeclared(context: Context, actions: Sequence[Action]) -> Inventory:
    """The part of the inventory that no manifest declares. ``actions``: those for all that is
    declared."""
    declared = _Declared.of(context, actions)
    return Inventory.of(
        entry for entry in context.inventory.entries.values() if not declared.has(entry, context)
    )


class _Declared(Struct, frozen=True):
    """What the manifests declare. ``keys``: types and DBIDs of objects; ``options``: application ->
    paths of options and of units; ``anywhere``: paths from manifests without an application."""

    keys: frozenset[tuple[str, int]]
    options: Mapping[int, frozenset[FieldPath]]
    anywhere: frozenset[FieldPath]
    addresses: Mapping[str, object]

    @classmethod
    def of(cls, context: Context, actions: Sequence[Action]) -> "_Declared":
        found = {action.address: action.dbid for action in actions if action.dbid}
        options: dict[int, set[FieldPath]] = {}
        for one in context.desired.options:
            options.setdefault(one.dbid, set()).update(_units(one.fields))
        for each in context.desired.objects:
            if each.kind.type == "Application" and each.address in found:
                options.setdefault(found[each.address], set()).update(_units(each.fields))
        return cls(
            frozenset((action.object_type, action.dbid) for action in actions if action.dbid),
            {dbid: frozenset(paths) for dbid, paths in options.items()},
            frozenset(path for one in context.desired.untargeted for path in _units(one.fields)),
            context.desired.addresses,
        )

    def has(self, entry: OwnedObject | OwnedOption, context: Context) -> bool:
        if isinstance(entry, OwnedOption):
            path = ("options", entry.section, entry.option)
            paths = self.options.get(entry.application, frozenset()) | self.anywhere
            return any(path[:length] in paths for length in (1, 2, 3))
        if entry.key in self.keys:
            return True
        one = context.live.get(*entry.key)
        return one is not None and _address(one, context)[1] in self.addresses


def _units(fields: Iterable[ManagedField]) -> set[FieldPath]:
    """The paths that fields declare; an initial section declares everything in it."""
    return {
        one.ownership.unit if isinstance(one.ownership, Initial) else one.path for one in fields
    }


def _address(one: ConfObject, context: Context) -> tuple[str, str]:
    return address_of(one, context.live, context.site.tenant_dbid)


def missing(entries: Inventory, live: Snapshot) -> Inventory:
    """The entries whose object, application or option is not among the ``live`` objects, which are
    all that the account can read. An option that somebody has changed is not missing."""
    return Inventory.of(one for one in entries.entries.values() if not _is_live(one, live))


def _is_live(entry: Entry, live: Snapshot) -> bool:
    if isinstance(entry, OwnedObject):
        return live.get(*entry.key) is not None
    return _live_option(entry, live) is not None


def _live_option(entry: OwnedOption, live: Snapshot) -> Value | None:
    one = live.get("Application", entry.application)
    options = (one.attributes.get("options") or {}) if one else {}
    value: Value | None = options.get(entry.section, {}).get(entry.option)
    return value


def existing(context: Context, entries: Inventory) -> Inventory:
    """The entries that are on the server and still ours."""
    return Inventory.of(
        one
        for one in entries.entries.values()
        if _is_live(one, context.live)
        and (isinstance(one, OwnedObject) or _value_of(one, context) is not None)
    )


def _value_of(entry: OwnedOption, context: Context) -> Value | None:
    """The live value of an option that is ours; None if it is gone, if it is initial and somebody
    has changed it, or if its application has left the site."""
    members = {one.dbid for members in context.site.roles.values() for one in members}
    if entry.application not in members:
        return None
    value = _live_option(entry, context.live)
    if value is None or entry.digest in ("", value_digest(entry.key, value)):
        return value
    return None


def pruned(context: Context, entries: Inventory, siblings: tuple[str, ...]) -> list[Action]:
    """The actions that delete entries. ``siblings``: other Web Engagement sites of the tenant."""
    ours = existing(context, entries)
    actions = [_deleted(entry, context, siblings) for entry in ours.objects]
    options: dict[int, list[OwnedOption]] = {}
    for option in ours.options:
        if ("Application", option.application) not in ours.entries:
            options.setdefault(option.application, []).append(option)
    return [*actions, *(_removed(dbid, each, context) for dbid, each in options.items())]


def _deleted(entry: OwnedObject, context: Context, siblings: tuple[str, ...]) -> Action:
    one = context.live.get(*entry.key)
    assert one is not None  # noqa: S101 - it exists
    kind, address = _address(one, context)
    subject = Subject(
        address,
        kind,
        one.type,
        context.live.key_texts(one)[-1],
        tenant=one.tenant,
        dbid=one.dbid,
        protect=entry.key in context.protected,
    )
    subject = context.with_secrets(subject, ())
    reason = (
        _renamed(entry, one)
        or _of_others(context.others.get(entry.key, ""))
        or in_use_elsewhere(siblings, context.options, "deletes")
    )
    if reason:
        return Blocked(subject, reason)
    why = _DESTROYED if context.options.destroy else _NOT_DECLARED
    return delete_of(subject, one, context.live, why)


def _renamed(entry: OwnedObject, one: ConfObject) -> str:
    if name_of(one) == entry.name:
        return ""
    return (
        f"the inventory has it as {entry.name}, and somebody has renamed it since: declare it under"
        " its new name, or delete it by hand"
    )


def _of_others(owner: str) -> str:
    return f"it is in the inventory of {owner} too" if owner else ""


def _removed(dbid: int, entries: Sequence[OwnedOption], context: Context) -> Action:
    """The action that removes options of an application."""
    one = context.live.get("Application", dbid)
    assert one is not None  # noqa: S101 - it exists
    name = application_name(one)
    subject = Subject(
        application_address(name),
        "Application",
        "Application",
        name,
        tenant=context.site.tenant_dbid,
        dbid=dbid,
    )
    subject = context.with_secrets(subject, ())
    reason = "; ".join(_needed_elsewhere(entries, context))
    if reason:
        return Blocked(subject, reason)
    paths = [("options", entry.section, entry.option) for entry in sorted(entries)]
    held = {entry.key[1:]: _value_of(entry, context) for entry in entries}
    return Update(
        subject,
        _OPTIONS_DESTROYED if context.options.destroy else _OPTIONS_NOT_DECLARED,
        fingerprint=Fingerprint(units=tuple(paths)),
        changes=tuple(
            Change(path, held[path[1:]], None, unit=path, secret=subject.hides(path))
            for path in paths
        ),
    )


def _needed_elsewhere(entries: Sequence[OwnedOption], context: Context) -> Iterator[str]:
    for entry in entries:
        place = f"{entry.section}/{entry.option}"
        if entry.key in context.others:
            yield f"{place} is in the inventory of {context.others[entry.key]} too"


def prune_notices(context: Context, entries: Inventory) -> Iterator[str]:
    """What a plan says of entries that no manifest declares any more."""
    yield from _missing_notice(missing(entries, context.live))
    if not context.options.prune:
        counts = counts_of(existing(context, entries))
        if counts:
            yield f"Not declared any more: {counts}, see --prune."
        return
    members = {one.dbid for members in context.site.roles.values() for one in members}
    left: dict[int, int] = {}
    for option in entries.options:
        if option.application not in members:
            left[option.application] = left.get(option.application, 0) + 1
    for dbid, count in left.items():
        one = context.live.get("Application", dbid)
        if one is not None:
            stay = "the option that gwe added there stays"
            if count > 1:
                stay = f"the {count} options that gwe added there stay"
            yield f"{application_address(application_name(one))} has left this site: {stay}."


def _missing_notice(entries: Inventory) -> Iterator[str]:
    """The notice of entries that are not on the server: nothing deletes them, and they stay in the
    inventory."""
    counts = counts_of(entries)
    if counts:
        what = "takes it out" if len(entries.entries) == 1 else "takes them out"
        yield (
            f"Of what is in the inventory, {counts} cannot be found on the server: deleted by hand,"
            f" or not readable by this account. gwe adopt --forget-missing {what}."
        )


def counts_of(entries: Inventory) -> str:
    """How many objects and options there are among entries; empty: none."""
    return " and ".join(
        counted(count, word)
        for count, word in ((len(entries.objects), "object"), (len(entries.options), "option"))
        if count
    )
