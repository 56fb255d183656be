"""The fields of the object that a replace creates, and the replace that does what the server
cannot: give an object another name. Pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.flatten import flatten
from reconciler.kinds.manifests import kind_named
from reconciler.kinds.natural_keys import key_parts
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.actions import Blocked, Replace, Update
from reconciler.plan.diff import (
    LiveFields,
    in_the_type_of,
    lasting_fields,
    satisfying_options,
    site_owned,
)
from reconciler.plan.losses import cascaded, referrers
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot


def replaced_fields(
    desired: DesiredObject, base: Mapping[FieldPath, Value], live: LiveFields
) -> dict[FieldPath, Value]:
    """The fields of the new object. Later ones win: ``base`` (identity and defaults), fields
    carried over from the live object (``preserve``, and the units of initial fields), and the
    other fields that the manifest declares."""
    result = dict(base)
    for path, value in live:
        if path[0] in desired.policy.preserve:
            result[path] = value
    declared = []
    lasting = lasting_fields(desired.fields, live)
    for field in desired.fields:
        instead = satisfying_options(field, lasting)
        if instead:
            for path in instead:
                result.update(live.under(path[:2]))
        elif initial := site_owned(field, lasting):
            result.update(live.under(initial.unit))
        else:
            declared.append(field)
    for field in declared:
        result.pop(field.path, None)
        if field.value is not None:
            result[field.path] = in_the_type_of(live.get(field.path), field.value)
    return result


def action_for_rename(
    update: Update, one: ConfObject, live: Snapshot
) -> Update | Replace | Blocked:
    """The action for an update that renames an object: the update itself; if the server cannot
    rename the object, a replace in which only its name and DBID are new; if more would be lost, a
    blocked action. ``one``: the object in ``live``, which has its new name."""
    why = _why_not_renamed(one, live)
    if not why:
        return _unless_it_gets_members(update)
    kind = kind_named(update.kind)
    along = ", ".join(cascaded(one, live))
    if along:
        reason = f"it cannot be renamed: {why}, and a replace would also delete {along}"
        return Blocked(update.subject, reason)
    if kind is None or kind.overwrite != "replace":
        return Blocked(update.subject, f"it cannot be renamed: {why}")
    changed: Mapping[FieldPath, Value | None] = {each.path: each.after for each in update.changes}
    held = flatten(ALL_TYPES[one.type], one.attributes, live)
    fields = {path: changed.get(path, value) for path, value in {**held, **changed}.items()}
    return Replace(
        update.subject,
        f"renamed: {why}",
        folder=one.folder,
        fields={path: value for path, value in fields.items() if value is not None},
        changes=update.changes,
        kept=update.kept,
        carried=tuple(path for path in held if path not in changed),
        referrers=tuple((other.type, other.dbid) for other, _ in referrers(one, live)),
    )


def _why_not_renamed(one: ConfObject, live: Snapshot) -> str:
    """Why the server cannot give an object another name; empty: it can."""
    object_type = ALL_TYPES[one.type]
    if key_parts(object_type)[-1].immutable:
        return "the server never changes the name of such an object"
    members = object_type.attribute(object_type.keeps_name_with)
    if members and one.attributes.get(members.name):
        return f"the server keeps the name of a group that has {members.word}"
    if one.type == "Host" and next(referrers(one, live), None):
        return "the server keeps the name of a host while servers run on it"
    return ""


def _unless_it_gets_members(update: Update) -> Update:
    """The rename of a group without members; it becomes stale once the group has members."""
    object_type = ALL_TYPES[update.object_type]
    members = object_type.attribute(object_type.keeps_name_with)
    if members is None:
        return update
    units = dict.fromkeys((*update.fingerprint.units, (members.word,)))
    return replace(update, fingerprint=replace(update.fingerprint, units=tuple(units)))
