"""Which actions of a plan may be in flight together. Pure.

Two actions depend on each other where one writes what the other writes or uses:

    writes    the object itself, by DBID and by natural key; an endpoint; the default value
              of a business attribute
    uses      what its fields and options refer to, or referred to before; its folder, its tenant,
              the applications that it copies values from; what the plan says that it needs

A delete or a replace clears references and cascades to other objects: it starts alone. So does the
change of a launch file, which is on the disk of this host and waits for nothing.

Names are compared without tenant, outer keys and differences in spelling: an action may wait
needlessly, but never runs beside an action that it depends on.
"""

import re
from collections.abc import Hashable, Iterator, Sequence

from msgspec import Struct

from reconciler.kinds.fields import FieldPath, Fields, Value
from reconciler.kinds.flatten import leaf
from reconciler.kinds.model import on_server
from reconciler.kinds.names import alike_key
from reconciler.kinds.natural_keys import key_parts, unquoted
from reconciler.kinds.options import endpoint_key, references_of
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.kinds.types.folders import FOLDER, type_at
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Delete, Replace, Update, Write, changes_of
from reconciler.plan.folders import folder_type


class Footprint(Struct, frozen=True):
    """What an action touches: the marks of what it writes, and of what it uses."""

    writes: frozenset[Hashable]
    uses: frozenset[Hashable]

    def meets(self, other: "Footprint") -> bool:
        """Whether the two actions depend on each other."""
        return not (
            self.writes.isdisjoint(other.writes)
            and self.writes.isdisjoint(other.uses)
            and self.uses.isdisjoint(other.writes)
        )


def starts_alone(action: Write) -> bool:
    """Whether an action must run alone: it starts after all earlier actions have ended, and later
    actions start after it has ended."""
    return isinstance(action, Replace | Delete) or action.object_type == LAUNCH_FILE


def footprint(action: Write) -> Footprint:
    """What an action touches, as far as its plan says."""
    return Footprint(frozenset(_writes(action)), frozenset(_uses(action)))


def dependencies(actions: Sequence[Write]) -> list[frozenset[int]]:
    """For each action, the numbers of earlier actions that must have ended before it starts.
    The waiting that ``starts_alone`` asks for is not among them, nor are actions that these numbers
    already wait for."""
    last_writer: dict[Hashable, int] = {}
    users: dict[Hashable, list[int]] = {}
    found = []
    for number, action in enumerate(actions):
        marks = footprint(action)
        before = {last_writer[one] for one in (*marks.writes, *marks.uses) if one in last_writer}
        for one in marks.writes:
            before.update(users.pop(one, ()))
            last_writer[one] = number
        for one in marks.uses - marks.writes:
            users.setdefault(one, []).append(number)
        found.append(frozenset(before))
    return found


def _writes(action: Write) -> Iterator[Hashable]:
    yield "address", action.address
    if action.dbid:
        yield on_server(action.object_type), action.dbid
    yield from _names(action.object_type, action.name)
    parts = key_parts(ALL_TYPES[action.object_type])
    name_path = (parts[-1].word,) if parts else ()
    for path, value in _fields(action):
        if path == name_path:
            if value != action.name:
                yield from _names(action.object_type, str(value))
        elif len(path) == 3 and endpoint_key(path):
            yield "endpoint", alike_key(path[2])
        elif path == ("isDefault",) and (value or isinstance(action, Update)):
            yield "default", action.object_type


def _uses(action: Write) -> Iterator[Hashable]:
    for need in action.needs:
        yield "address", need
    if action.tenant:
        yield "Tenant", action.tenant
    kind = ALL_TYPES[action.object_type]
    around = action.folder_path if isinstance(action, Create) else ""
    holder = folder_type(kind, around)
    if holder is not None and action.folder:
        yield FOLDER, action.folder
    if holder is not None and around:
        yield from _names(FOLDER, type_at("", around)[1])
    for path, value in _fields(action):
        attribute = leaf(kind, path) if path[0] in kind.referring else None
        if attribute is not None:
            for target in attribute.target_types:
                yield from _names(target, str(value))
        for reference in references_of(*path, value) if len(path) == 3 else ():
            if reference.target == "endpoint":
                yield "endpoint", alike_key(reference.name)
            else:
                yield from _names("Script", reference.name)
    if isinstance(action, Update):
        sources = {one.source for one in action.changes} | {dbid for dbid, _ in action.watched}
        for dbid in (sources | {*action.fingerprint.sources}) - {0}:
            yield action.object_type, dbid


def _fields(action: Write) -> Iterator[tuple[FieldPath, Value]]:
    """Every field that an action writes, with its value before and after."""
    fields: Fields = action.fields if isinstance(action, Create) else {}
    yield from fields.items()
    for change in changes_of(action):
        if change.before is not None:
            yield change.path, change.before
        if change.after is not None and change.after is not fields.get(change.path):
            yield change.path, change.after


_PARTED = re.compile("[#:/%]")


def _names(object_type: str, name: str) -> Iterator[Hashable]:
    """The marks of a natural name (``natural_keys.joined``): of the whole name, and of the name
    without its tenant or outer keys. ``#7`` is an object that the plan has not read."""
    object_type = on_server(object_type)
    if name.startswith("#") and name[1:].isdecimal():
        yield object_type, int(name[1:])
    if not _PARTED.search(name):
        if name:
            yield object_type, alike_key(name)
        return
    last = name.rpartition("/")[2]
    for text in {name, name.partition(":")[2], last, unquoted(last)} - {""}:
        yield object_type, alike_key(text)
