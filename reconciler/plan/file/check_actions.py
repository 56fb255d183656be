"""Whether a plan file shows everything that it would write, and writes only what plans may
write. Pure, and without a server: what needs live objects is checked when the plan is applied.
"""

from collections.abc import Iterator

from reconciler.kinds.fields import FieldPath, SecretText, Value, pointer
from reconciler.kinds.flatten import leaf
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.manifests import EVERY_KIND, kind_named
from reconciler.kinds.model import Attribute
from reconciler.kinds.natural_keys import identity_of, key_parts
from reconciler.kinds.types.files import CONTENT, LAUNCH_FILE, VALUES
from reconciler.kinds.types.table import ALL_TYPES, references_to
from reconciler.plan.actions import Create, Delete, Replace, Update, Write, changes_of
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.plan.renames import rename_of
from reconciler.plan.secrets import CARRIED, source_of

_WORDS = {LAUNCH_FILE: (VALUES, CONTENT)}
_OBJECTS = {kind.type for kind in EVERY_KIND.values() if kind.binding == "object"}
_CREATED = _OBJECTS | {
    referring.name
    for object_type in _OBJECTS
    for referring, attribute, _ in references_to(object_type)
    if attribute.on_delete == "cascade" and not referring.written_by_server
}
"""The types that are created and deleted: those of manifests, and those that the server
deletes with an object of a manifest, which an undo creates again."""


def check_actions(plan: Plan) -> None:
    """ValueError if no plan can have such an action, or if it writes what it does not show."""
    addresses: set[str] = set()
    objects: set[tuple[str, int]] = set()
    for action in plan.actions:
        key = (action.object_type, action.dbid)
        if action.address in addresses or key in objects:
            raise ValueError(f"{action.address} is in it twice")
        addresses.add(action.address)
        objects |= {key} if action.dbid else set()
        problem = next(_problems(action, plan), "") if isinstance(action, Write) else ""
        if problem:
            raise ValueError(f"{action.address}: {problem}")


def _problems(action: Write, plan: Plan) -> Iterator[str]:
    kind = kind_named(action.kind)
    if action.object_type != (kind.type if kind else action.kind):
        yield f"a {action.kind} is no {action.object_type}"
    match action:
        case Create() | Delete() if action.object_type not in _CREATED:
            yield f"no plan can {action.action} a {action.object_type}"
        case Replace():
            if kind is None or kind.overwrite != "replace":
                yield f"no plan can replace a {action.object_type}"
            consented = {"--overwrite", "--overwrite-only"} & set(plan.consent)
            if not consented and not rename_of(action):
                yield "it is replaced, and the plan was made without --overwrite"
        case Update():
            yield from _unknown_fields(action, kind, plan)
    if any(one.reset for one in changes_of(action)) and "--reset-initial" not in plan.consent:
        yield "values of the site are reset, and the plan was made without --reset-initial"
    if isinstance(action, Create | Replace):
        yield from _hidden_fields(action, kind)
    if isinstance(action, Create) and not plan.undoes:
        if action.permissions:
            yield "only the undo of a run sets permissions"
        name = key_parts(ALL_TYPES[action.object_type])[-1]
        if str(action.fields.get((name.word,))) != action.name:
            yield "what would be created has another name"
    if isinstance(action, Create) == bool(action.dbid):
        yield "a new object has no DBID, any other has one"


def _unknown_fields(action: Update, kind: ManifestKind | None, plan: Plan) -> Iterator[str]:
    """Fields that no plan changes."""
    object_type = ALL_TYPES[action.object_type]
    digests = action.fingerprint.fields
    for change in action.changes:
        word = change.path[0]
        if not any(change.path[: len(unit)] == unit for unit in action.fingerprint.units):
            yield f"{pointer(change.path)} would not be compared before it is written"
        attribute = leaf(object_type, change.path)
        reference = attribute and attribute.refers_to
        if change.before is not None and not reference and pointer(change.path) not in digests:
            yield f"{pointer(change.path)} has no digest of its old value"
        if action.object_type in _WORDS:
            known = word in _WORDS[action.object_type]
        elif kind is None:
            known = attribute is not None and _is_restored(attribute, change, plan)
        else:
            outer = object_type.by_word(word)
            known = attribute is not None and not (outer and outer.immutable)
        if not known:
            yield f"no plan can change {pointer(change.path)}"


def _is_restored(attribute: Attribute, change: Change, plan: Plan) -> bool:
    """Whether a change restores or clears a reference to an object of the plan. An undo changes
    nothing else in objects of types that no manifest describes."""
    target = change.after if change.before is None else change.before
    return (
        bool(plan.undoes)
        and (change.before is None) != (change.after is None)
        and any(
            attribute.may_refer_to(other.object_type) and other.name == target
            for other in plan.actions
            if other.object_type in _CREATED
        )
    )


def _hidden_fields(action: Create | Replace, kind: ManifestKind | None) -> Iterator[str]:
    """Fields whose written values differ from what the changes show. What a replace carries over
    from the old object is compared with that object when the plan is applied."""
    changes = {change.path: change.after for change in action.changes}
    implied, identity = _implied(action), identity_of(ALL_TYPES[action.object_type])
    for path, value in action.fields.items():
        if path in changes:
            if not _same(changes[path], value):
                yield f"{pointer(path)} is shown as another value than would be written"
        elif path in identity:
            continue
        elif kind and path[0] in kind.fixed:
            if value != implied[path]:
                yield f"{pointer(path)} is not that of a {kind.name}"
        elif isinstance(action, Create) and value != implied.get(path):
            yield f"{pointer(path)} would be written and is not shown"
    for path, after in changes.items():
        if after is not None and path not in action.fields:
            yield f"{pointer(path)} is shown and would not be written"


def _same(shown: Value | None, written: Value) -> bool:
    if isinstance(shown, SecretText) or isinstance(written, SecretText):
        return source_of(shown) == source_of(written)
    return shown == written and type(shown) is type(written)


def _implied(action: Create | Replace) -> dict[FieldPath, Value]:
    """The fields that every new object of the kind has."""
    kind = kind_named(action.kind)
    words = {**kind.defaults, **kind.fixed} if kind else {}
    return {(word,): value for word, value in words.items()}


def taken_over(action: Replace) -> dict[FieldPath, Value]:
    """The fields of a replace that no change and no loss shows: they are carried over from the old
    object."""
    known = {change.path for change in action.changes}
    implied = _implied(action)
    return {
        path: value
        for path, value in action.fields.items()
        if path not in known and source_of(value) != CARRIED and implied.get(path) != value
    }
