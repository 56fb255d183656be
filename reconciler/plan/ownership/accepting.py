"""``gwe accept``: the manifests with the server's values in place of their own. Pure.

Each change of a plan says which file and line declare its field: the live value is written there. A
value that cannot be edited in place is left, with what to do about it. A plan with the edited
manifests then shows whether they agree with the server.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.diagnostics import Position
from reconciler.kinds.addresses import selects
from reconciler.kinds.fields import FieldPath, pointer
from reconciler.manifest.editing import Edit, NoEditError, edited, with_value, without_item
from reconciler.manifest.interpolate import literal
from reconciler.plan.actions import Action, Create, Delete, Update
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.plan.renames import name_path, rename_of

Field = tuple[str, FieldPath]
"""A field of an object: its address and path; the path is empty for the whole object."""


_NAME = (
    "it is called {} on the server: to keep that name, write it as metadata.name, without formerly"
)


class Left(Struct, frozen=True):
    """A difference that no edit of a manifest resolves. ``why`` ends a sentence."""

    field: Field
    origin: Position | None
    why: str


class Accepting(Struct, frozen=True):
    """``texts``: file -> its text with the live values; ``left``: what stays different. ``places``:
    each field whose value was written into a text -> its place."""

    texts: Mapping[str, str]
    left: tuple[Left, ...]
    places: Mapping[Field, Position]


def accept(
    plan: Plan,
    addresses: Sequence[str],
    texts: Mapping[str, str],
    plan_with: Callable[[Mapping[str, str]], Plan],
) -> Accepting:
    """The manifests that agree with the server about the objects at ``addresses``; empty:
    about all.

    ``plan``: what the manifests would write; ``texts``: file -> text, of the manifests that may
    be edited; ``plan_with``: the plan of the manifests with other texts.
    """
    selected = [a for a in plan.actions if not addresses or selects(addresses, a.address)]
    before = {field for field, _ in _changes(plan)}
    refused: dict[Position, str] = {}
    while True:
        found = _accepted(replace(plan, actions=tuple(selected)), texts, refused)
        if not found.texts:
            return found
        # The edited place declares these fields too: they did not differ before, or still differ.
        others = {
            found.places.get(field) or _place_of(field, found): (field, change)
            for field, change in _changes(plan_with(found.texts))
            if field not in before or field in found.places
        }
        if not others:
            return found
        for place, ((address, path), change) in others.items():
            where = f"{address} has {change.display(change.before)} at {pointer(path)}"
            why = f"the manifest is for other objects too, and {where}"
            # If it is unclear which edit caused it, none is made.
            refused |= dict.fromkeys([place] if place else found.places.values(), why)


def _place_of(field: Field, found: Accepting) -> Position | None:
    """The edited place that declares a field of another object as well."""
    _, path = field
    places = {place for (_, other), place in found.places.items() if other == path}
    return places.pop() if len(places) == 1 else None


def _accepted(plan: Plan, texts: Mapping[str, str], refused: Mapping[Position, str]) -> Accepting:
    """The manifests that agree with the server about what ``plan`` would write. ``refused``:
    places that must not be edited, each with the reason."""
    left = [_object_left(action) for action in plan.writes if not isinstance(action, Update)]
    places: dict[Field, Position] = {}
    edits: dict[str, list[Edit]] = {}
    for position, changes in _by_place(plan, left).items():
        try:
            edit = _edit(position, changes, texts, refused.get(position, ""))
        except NoEditError as error:
            left += [Left(field, position, str(error)) for field, _ in changes]
            continue
        edits.setdefault(position.file, []).append(edit)
        places |= dict.fromkeys((field for field, _ in changes), position)
    after = {file: edited(texts[file], found) for file, found in edits.items()}
    return Accepting(after, tuple(left), places)


def _object_left(action: Action) -> Left:
    why = {
        Create.action: "it is not on the server: delete its manifest, or declare ensure: absent",
        Delete.action: "it is on the server: take ensure: absent out of its manifest",
    }.get(action.action, "it would be replaced as a whole")
    return Left((action.address, ()), action.subject.origin, why)


def _by_place(plan: Plan, left: list[Left]) -> Mapping[Position, Sequence[tuple[Field, Change]]]:
    """The changes by the place that declares them: one manifest may be for several objects."""
    found: dict[Position, list[tuple[Field, Change]]] = {}
    renames = [action for action in plan.writes if rename_of(action)]
    names = {(action.address, name_path(action.object_type)) for action in renames}
    for field, change in _changes(plan):
        if field in names:
            left.append(Left(field, change.origin, _NAME.format(change.display(change.before))))
        elif change.origin is None:
            left.append(Left(field, None, "no manifest declares it"))
        else:
            found.setdefault(change.origin, []).append((field, change))
    return found


def _changes(plan: Plan) -> Iterator[tuple[Field, Change]]:
    for action in plan.writes:
        for change in action.changes if isinstance(action, Update) else ():
            yield (action.address, change.path), change


def _edit(
    position: Position,
    changes: Sequence[tuple[Field, Change]],
    texts: Mapping[str, str],
    refused: str,
) -> Edit:
    """The edit at a place, which declares a field of one or several objects. NoEditError if
    there is none."""
    why = refused or _why_not(position, changes, texts)
    (_, change), *_ = changes
    if why or isinstance(change.before, bytes):
        raise NoEditError(why or "a manifest cannot hold binary values")
    if change.before is None and change.path[-1:] == (change.after,):
        return without_item(texts[position.file], position)
    value = literal(change.before) if isinstance(change.before, str) else change.before
    return with_value(texts[position.file], position, value)


def _why_not(
    position: Position, changes: Sequence[tuple[Field, Change]], texts: Mapping[str, str]
) -> str:
    """Why a value that the manifests declare is not edited; empty: it may be."""
    if position.file not in texts:
        return "its manifest comes with gwe: copy the manifests with gwe init DIR"
    if any(change.secret for _, change in changes):
        return "it is secret: give the variable that it comes from the server's value"
    if any(change.source for _, change in changes):
        return "its value is that of the other server of the pair"
    if len({(type(change.before), change.before) for _, change in changes}) > 1:
        return "the objects that it is declared for have several values: " + ", ".join(
            f"{address} has {change.display(change.before)}" for (address, _), change in changes
        )
    return ""
