"""The plan that takes a run back, from its journal and the objects as they are. Pure.

Only what the run itself has changed is put back, and only where it still is as the run left
it: what somebody has changed since is kept, and said. An object that the run made and that
has changed since is not deleted, unless that is forced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.apply.references import references
from reconciler.apply.written import NamesAtRun, Written, written_by
from reconciler.kinds.fields import FieldPath, Value, flatten, pointer
from reconciler.kinds.model import ValueType
from reconciler.kinds.types import ALL_TYPES
from reconciler.kinds.types_files import CONTENT, LAUNCH_FILE
from reconciler.plan.fingerprint import with_fingerprints
from reconciler.plan.guards import spare_predefined
from reconciler.plan.model import Action, Change, Plan, SiteMark
from reconciler.plan.replace import referrers
from reconciler.plan.secrets import with_secrets
from reconciler.server.port import ConfObject, ServerInfo
from reconciler.server.snapshot import Snapshot
from reconciler.state.runs import Run, Step

Fields = Mapping[FieldPath, Value]


def undo_plan(
    run: Run,
    plan: Plan,
    live: Snapshot,
    server: ServerInfo,
    site: SiteMark,
    *,
    force: bool,
    secret_words: tuple[str, ...] = (),
) -> Plan:
    """The plan that takes ``run`` back. ``plan``: the one that it carried out; ``live``:
    its objects, and those that referred to them, as they are."""
    undo = _Undo(run, plan, live, force=force)
    actions = [with_secrets(one, secret_words) for one in undo.actions()]
    actions = spare_predefined(actions, live)
    return Plan(
        server=server.url,
        identity=server.identity,
        site=site,
        actions=with_fingerprints(actions, live),
        notices=tuple(undo.notices),
        undoes=run.name,
    )


class _Undo:
    def __init__(self, run: Run, plan: Plan, live: Snapshot, *, force: bool) -> None:
        self._written = written_by(run, plan)
        self._live = live
        self._names = NamesAtRun(live, run)
        self._force = force
        self.notices: list[str] = []
        self._new_dbids: list[str] = []

    def actions(self) -> list[Action]:
        """What takes the run back, in reverse order of what it did."""
        found: list[Action] = []
        for entry in reversed(self._written.values()):
            found += self._one(entry)
        self._tell_new_dbids()
        return self._with_needs(_merged(found))

    def _tell_new_dbids(self) -> None:
        found = self._new_dbids
        if found:
            listed = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if found[3:] else "")
            self.notices.append(
                f"The DBID that an object had before it was deleted is gone for good: {listed}."
            )

    def _with_needs(self, actions: list[Action]) -> list[Action]:
        """What needed another object in the run goes before it now."""
        present = {action.address for action in actions}
        needs: dict[str, list[str]] = {}
        for address, entry in self._written.items():
            for need in entry.action.needs:
                if need in present and address in present:
                    needs.setdefault(need, []).append(address)
        return [
            replace(action, needs=(*action.needs, *needs.get(action.address, ())))
            for action in actions
        ]

    def _one(self, entry: Written) -> Iterator[Action]:
        before, after = entry.before, entry.after
        base = replace(
            entry.action,
            changes=(),
            kept=(),
            loses=(),
            needs=(),
            units=(),
            fields={},
            referrers=(),
            permissions=(),
            carried=(),
            reason="",
            folder=0,
        )
        now = self._now(entry)
        if before is None and after is not None:
            yield self._delete(base, after, now)
        elif now is None and base.object_type == LAUNCH_FILE:
            # Launch files are edited, never created.
            yield replace(base, action="skip", reason=f"there is no file {base.name}")
        elif before is not None and now is None:
            yield self._create(base, before, entry.deleted)
            yield from self._references(entry)
        elif before is not None and after is not None and now is not None:
            yield self._restore(base, before, after, now)
            yield from self._references(entry)
            if before.dbid != now.dbid:
                self._new_dbids.append(base.address)

    def _references(self, entry: Written) -> Iterator[Action]:
        for action in references(entry, self._live, self._names):
            if action.action == "create":
                self._new_dbids.append(action.address)
            yield action

    def _now(self, entry: Written) -> ConfObject | None:
        one = entry.after or entry.before
        return self._live.get(one.type, one.dbid) if one else None

    def _fields(self, one: ConfObject) -> dict[FieldPath, Value]:
        return flatten(ALL_TYPES[one.type], one.attributes, self._names)

    def _delete(self, base: Action, after: ConfObject, now: ConfObject | None) -> Action:
        if now is None:
            return replace(base, action="skip", reason="it is gone already")
        changed = [
            pointer(path)
            for path, value in {**self._fields(after), **self._fields(now)}.items()
            if self._fields(after).get(path) != self._fields(now).get(path)
        ]
        base = replace(base, dbid=now.dbid, folder=now.folder)
        if base.protect:
            return replace(base, action="blocked", reason="protected: it is never deleted")
        if changed and not self._force:
            listed = ", ".join(changed[:3]) + (" and more" if len(changed) > 3 else "")
            reason = f"it has changed since the run ({listed}); --force deletes it all the same"
            return replace(base, action="blocked", reason=reason)
        found = list(referrers(now, self._live))
        lost = [f"its DBID {now.dbid}", *(f"what was changed in {path}" for path in changed)]
        lost += [
            f"the reference of {other.type} {self._live.name(other.type, other.dbid, now.tenant)}"
            f" to it ({attribute.word})"
            for other, attribute in found
        ]
        return replace(
            base,
            action="delete",
            loses=tuple(lost),
            referrers=tuple((other.type, other.dbid) for other, _ in found),
        )

    def _create(self, base: Action, before: ConfObject, deleted: Step | None) -> Action:
        fields: dict[FieldPath, Value] = {}
        for path, value in self._fields(before).items():
            named = isinstance(value, str) and value.startswith("#")
            if isinstance(value, str) and named and _is_reference(before, path):
                self.notices.append(
                    f"{base.address}: {path[0]} is not restored: DBID {value[1:]} is gone."
                )
                continue
            fields[path] = value
        changes = tuple(
            self._change(path, None, value, base)
            for path, value in fields.items()
            if path[0] not in ("tenant", "name", "attribute", "type")
        )
        self._new_dbids.append(base.address)
        return replace(
            base,
            action="create",
            dbid=0,
            folder=self._folder(before),
            fields=fields,
            changes=changes,
            permissions=deleted.permissions if deleted else (),
        )

    def _folder(self, before: ConfObject) -> int:
        """The folder to create an object in again; 0: the default one, also where its folder
        has gone with its owner."""
        kind = ALL_TYPES[before.type]
        owner = int(before.attributes.get(kind.owner) or 0) if kind.owner else 0
        gone = owner and self._live.get(kind.owner_type, owner) is None
        return 0 if gone or before.path == kind.folder else before.folder

    def _restore(
        self, base: Action, before: ConfObject, after: ConfObject, now: ConfObject
    ) -> Action:
        """Puts back every field that the run changed and nobody has changed since."""
        old, live = self._fields(before), self._fields(now)
        left = self._left(base, old, self._fields(after))
        changes: list[Change] = []
        kept: list[Change] = []
        for path in dict.fromkeys((*left, *old)):
            if old.get(path) == left.get(path) or live.get(path) == old.get(path):
                continue
            change = self._change(path, live.get(path), old.get(path), base)
            if live.get(path) == left.get(path):
                changes.append(change)
            else:
                kept.append(change)
        base = replace(base, dbid=now.dbid, folder=now.folder, kept=tuple(kept))
        if not changes:
            reason = "everything that the run changed has been changed since" if kept else ""
            return replace(base, action="keep" if kept else "in-sync", reason=reason)
        return replace(
            base,
            action="update",
            changes=tuple(changes),
            units=tuple(change.path for change in changes),
        )

    def _left(self, base: Action, old: Fields, after: Fields) -> Fields:
        """The fields as the run left them: an update has changed its own ones alone, what
        else is different then was another client's doing."""
        entry = self._written[base.address]
        if entry.deleted is not None:
            return after
        own = {change.path for change in entry.action.changes} | {(CONTENT,)}
        kept = {path: value for path, value in old.items() if path not in own}
        return kept | {path: value for path, value in after.items() if path in own}

    def _change(
        self, path: FieldPath, before: Value | None, after: Value | None, base: Action
    ) -> Change:
        # The content of a file is in no plan file: it may hold anything.
        hidden = base.hides(path) or path == (CONTENT,)
        return Change(path, before, after, unit=path, secret=hidden)


def _is_reference(one: ConfObject, path: FieldPath) -> bool:
    attribute = ALL_TYPES[one.type].by_word(path[0])
    return attribute is not None and attribute.type in (
        ValueType.REFERENCE,
        ValueType.REFERENCES,
    )


def _merged(actions: list[Action]) -> list[Action]:
    """One action per object: what several deletions have taken from it comes back at once."""
    merged: dict[tuple[str, object], Action] = {}
    for action in actions:
        key = (action.object_type, action.dbid or action.address)
        other = merged.get(key)
        if other is None:
            merged[key] = action
        elif action.action == "update" and other.action in ("update", "in-sync", "keep"):
            changes = {one.path: one for one in (*other.changes, *action.changes)}
            del merged[key]  # it goes where the later one stands, after all that it needs
            merged[key] = replace(
                other,
                action="update",
                reason="",
                changes=tuple(changes.values()),
                units=tuple(changes),
                needs=tuple(dict.fromkeys((*other.needs, *action.needs))),
            )
    return list(merged.values())
