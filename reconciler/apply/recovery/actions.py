"""Finishes the actions that a run left half done, or reverts them.

First it finds out what became of each unanswered call: it reads the object by DBID, or by natural
key after a create. Then it creates each object that a replace deleted and did not create again: the
new object, or the old object if the run is to be reverted.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from reconciler.apply.carried import carry_references, set_waiting
from reconciler.apply.report import Recovered
from reconciler.apply.session import RunSession
from reconciler.kinds.fields import NameResolver, SecretText, UnknownReferenceError
from reconciler.kinds.flatten import flatten
from reconciler.kinds.model import Attributes
from reconciler.kinds.types.files import CONTENT
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.launch.adapter import content_after
from reconciler.plan.actions import Create, Replace, Update, Write
from reconciler.plan.changes import Change
from reconciler.plan.effects import update_delta
from reconciler.plan.model import Plan
from reconciler.plan.new_tenants import in_its_tenant
from reconciler.plan.ordering.circles import Circles
from reconciler.server.delta import apply_delta
from reconciler.server.errors import ConfigurationServerError, ObjectNotFoundError
from reconciler.server.port import ConfObject
from reconciler.state.records import CallEnd, CallResult
from reconciler.state.store import RunStep, StoredRun

_CALLS = {"update_referrer": "update of a reference to it"}
"""What messages say instead of the name of a call."""


def recover_actions(
    run: StoredRun, plan: Plan, session: RunSession, *, reverse: bool = False
) -> Iterator[Recovered]:
    """Recovers every action of a run, in the order in which they began. An error of the server
    other than a refusal ends the recovery, which can be repeated."""
    actions = {action.address: action for action in plan.writes}
    recovery = _Recovery(session, Circles(plan.writes), reverse=reverse)
    for address in dict.fromkeys(step.address for step in run.steps if step.address in actions):
        steps = [step for step in run.steps if step.address == address]
        try:
            yield from recovery.recover(actions[address], steps)
        except ConfigurationServerError as error:
            yield Recovered(address, f"the server refuses to recover it: {error}", complete=False)


class _Recovery:
    def __init__(self, session: RunSession, circles: Circles, *, reverse: bool) -> None:
        self._session = replace(session, live=session.live.copy())
        self._server = session.server
        self._calls = session.calls
        self._live = self._session.live
        self._circles = circles
        self._reverse = reverse

    def recover(self, action: Write, steps: list[RunStep]) -> Iterator[Recovered]:
        if isinstance(action, Create):
            action = in_its_tenant(action, self._live)
        known: list[RunStep] = []
        for step in steps:
            if not step.unknown:
                known.append(step)
                continue
            found = self._with_result(action, step, _deleted(known))
            result: CallResult = "answered" if found.answered else "refused"
            secrets = step.secrets if found.after and step.call == "create" else ()
            self._calls.journal.append(CallEnd(step.number, result, found.after, secrets=secrets))
            known.append(found)
            done = "was done" if found.answered else "was not done"
            call = _CALLS.get(step.call, step.call)
            yield Recovered(action.address, f"{call} of unknown outcome: it {done}")
        deleted = _deleted(known)
        made = next((one for one in reversed(known) if one.call == "create" and one.answered), None)
        if isinstance(action, Replace) and deleted is not None and made is None:
            finding, after = self._create_again(action, deleted)
            yield finding
            made = replace(deleted, call="create", after=after) if after else None
        yield from self._permissions(action, known, deleted, made)
        if isinstance(action, Replace) and deleted is not None and made is not None:
            yield from self._references(action, known, deleted, made)
        if isinstance(action, Create) and made is not None and made.after is not None:
            yield from self._waiting(action, made.after)

    def _with_result(self, action: Write, step: RunStep, deleted: RunStep | None) -> RunStep:
        """An unanswered step, with what became of it."""
        match step.call:
            case "create":
                one = self._made(action, step, deleted)
                return replace(step, result="answered" if one else "refused", after=one)
            case "delete":
                gone = self._read(step) is None
                return replace(step, result="answered" if gone else "refused")
            case "update_referrer":
                one = self._read(step)
                changed = (
                    one is not None
                    and step.before is not None
                    and (one.attributes != step.before.attributes)
                )
                return replace(step, result="answered" if changed else "refused", after=one)
            case "update" if isinstance(action, Update):
                one = self._read(step)
                if one is None or not self._is_updated(action, step, one):
                    return replace(step, result="refused", after=one)
                after = _left_by(action, step.before or one, one, self._live)
                return replace(step, result="answered", after=after)
        return replace(step, result="refused")  # permissions: they are set again

    def _read(self, step: RunStep) -> ConfObject | None:
        before = step.before
        found = self._server.read(before.type, {"dbid": before.dbid}) if before else []
        return found[0] if found else None

    def _is_updated(self, action: Update, step: RunStep, one: ConfObject) -> bool:
        """Whether the update was done. It is a single write, so one of its values is proof
        enough, even if another client has changed the others since."""
        kind = ALL_TYPES[one.type]
        now = flatten(kind, one.attributes, self._live)
        before = flatten(kind, step.before.attributes, self._live) if step.before else {}
        for change in action.changes:
            value, wanted = now.get(change.path) or None, change.after or None
            if not _is_known(change):
                wanted = value if value != before.get(change.path) else None
            if value == wanted and value != (before.get(change.path) or None):
                return True
        return False

    def _made(self, action: Write, step: RunStep, deleted: RunStep | None) -> ConfObject | None:
        """The object that a create was to make, if it exists: an object of the same natural
        key with every value of the new object, or of the old object that it restores."""
        wanted = [step.makes] if step.makes else []
        if deleted is not None and deleted.before is not None:
            wanted.append(deleted.before.attributes)
        for attributes in wanted:
            one = self._holder(action, attributes)
            if one is not None and _has(one, attributes):
                # Later changes by other clients are not the run's.
                return replace(one, attributes={**one.attributes, **attributes})
        return None

    def _holder(self, action: Write, attributes: Attributes) -> ConfObject | None:
        """The live object that has the natural key of an object to be created."""
        kind = ALL_TYPES[action.object_type]
        by_attribute = {attribute: name for name, attribute in kind.filters.items()}
        key = {by_attribute[part]: attributes[part] for part in kind.key}
        found = self._server.read(action.object_type, key)
        return found[0] if found else None

    def _create_again(self, action: Write, deleted: RunStep) -> tuple[Recovered, ConfObject | None]:
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
                "it was deleted, and another client has created an object with its name"
                f" (DBID {taken.dbid}); that object is left as it is"
            )
            return Recovered(action.address, message), None
        made = self._calls.perform(self._calls.create(action, attributes, old.folder))
        what = "the old object" if self._reverse else "the new object"
        message = f"it was deleted and not created again: {what} was created, DBID {made.dbid}"
        return Recovered(action.address, message), made

    def _permissions(
        self, action: Write, known: list[RunStep], deleted: RunStep | None, made: RunStep | None
    ) -> Iterator[Recovered]:
        wanted = action.permissions if isinstance(action, Create) else ()
        if deleted:
            wanted = deleted.permissions
        given = any(one.call == "set_permissions" and one.answered for one in known)
        if wanted and made is not None and made.after is not None and not given:
            try:
                self._calls.perform(self._calls.set_permissions(action, made.after, wanted))
            except ObjectNotFoundError:
                yield Recovered(action.address, "it has been deleted since")
            else:
                yield Recovered(action.address, "its permissions were set again")

    def _references(
        self, action: Write, known: list[RunStep], deleted: RunStep, made: RunStep
    ) -> Iterator[Recovered]:
        """Changes the remaining references to the deleted object to refer to the new object."""
        assert deleted.before is not None  # noqa: S101 - the begin of a delete holds the object
        if made.after is None:
            return
        led = {
            (one.before.type, one.before.dbid)
            for one in known
            if one.call == "update_referrer" and one.answered and one.before
        }
        left = [one for one in deleted.referrers if (one.type, one.dbid) not in led]
        if left:
            written, refused = self._calls.perform(
                carry_references(self._session, action, deleted.before, made.after, left)
            )
            if written:
                yield Recovered(action.address, "the references to it were written again")
            yield from (Recovered(action.address, f"not written: {one}") for one in refused)

    def _waiting(self, action: Create, made: ConfObject) -> Iterator[Recovered]:
        """Writes the references that waited for a new object and are not written yet."""
        waiting = [in_its_tenant(one, self._live) for one in self._circles.waiting_for(action)]
        if not waiting or self._server.read(made.type, {"dbid": made.dbid}) == []:
            return
        self._live.put(made)
        written, refused = self._calls.perform(set_waiting(self._session, action, made, waiting))
        if written:
            yield Recovered(action.address, "the references to it were written")
        yield from (Recovered(action.address, f"not written: {one}") for one in refused)


def _deleted(steps: list[RunStep]) -> RunStep | None:
    return next((one for one in steps if one.call == "delete" and one.answered), None)


def _has(one: ConfObject, attributes: Attributes) -> bool:
    return all(
        one.attributes.get(name) == value
        for name, value in attributes.items()
        if value not in ("", None) and not _is_secret(one.type, name)
    )


def _is_secret(object_type: str, name: str) -> bool:
    """Whether an attribute is never read."""
    attribute = ALL_TYPES[object_type].attribute(name)
    return attribute is not None and attribute.secret


def _left_by(
    action: Update, before: ConfObject, now: ConfObject, names: NameResolver
) -> ConfObject:
    """The object as an update left it: its state ``now``, with the values that the update wrote,
    even if another client has changed them since. Unknown written values stay as they are now;
    unknown contents of files are left out."""
    known = replace(action, changes=tuple(one for one in action.changes if _is_known(one)))
    try:
        delta = update_delta(known, now.attributes, names)
    except UnknownReferenceError:
        return now  # the target of a reference was deleted since
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
    """Whether the plan has the value that was written. It does not have secrets and values
    copied from other applications."""
    hidden = isinstance(change.after, SecretText) and not change.after
    return not hidden and not change.source
