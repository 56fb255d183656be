"""What a replace carries over to the new object: values of the old one, and the references that
other objects have to it.

The server clears those references when the old object is deleted. Here each is written again.
Doing so twice changes nothing, so that a recovery repeats it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from reconciler.apply.calls import Calls
from reconciler.kinds.flatten import flatten
from reconciler.kinds.referring import redirected
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.actions import Replace, Write
from reconciler.server.delta import difference
from reconciler.server.errors import ConfigurationServerError, ReadOnlyModeError
from reconciler.server.port import AccessEntry, ConfObject, Reader
from reconciler.server.snapshot import Snapshot


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
    """The objects that refer to the object of an action, whole, as they are now. ``keys``: type
    and DBID of each."""
    own = (action.object_type, action.dbid)
    return [
        one
        for object_type, dbid in keys
        if (object_type, dbid) != own
        for one in server.read(object_type, {"dbid": dbid})
    ]


@dataclass(frozen=True)
class Inheritance:
    """What a new object takes over: ``permissions``, and the references that ``referrers``, as
    they were, had to the ``old`` object."""

    permissions: tuple[AccessEntry, ...] = ()
    old: ConfObject | None = None
    referrers: tuple[ConfObject, ...] = ()


def hand_over(
    server: Reader,
    calls: Calls,
    action: Write,
    made: ConfObject,
    inherited: Inheritance,
    live: Snapshot,
) -> str:
    """Gives a new object what it takes over. The end of a sentence says which references the
    server has refused; empty: none."""
    if inherited.permissions:
        calls.set_permissions(action, made, inherited.permissions)
    if inherited.old is None:
        return ""
    _, refused = carry_references(
        server, calls, action, inherited.old, made, inherited.referrers, live
    )
    return f"; not written again: {'; '.join(refused)}" if refused else ""


def carry_references(
    server: Reader,
    calls: Calls,
    action: Write,
    old: ConfObject,
    new: ConfObject,
    referrers: Collection[ConfObject],
    live: Snapshot,
) -> tuple[int, list[str]]:
    """Leads the references to ``old`` to ``new``, which has taken its place. ``referrers``: the
    objects that had them, as they were; ``live`` is kept up to date. An object that is gone is
    passed over. How many objects were written, and the references that the server refuses, as
    sentences."""
    written, refused = 0, []
    keys = ((one.type, one.dbid) for one in referrers)
    now = {(one.type, one.dbid): one for one in read_referrers(server, action, keys)}
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
            live.put(calls.update_referrer(action, there, delta))
            written += 1
        except ReadOnlyModeError:
            raise
        except ConfigurationServerError as error:
            name = live.name(there.type, there.dbid, new.tenant)
            refused.append(f"the reference of {there.type} {name} to it: {error}")
    return written, refused
