"""Digests of the live values that an action was computed from, to compare with later. Pure.

References are digested by DBID, so that a fingerprint does not depend on what else was read.
Secret values are digested with scrypt, so that guessing them from a plan file is slow.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath, Value, from_pointer, pointer, shown
from reconciler.kinds.flatten import flatten
from reconciler.kinds.model import ValueType
from reconciler.kinds.natural_keys import key_parts
from reconciler.kinds.secret_names import SecretNames
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import (
    Action,
    Create,
    Delete,
    Fingerprint,
    Replace,
    Update,
    Write,
    changes_of,
    kept_of,
)
from reconciler.plan.changes import Change
from reconciler.plan.losses import referrers
from reconciler.plan.renames import name_taken
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.text.difference import excerpt, excerpts

_LENGTH = 16


class _Numbers:
    """Names every object by its DBID. Implements ``kinds.fields.NameResolver``."""

    def name(self, object_type: str, dbid: int, tenant: int) -> str:  # noqa: ARG002 - NameResolver
        return f"#{dbid}"

    def dbid(self, object_type: str, name: str, tenant: int) -> int | None:  # noqa: ARG002 - NameResolver
        return None


def with_fingerprints(actions: Iterable[Action], live: Snapshot) -> tuple[Action, ...]:
    """The actions; each action that writes gets its fingerprint."""
    return tuple(
        _with(action, fingerprint(action, live)) if isinstance(action, Write) else action
        for action in actions
    )


def _with(action: Write, made: Fingerprint) -> Write:
    return action if made == action.fingerprint else replace(action, fingerprint=made)


def fingerprint(action: Write, live: Snapshot) -> Fingerprint:
    """The digests of what an action depends on, as it is in ``live``. For an update, only the paths
    in ``action.fingerprint.units`` count; for a replace or delete, every field and the folder."""
    if isinstance(action, Create):
        return Fingerprint(parent=parent_of(action, live))
    units = action.fingerprint.units if isinstance(action, Update) else ()
    one = live.get(action.object_type, action.dbid)
    if one is None:
        return Fingerprint(units=units)
    fields = _digests(action, one, units, live)
    if isinstance(action, Update):
        return Fingerprint(units, fields, sources=_sources(action, live))
    return Fingerprint(units, fields, one.folder)


def stale_fields(
    action: Write, live: Snapshot, written: Collection[tuple[str, int]] = ()
) -> list[str]:
    """What has changed since the fingerprint was made, in sentences; empty: nothing.
    ``written``: type and DBID of the objects that the run itself has written since; those of the
    plan were compared before that."""
    was = action.fingerprint
    if isinstance(action, Create):
        return list(_new_object_moved(action, live))
    one = live.get(action.object_type, action.dbid)
    if one is None:
        return ["it is gone"]
    now = fingerprint(action, live)
    taken = name_taken(action, live)
    if taken:
        return [taken]
    messages = list(_fields_moved(action, was.fields, now.fields, _shown(one, live), live))
    if was.folder != now.folder:
        messages.append("it is in another folder")
    if isinstance(action, Replace | Delete):
        messages += _new_referrers(action, one, live, written)
    for dbid, fields in was.sources.items():
        if (action.object_type, dbid) in written:
            continue
        source = live.get(action.object_type, dbid)
        if source is None:
            messages.append(f"the application with DBID {dbid}, which values come from, is gone")
            continue
        found = now.sources.get(dbid, {})
        name = live.name(action.object_type, dbid, 0)
        messages += [
            f"{text} in {name}"
            for text in _fields_moved(action, fields, found, _shown(source, live), live)
        ]
    return messages


def parent_of(action: Create | Replace, live: Snapshot) -> int:
    """The DBID of the object that will own a new object; 0: it does not exist yet."""
    kind = ALL_TYPES[action.object_type]
    attribute = kind.attribute(kind.key[0])
    if attribute is None or len(kind.key) < 2 or not attribute.refers_to:
        return 0
    name = action.fields.get((attribute.word,))
    return live.dbid(attribute.refers_to, str(name), action.tenant) or 0


def object_of(action: Create | Replace, live: Snapshot) -> ConfObject | None:
    """The live object with the natural key of a new object."""
    kind = ALL_TYPES[action.object_type]
    texts = [str(action.fields.get((part.word,), "")) for part in key_parts(kind)]
    key = live.key_of(action.object_type, texts, action.tenant)
    return live.with_key(action.object_type, key) if key else None


def _new_object_moved(action: Create, live: Snapshot) -> Iterator[str]:
    parent = parent_of(action, live)
    there = object_of(action, live)
    if there is not None:
        yield f"it exists now, with DBID {there.dbid}"
    # A parent that the plan itself creates has no DBID at first.
    if action.fingerprint.parent and action.fingerprint.parent != parent:
        yield f"what it belongs to had DBID {action.fingerprint.parent}" + (
            f" and has {parent} now" if parent else " and is gone"
        )


def _new_referrers(
    action: Replace | Delete,
    one: ConfObject,
    live: Snapshot,
    written: Collection[tuple[str, int]],
) -> Iterator[str]:
    """References to an object to be deleted which were made after the plan, and would be lost."""
    for other, attribute in referrers(one, live):
        if (other.type, other.dbid) not in (*action.referrers, *written):
            name = live.name(other.type, other.dbid, one.tenant)
            yield f"{other.type} {name} refers to it now ({attribute.word})"


def _fields_moved(
    action: Write,
    was: Mapping[str, str],
    now: Mapping[str, str],
    values: Mapping[str, tuple[FieldPath, Value]],
    live: Snapshot,
) -> Iterator[str]:
    planned = {pointer(one.path): one for one in (*changes_of(action), *kept_of(action))}
    for place in (*was, *(one for one in now if one not in was)):
        if was.get(place) == now.get(place):
            continue
        path, value = values.get(place, ((), None))
        label = pointer(path) if path else _named(action, place, live)
        change = planned.get(label)
        if place not in now:
            yield f"{label} is gone"
        elif place not in was:
            yield f"{label} has appeared: {_display(action, path, value)}"
        elif change is not None and change.before is not None:
            both = Change(path, change.before, value, secret=_hides(action, path)).display_both()
            yield "{} was {} and is {} now".format(label, *excerpts(*both))
        else:
            yield f"{label} is {_display(action, path, value)} now"


def _named(action: Write, place: str, live: Snapshot) -> str:
    """A pointer with the name of a list item in place of its DBID."""
    path = from_pointer(place)
    attribute = ALL_TYPES[action.object_type].by_word(path[0])
    if attribute is None or attribute.type is not ValueType.REFERENCES or len(path) < 2:
        return place
    number = path[1].removeprefix("#")
    if not number.isdecimal():
        return place
    name = live.name(attribute.refers_to, int(number), action.tenant)
    return pointer((path[0], name))


def _hides(action: Write, path: FieldPath) -> bool:
    """Whether a live value is hidden. A plan file may name exceptions; whoever edited it does
    not get to see what is behind them."""
    names = SecretNames(action.subject.secret_names.words)
    return action.hides(path) or names.marks(path)


def _display(action: Write, path: FieldPath, value: Value | None) -> str:
    return "another secret" if _hides(action, path) else excerpt(shown(value, secret=False))


def _shown(one: ConfObject, live: Snapshot) -> dict[str, tuple[FieldPath, Value]]:
    """Pointer with DBIDs -> the path with names, and the value."""
    return {pointer(raw): (path, value) for raw, _, path, value in _both(one, live)}


def _both(one: ConfObject, live: Snapshot) -> Iterator[tuple[FieldPath, Value, FieldPath, Value]]:
    """Every field twice: with DBIDs, and with the names that ``live`` has for them."""
    kind = ALL_TYPES[one.type]
    numbered = flatten(kind, one.attributes, _Numbers())
    named = flatten(kind, one.attributes, live)
    for (raw, dbid), (path, value) in zip(numbered.items(), named.items(), strict=True):
        yield raw, dbid, path, value


def _digests(
    action: Write, one: ConfObject, units: tuple[FieldPath, ...], live: Snapshot
) -> dict[str, str]:
    """Pointer with DBIDs -> digest, for the fields at or below ``units``; without units, for all
    fields."""
    named = frozenset(units)  # an undo may name thousands
    return {
        pointer(raw): _digest(action, one, path, held)
        for raw, held, path, _ in _both(one, live)
        if not units or any(path[:length] in named for length in range(len(path) + 1))
    }


def _digest(action: Write, one: ConfObject, path: FieldPath, value: Value) -> str:
    """The digest of a value: a text, or a reference by DBID."""
    held = value.hex() if isinstance(value, bytes) else value
    kind = type(value).__name__ if isinstance(value, bytes | bool | int) else "text"
    text = json.dumps([one.type, one.dbid, kind, held], ensure_ascii=False).encode()
    if action.hides(path):
        salt = f"{one.type} {one.dbid} {pointer(path)}".encode()
        return hashlib.scrypt(text, salt=salt, n=2**12, r=8, p=1, dklen=_LENGTH // 2).hex()
    return hashlib.sha256(text).hexdigest()[:_LENGTH]


def _sources(action: Update, live: Snapshot) -> dict[int, dict[str, str]]:
    units: dict[int, list[FieldPath]] = {}
    copied = [(one.source, one.unit or one.path) for one in action.changes if one.source]
    for dbid, unit in (*action.watched, *copied):
        units.setdefault(dbid, []).append(unit)
    found: dict[int, dict[str, str]] = {}
    for dbid, watched in units.items():
        one = live.get(action.object_type, dbid)
        found[dbid] = _digests(action, one, tuple(watched), live) if one else {}
    return found
