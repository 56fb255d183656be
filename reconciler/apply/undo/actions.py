"""The actions that revert a run, from its journal and the live objects. Pure.

Only what the run itself changed is reverted, and only if it still is as the run left it: later
changes by others are kept, and the plan says so. An object that the run created and that has
changed since is not deleted unless that is forced.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from reconciler.apply.undo.order import with_addresses, with_needs
from reconciler.apply.undo.references import restore_references
from reconciler.apply.undo.replacements import create_unless_exists
from reconciler.apply.undo.updates import can_be_emptied, one_per_object, update_of
from reconciler.apply.written import Written, names_at_run, written_by
from reconciler.kinds.fields import FieldPath, Value, pointer
from reconciler.kinds.flatten import flatten, leaf
from reconciler.kinds.model import ObjectType, ValueType
from reconciler.kinds.natural_keys import identity_of
from reconciler.kinds.types.applications import MIRRORED
from reconciler.kinds.types.files import CONTENT, LAUNCH_FILE
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import (
    Action,
    Blocked,
    Create,
    Delete,
    InSync,
    Keep,
    Replace,
    Skip,
    Subject,
    changes_of,
)
from reconciler.plan.changes import Change
from reconciler.plan.folders import find_folder, path_of_folder
from reconciler.plan.identity import subject_now
from reconciler.plan.losses import losses, with_losses
from reconciler.plan.matching import describe
from reconciler.plan.model import Plan
from reconciler.plan.ordering.deletions import delete_of
from reconciler.plan.renames import Rename, change_of_name, with_new_names
from reconciler.plan.replace import action_for_rename
from reconciler.server.folders import members
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import name_of
from reconciler.site.inventory_lists import is_inventory, without_entries
from reconciler.site.model import backup_of
from reconciler.state.store import RunStep, StoredRun

Fields = Mapping[FieldPath, Value]


def undo_actions(
    run: StoredRun, plan: Plan, live: Snapshot, *, force: bool
) -> tuple[list[Action], list[str]]:
    """The actions that revert ``run``, and notices. ``plan``: the plan that the run applied;
    ``live``: its objects and those that referred to them, as they are now."""
    undo = _Undo(run, plan, live, force=force)
    return undo.actions(), undo.notices


class _Undo:
    def __init__(self, run: StoredRun, plan: Plan, live: Snapshot, *, force: bool) -> None:
        self._written = written_by(run, plan)
        self._site_tenant = plan.site.tenant_dbid
        self._found = {
            address: one.dbid
            for address, entry in self._written.items()
            if (one := entry.now(live)) is not None
        }
        self._made = {
            (now.type, now.dbid)
            for entry in self._written.values()
            if entry.before is None and (now := entry.now(live)) is not None
        }
        self._renames = {(one.type, one.dbid): one for one in self._renamed_back(live)}
        live = self._live = with_new_names(live, self._renames.values())
        self._names = names_at_run(live, run)
        self._force = force
        self.notices: list[str] = []
        self._new_dbids: list[str] = []

    def _renamed_back(self, live: Snapshot) -> Iterator[Rename]:
        """The objects that the run renamed and that still have that name."""
        for entry in self._written.values():
            before, after, now = entry.before, entry.after, entry.now(live)
            if before and after and now and name_of(before) != name_of(after) == name_of(now):
                yield Rename(now.type, now.dbid, name_of(after), name_of(before))

    def actions(self) -> list[Action]:
        """The actions, in reverse order of the run's."""
        found: list[Action] = []
        moved: dict[str, str] = {}
        for entry in reversed(self._written.values()):
            actions = list(self._revert(entry))
            found += actions
            # An object that the run has renamed has its former address again.
            if actions:
                moved[entry.action.address] = actions[0].address
        self._note_new_dbids()
        return with_needs(one_per_object(with_addresses(found, moved)), self._written, moved)

    def _note_new_dbids(self) -> None:
        found = self._new_dbids
        if found:
            listed = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if found[3:] else "")
            self.notices.append(
                f"The DBID that an object had before it was deleted is gone for good: {listed}."
            )

    def _revert(self, entry: Written) -> Iterator[Action]:
        subject, before, after = entry.action.subject, entry.before, entry.after
        dbid = self._found.get(subject.address)
        now = self._live.get(subject.object_type, dbid) if dbid else None
        if (
            before is None
            and after is not None
            and is_inventory(after)
            and now not in (None, after)
        ):
            before = without_entries(after)  # later entries come from other runs
        if before is None and after is not None:
            yield self._delete(subject, after, now)
        elif now is None and subject.object_type == LAUNCH_FILE:
            # Launch files are edited, never created.
            yield Skip(subject, f"there is no file {subject.name}")
        elif before is not None and now is None:
            restored = self._unless_there(self._create(subject, before, entry.deleted))
            yield restored
            if not isinstance(restored, Skip):
                yield from self._references(entry)
        elif before is not None and after is not None and now is not None:
            restored = self._restore(subject, before, after, now)
            yield restored
            yield from self._references(entry)
            if before.dbid != now.dbid or isinstance(restored, Replace):
                self._new_dbids.append(restored.address)

    def _references(self, entry: Written) -> Iterator[Action]:
        for action in restore_references(entry, self._live, self._names, self._site_tenant):
            yield self._unless_there(action) if isinstance(action, Create) else action

    def _unless_there(self, action: Create) -> Action:
        found = create_unless_exists(action, self._live, self._made)
        if found is action:
            self._new_dbids.append(action.address)
        return found

    def _fields(self, one: ConfObject) -> dict[FieldPath, Value]:
        return flatten(ALL_TYPES[one.type], one.attributes, self._names)

    def _delete(self, subject: Subject, after: ConfObject, now: ConfObject | None) -> Action:
        if now is None:
            return Skip(subject, "it is gone already")
        subject = subject_now(subject, now, self._live, self._site_tenant)
        if subject.protect:
            return Blocked(subject, "protected: it is never deleted")
        held = [key for key in members(now, self._live) if key not in self._made]
        if held:
            names = ", ".join(self._live.name(*key, now.tenant) for key in held[:3])
            more = f" and {len(held) - 3} more" if held[3:] else ""
            reason = f"it holds what the run did not create: {names}{more}; move that elsewhere"
            return Blocked(subject, reason)
        left, live = self._fields(after), self._fields(now)
        own = _set_by_server(now, self._live)
        changed = [
            pointer(path)
            for path in {**left, **live}
            if path[0] not in own and left.get(path) != live.get(path)
        ]
        if changed and not self._force:
            listed = ", ".join(changed[:3]) + (" and more" if len(changed) > 3 else "")
            reason = f"it has changed since the run ({listed}); --force deletes it anyway"
            return Blocked(subject, reason)
        reason = f"it has changed since the run: {', '.join(changed)}" if changed else ""
        action = delete_of(subject, now, self._live, reason)
        return replace(action, loses=losses(action, now, self._live, undo=True))

    def _create(self, subject: Subject, before: ConfObject, deleted: RunStep | None) -> Create:
        fields: dict[FieldPath, Value] = {}
        for path, value in self._fields(before).items():
            unknown = isinstance(value, str) and value.startswith("#")
            if isinstance(value, str) and unknown and _is_reference(before, path):
                self.notices.append(
                    f"{subject.address}: {path[0]} is not restored: DBID {value[1:]} is gone."
                )
                continue
            fields[path] = value
        identity = identity_of(ALL_TYPES[before.type])
        around = path_of_folder(before, self._names)
        folder = find_folder(ALL_TYPES[before.type], fields, around, before.tenant, self._live)
        return Create(
            replace(subject, dbid=0),
            folder=folder or 0,
            folder_path=around,
            fields=fields,
            changes=tuple(
                _change(subject, path, None, value)
                for path, value in fields.items()
                if path not in identity
            ),
            permissions=deleted.permissions if deleted else (),
        )

    def _restore(
        self, subject: Subject, before: ConfObject, after: ConfObject, now: ConfObject
    ) -> Action:
        """Reverts every field that the run changed and nobody has changed since."""
        old, live = self._fields(before), self._fields(now)
        left = self._left(subject, old, self._fields(after))
        changes: list[Change] = []
        kept: list[Change] = []
        for path in dict.fromkeys((*left, *old)):
            if old.get(path) == left.get(path) or live.get(path) == old.get(path):
                continue
            change = _change(subject, path, live.get(path), old.get(path))
            if path not in old and not can_be_emptied(now, path, old):
                held = change.display(change.before)
                self.notices.append(
                    f"{subject.address}: {pointer(path)} stays {held}: it had no value before,"
                    " which no update can write."
                )
                continue
            (changes if live.get(path) == left.get(path) else kept).append(change)
        subject = subject_now(subject, now, self._live, self._site_tenant)
        renamed = self._renames.get((now.type, now.dbid))
        if renamed:
            changes.insert(0, change_of_name(renamed))
            holder = renamed.holder(self._live)
            if holder is not None:
                return Blocked(subject, f"its former name is taken by {describe(holder)}")
            update = update_of(subject, changes, kept, folder=now.folder)
            return with_losses(action_for_rename(update, now, self._live), self._live)
        if changes:
            return update_of(subject, changes, kept, folder=now.folder)
        if kept:
            reason = "everything that the run changed has been changed since"
            return Keep(subject, reason, kept=tuple(kept))
        return InSync(subject)

    def _left(self, subject: Subject, old: Fields, after: Fields) -> Fields:
        """The fields as the run left them. An update changes only its own fields: any other
        difference between before and after was made by another client."""
        entry = self._written[subject.address]
        if entry.deleted is not None or isinstance(entry.action, Delete):
            return after
        own = {change.path for change in changes_of(entry.action)} | {(CONTENT,)}
        own |= _inside_new(ALL_TYPES[subject.object_type], own, old, after)
        kept = {path: value for path, value in old.items() if path not in own}
        return kept | {path: value for path, value in after.items() if path in own}


def _set_by_server(one: ConfObject, live: Snapshot) -> set[str]:
    """The words of the fields that clients cannot change directly: another action of the run may
    have changed them, by making the object the backup of an application."""
    attributes = ALL_TYPES[one.type].attributes
    found = {attribute.word for attribute in attributes if attribute.read_only}
    if any(backup_of(other) == one.dbid for other in live.of_type(one.type)):
        found |= {attribute.word for attribute in attributes if attribute.name in MIRRORED}
    return found


def _inside_new(
    object_type: ObjectType, own: Iterable[FieldPath], old: Fields, after: Fields
) -> set[FieldPath]:
    """The fields of structures and entries that the run added, including fields that the server
    filled in."""
    depths = {ValueType.STRUCTURE: 1, ValueType.STRUCTURES: 2}
    found = set()
    for path in own:
        attribute = object_type.by_word(path[0])
        depth = depths.get(attribute.type, 0) if attribute else 0
        if depth:
            found.add(path[:depth])
    new = found - {path[:depth] for path in old for depth in (1, 2)}
    return {path for path in after if path[:1] in new or path[:2] in new}


def _change(subject: Subject, path: FieldPath, before: Value | None, after: Value | None) -> Change:
    # The content of a launch file is in no plan file: it may hold anything.
    hidden = subject.hides(path) or path == (CONTENT,)
    return Change(path, before, after, unit=path, secret=hidden)


def _is_reference(one: ConfObject, path: FieldPath) -> bool:
    attribute = leaf(ALL_TYPES[one.type], path)
    return attribute is not None and bool(attribute.refers_to)
