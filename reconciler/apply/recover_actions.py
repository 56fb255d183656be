"""Finishes, or takes back, what a run left by half.

Of each call without an answer it is looked what has become of it: by DBID, and of a create
by the natural key. Then an object that was deleted in a replace and is not there again is
created: the new one, or the old one where the run is to be taken back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.apply.calls import Calls
from reconciler.kinds.fields import NameResolver, SecretText, UnknownReferenceError, flatten
from reconciler.kinds.model import Attributes
from reconciler.kinds.types import ALL_TYPES
from reconciler.kinds.types_files import CONTENT
from reconciler.launch.adapter import content_after
from reconciler.plan.effects import update_delta
from reconciler.plan.model import Action, Change, Plan
from reconciler.server.delta import apply_delta
from reconciler.server.errors import ConfigurationServerError, ObjectNotFoundError
from reconciler.server.port import ConfObject, Server
from reconciler.server.snapshot import Snapshot
from reconciler.state.journal import Recorder, object_data
from reconciler.state.runs import Run, Step


@dataclass(frozen=True)
class Recovered:
    """What was found of one action, and what was done about it."""

    address: str
    message: str
    complete: bool = True


def recover(
    run: Run,
    plan: Plan,
    server: Server,
    calls: Calls,
    live: Snapshot,
    *,
    reverse: bool = False,
) -> Iterator[Recovered]:
    """Settles every action of a run, one finding each. ``live``: what the plan's actions
    refer to. The server's errors end it; it can be run again."""
    actions = {action.address: action for action in plan.actions}
    settler = _Settler(server, calls, live.copy(), reverse=reverse)
    for address in dict.fromkeys(step.address for step in run.steps):
        steps = [step for step in run.steps if step.address == address]
        try:
            yield from settler.settle(actions[address], steps)
        except ConfigurationServerError as error:
            yield Recovered(address, f"the server refuses to settle it: {error}", complete=False)


class _Settler:
    def __init__(self, server: Server, calls: Calls, live: Snapshot, *, reverse: bool) -> None:
        self._server = server
        self._calls = calls
        self._journal: Recorder = calls.journal
        self._live = live
        self._reverse = reverse

    def settle(self, action: Action, steps: list[Step]) -> Iterator[Recovered]:
        known: list[Step] = []
        for step in steps:
            if not step.unknown:
                known.append(step)
                continue
            found = self._look(action, step, _deleted(known))
            self._journal.record(
                "end",
                step=step.number,
                result=found.result,
                after=object_data(found.after),
            )
            known.append(found)
            done = "was done" if found.answered else "was not done"
            yield Recovered(action.address, f"{step.call} of unknown outcome: it {done}")
        deleted = _deleted(known)
        made = next((one for one in reversed(known) if one.call == "create" and one.answered), None)
        if action.action == "replace" and deleted is not None and made is None:
            finding, after = self._create_again(action, deleted)
            yield finding
            made = replace(deleted, call="create", after=after) if after else None
        yield from self._permissions(action, known, deleted, made)

    def _look(self, action: Action, step: Step, deleted: Step | None) -> Step:
        """The step, with what has become of it."""
        match step.call:
            case "create":
                one = self._made(action, step, deleted)
                return replace(step, result="answered" if one else "refused", after=one)
            case "delete":
                gone = self._read(step) is None
                return replace(step, result="answered" if gone else "refused")
            case "update":
                one = self._read(step)
                if one is None or not self._is_updated(action, step, one):
                    return replace(step, result="refused", after=one)
                after = _left_by(action, step.before or one, one, self._live)
                return replace(step, result="answered", after=after)
        return replace(step, result="refused")  # permissions are set again

    def _read(self, step: Step) -> ConfObject | None:
        before = step.before
        found = self._server.read(before.type, {"dbid": before.dbid}) if before else []
        return found[0] if found else None

    def _is_updated(self, action: Action, step: Step, one: ConfObject) -> bool:
        """Whether the update has been done. It is one write, so that any of its values
        tells, also where another client has changed some since."""
        kind = ALL_TYPES[one.type]
        now = flatten(kind, one.attributes, self._live)
        before = flatten(kind, step.before.attributes, self._live) if step.before else {}
        for change in action.changes:
            value, wanted = now.get(change.path) or None, change.after or None
            if not _is_known(change):
                wanted = value if value != before.get(change.path) else None  # it is not known
            if value == wanted and value != (before.get(change.path) or None):
                return True
        return False

    def _made(self, action: Action, step: Step, deleted: Step | None) -> ConfObject | None:
        """The object that a create was to make, if it is there: the one of its natural key
        that has every value of the new object, or of the old one that it stands for."""
        wanted = [step.makes] if step.makes else []
        if deleted is not None and deleted.before is not None:
            wanted.append(deleted.before.attributes)
        for attributes in wanted:
            one = self._holder(action, attributes)
            if one is not None and _has(one, attributes):
                # What another client has changed since is not the run's.
                return replace(one, attributes={**one.attributes, **attributes})
        return None

    def _holder(self, action: Action, attributes: Attributes) -> ConfObject | None:
        """The object that has the natural key of one that is to be created."""
        kind = ALL_TYPES[action.object_type]
        by_attribute = {attribute: name for name, attribute in kind.filters.items()}
        key = {by_attribute[part]: attributes[part] for part in kind.key}
        found = self._server.read(action.object_type, key)
        return found[0] if found else None

    def _create_again(self, action: Action, deleted: Step) -> tuple[Recovered, ConfObject | None]:
        old = deleted.before
        assert old is not None  # noqa: S101 - the begin of a delete holds the object
        there = self._made(action, deleted, deleted)
        if there is not None:
            self._calls.found(action, there)
            return Recovered(action.address, "it was deleted, and is there again"), there
        attributes = deleted.makes or old.attributes
        if self._reverse:
            attributes = old.attributes
        taken = self._holder(action, attributes)
        if taken is not None:
            message = (
                f"it was deleted, and another client has made one of its name (DBID {taken.dbid});"
                " that one is left as it is"
            )
            return Recovered(action.address, message), None
        made = self._calls.create(action, attributes, old.folder)
        what = "the old object" if self._reverse else "the new object"
        message = f"it was deleted and not created again: {what} was created, DBID {made.dbid}"
        return Recovered(action.address, message), made

    def _permissions(
        self, action: Action, known: list[Step], deleted: Step | None, made: Step | None
    ) -> Iterator[Recovered]:
        wanted = deleted.permissions if deleted else action.permissions
        given = any(one.call == "set_permissions" and one.answered for one in known)
        if wanted and made is not None and made.after is not None and not given:
            try:
                self._calls.set_permissions(action, made.after, wanted)
            except ObjectNotFoundError:
                yield Recovered(action.address, "it has been deleted since")
            else:
                yield Recovered(action.address, "its permissions were set again")


def _deleted(steps: list[Step]) -> Step | None:
    return next((one for one in steps if one.call == "delete" and one.answered), None)


def _has(one: ConfObject, attributes: Attributes) -> bool:
    return all(
        one.attributes.get(name) == value
        for name, value in attributes.items()
        if value not in ("", None)
    )


def _left_by(
    action: Action, before: ConfObject, now: ConfObject, names: NameResolver
) -> ConfObject:
    """What an update has made of an object that was ``before``: as it is ``now``, but that
    its own values are as it wrote them, whatever another client has made of these since. A
    value that is not known any more is as it is now, and such a content is left out."""
    known = replace(action, changes=tuple(one for one in action.changes if _is_known(one)))
    try:
        delta = update_delta(known, now.attributes, names)
    except UnknownReferenceError:
        return now  # the other client has deleted what it wrote
    attributes = dict(now.attributes)
    if delta:
        attributes = apply_delta(ALL_TYPES[now.type], now.attributes, delta)
    if CONTENT in attributes:
        del attributes[CONTENT]
        if known == action:
            form = action.changes[0].path[1]
            sent = update_delta(action, before.attributes, names)
            attributes[CONTENT] = content_after(form, before.attributes, sent)
    return replace(now, attributes=attributes)


def _is_known(change: Change) -> bool:
    """Whether the plan says the value that was written: not what came from elsewhere."""
    hidden = isinstance(change.after, SecretText) and not change.after
    return not hidden and not change.source
