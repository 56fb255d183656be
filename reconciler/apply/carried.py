"""What a new object takes over: from the object that it replaces, values and the references of
other objects; in a circle of new objects, the references that could not be written before it
existed.

The server clears the references to a replaced object when that object is deleted. This module
writes each again. Doing so twice changes nothing, so a recovery may repeat it. The session's live
objects are kept up to date.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.calls import Calls
from reconciler.apply.session import RunSession
from reconciler.apply.steps import Ask, Steps
from reconciler.kinds.flatten import flatten
from reconciler.kinds.referring import redirected
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Delete, Replace, Write
from reconciler.plan.effects import waiting_delta
from reconciler.plan.fingerprint import object_of
from reconciler.plan.ordering.deletions import refuses_deletion
from reconciler.server.differences import difference
from reconciler.server.errors import (
    ConfigurationServerError,
    ObjectNotFoundError,
    ReadOnlyModeError,
)
from reconciler.server.port import AccessEntry, ConfObject, Reader
from reconciler.server.snapshot import Snapshot
from reconciler.server.validation import without_reference


def carrying(action: Replace, old: ConfObject, live: Snapshot) -> Replace:
    """The action with the old object's current values of the fields that it carries over."""
    if not action.carried:
        return action
    held = flatten(ALL_TYPES[old.type], old.attributes, live)
    taken = {path: held[path] for path in action.carried if path in held}
    return replace(action, fields={**action.fields, **taken})


def read_referrers(
    server: Reader, action: Write, keys: Iterable[tuple[str, int]]
) -> list[ConfObject]:
    """Reads the objects that refer to the object of an action, whole. ``keys``: type and DBID of
    each."""
    own = (action.object_type, action.dbid)
    return [
        one
        for object_type, dbid in keys
        if (object_type, dbid) != own
        for one in server.read(object_type, {"dbid": dbid})
    ]


class Inheritance(Struct, frozen=True):
    """What a new object takes over: ``permissions``, and the references that ``referrers``, as
    they were, had to the ``old`` object; ``waiting``: earlier actions of a circle, whose objects
    get their references to it."""

    permissions: tuple[AccessEntry, ...] = ()
    old: ConfObject | None = None
    referrers: tuple[ConfObject, ...] = ()
    waiting: Sequence[Create] = ()


def hand_over(
    session: RunSession, action: Write, made: ConfObject, inherited: Inheritance
) -> Steps[str]:
    """Gives a new object what it takes over. Returns the end of a sentence that lists the
    references that the server refused; empty: none."""
    if inherited.permissions:
        yield from session.calls.set_permissions(action, made, inherited.permissions)
    _, refused = yield from set_waiting(session, action, made, inherited.waiting)
    if inherited.old is not None:
        _, lost = yield from carry_references(
            session, action, inherited.old, made, inherited.referrers
        )
        refused += lost
    return f"; not written: {'; '.join(refused)}" if refused else ""


def clear_refused(
    calls: Calls, action: Delete, old: ConfObject, referrers: Iterable[ConfObject]
) -> list[ConfObject]:
    """Clears the references because of which the server would refuse to delete an object.
    ``referrers``: objects that the plan deletes later, just read. Returns them as they are now,
    without those that are gone."""
    cleared = []
    for other in referrers:
        if refuses_deletion(other, old):
            kind = ALL_TYPES[other.type]
            wanted = without_reference(kind, other.attributes, old.type, old.dbid)
            delta = difference(kind, other.attributes, wanted)
            with suppress(ObjectNotFoundError):
                cleared.append(calls.perform(calls.update_referrer(action, other, delta)))
    return cleared


def set_waiting(
    session: RunSession, action: Write, made: ConfObject, waiting: Iterable[Create]
) -> Steps[tuple[int, list[str]]]:
    """Writes the references to a new object that earlier objects of the plan were created without.
    Skips objects that are gone. Returns how many were written, and the references that the server
    refused, as sentences."""
    written, refused, live = 0, [], session.live
    for earlier in waiting:
        created = object_of(earlier, live)
        if created is None:
            continue
        found = yield Ask(partial(session.server.read, created.type, {"dbid": created.dbid}))
        for there in found:
            delta = waiting_delta(earlier, there, made, live)
            try:
                now = there
                if delta:
                    now = yield from session.calls.update_referrer(action, there, delta)
                live.put(now)
                written += bool(delta)
            except ReadOnlyModeError:
                raise
            except ConfigurationServerError as error:
                refused.append(f"the reference of {earlier.address} to it: {error}")
    return written, refused


def carry_references(
    session: RunSession,
    action: Write,
    old: ConfObject,
    new: ConfObject,
    referrers: Collection[ConfObject],
) -> Steps[tuple[int, list[str]]]:
    """Changes the references to ``old`` to refer to ``new``, its replacement. ``referrers``: the
    objects that had them, as they were. Skips objects that are gone. Returns how many objects were
    written, and the references that the server refused, as sentences."""
    written, refused, live = 0, [], session.live
    keys = ((one.type, one.dbid) for one in referrers)
    found = yield Ask(lambda: read_referrers(session.server, action, keys))
    now = {(one.type, one.dbid): one for one in found}
    for before in referrers:
        there = now.get((before.type, before.dbid))
        if there is None:
            continue
        kind = ALL_TYPES[there.type]
        wanted = redirected(kind, before.attributes, there.attributes, old.type, old.dbid, new.dbid)
        delta = difference(kind, there.attributes, wanted)
        live.put(there)
        if not delta:
            continue
        try:
            live.put((yield from session.calls.update_referrer(action, there, delta)))
            written += 1
        except ReadOnlyModeError:
            raise
        except ConfigurationServerError as error:
            name = live.name(there.type, there.dbid, new.tenant)
            refused.append(f"the reference of {there.type} {name} to it: {error}")
    return written, refused
