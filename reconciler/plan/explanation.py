"""Why a plan writes a field, keeps it or leaves it alone. Pure.

The plan has decided already. This module finds a field in the plan and what the decision was made
from: the manifest with its policy and variables, and the live value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from msgspec import Struct

from reconciler.diagnostics import Position, did_you_mean
from reconciler.errors import UsageError
from reconciler.kinds.addresses import application_address
from reconciler.kinds.fields import FieldPath, pointer
from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.desired import Desired, Initial, ManagedField
from reconciler.manifest.load import Loaded
from reconciler.plan.actions import Action, Blocked, Skip, changes_of, kept_of
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.plan.renames import addresses_of
from reconciler.server.port import PastChange
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import application_name

FieldStatus = Literal["written", "kept", "unchanged", "not-planned", "undeclared"]
"""``written``: an apply writes it; ``kept``: it differs and is left alone; ``unchanged``: it is
declared and nothing is to be written; ``not-planned``: its object is skipped or blocked;
``undeclared``: no manifest declares it."""
FIELD_STATUSES: tuple[FieldStatus, ...] = get_args(FieldStatus)

_VARIABLE = re.compile(r"\$\{var\.([^{}]+)\}")
_SHOWN = 8


class LastWrite(Struct, frozen=True):
    """The last run that wrote a field. ``started``: the time that the run recorded; ``user``: its
    user name; ``dbid``: that of the object at the time."""

    run: str
    started: str
    user: str
    dbid: int = 0


class FieldExplanation(Struct, frozen=True):
    """One field. ``live``, ``manifest``: both values as a person reads them, empty if no manifest
    declares the field; ``policy``: who decides about it; ``variables``: (name, what set it) of each
    variable in its value; ``hint``: how the manifest's value is enforced."""

    path: FieldPath
    status: FieldStatus
    live: str
    manifest: str = ""
    declared: Position | None = None
    policy: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    last_write: LastWrite | None = None


class Explanation(Struct, frozen=True):
    """What a plan does to one object, and why, field by field. ``last_change``: the last change of
    the object in the server's own history; None if the history has none."""

    action: Action
    fields: tuple[FieldExplanation, ...]
    last_change: PastChange | None = None


class Explainer(Struct, frozen=True):
    """A plan with what it was made from."""

    plan: Plan
    live: Snapshot
    desired: Desired
    loaded: Loaded

    def find(self, text: str) -> tuple[Action, str]:
        """The action for an address, and the field that follows the address; empty without a field.
        UsageError if no manifest declares such an object, or the plan leaves it out."""
        found = [
            (one, address)
            for one in self.plan.actions
            for address in addresses_of(one)
            if text == address or text.startswith(f"{address}/")
        ]
        if not found and text in self.desired.addresses:
            notes = [note for note in self.plan.notices if text in note]
            raise UsageError(
                f"{text} is declared, but is not part of the plan",
                notes[0] if notes else "gwe plan says what it leaves out.",
            )
        if not found:
            self._check_undeclared_application(text)
            names = [one.address for one in self.plan.actions]
            raise UsageError(
                f"no manifest declares {text}, so gwe leaves it alone{did_you_mean(text, names)}",
                "Write an address as gwe plan --verbose prints it, such as InteractionQueue/Sales.",
            )
        action, address = max(found, key=lambda one: len(one[1]))
        return action, text[len(address) + 1 :]

    def _check_undeclared_application(self, text: str) -> None:
        """UsageError if an address is that of a live application, or of a field in it."""
        for one in self.live.of_type("Application"):
            address = application_address(application_name(one))
            if text == address or text.startswith(f"{address}/"):
                raise UsageError(
                    f"no manifest declares an option of {address}, so gwe leaves all of them alone",
                    "An ApplicationOptions manifest declares options of the applications that its"
                    " target names, by role.",
                )

    def explain(
        self,
        action: Action,
        field: str,
        last_writes: Mapping[FieldPath, LastWrite],
        last_change: PastChange | None = None,
    ) -> Explanation:
        """Why the plan does what it does to an object. ``field``: a field, or the section or
        attribute around several; empty: all that manifests declare. ``last_writes``,
        ``last_change``: of the object. UsageError if the object has no such field."""
        declared = {one.path: one for one in self._declared(action)}
        live = self._live_fields(action)
        paths = dict.fromkeys(
            [*declared, *(c.path for c in (*changes_of(action), *kept_of(action)))]
        )
        chosen = [path for path in paths if _is_below(path, field)]
        chosen += [path for path in live if field and path not in paths and _is_below(path, field)]
        if field and not chosen:
            first = field.strip("/").partition("/")[0]
            near = sorted([*paths, *live], key=lambda path: path[0] != first)  # stable
            names = ", ".join("/".join(path) for path in near[:_SHOWN])
            raise UsageError(
                f"{action.address} has no field {field}, neither live nor declared",
                f"It has, among others: {names}." if names else "It has no field at all.",
            )
        return Explanation(
            action,
            tuple(
                self._field(action, path, declared.get(path), live, last_writes.get(path))
                for path in chosen
            ),
            last_change,
        )

    def _declared(self, action: Action) -> Iterable[ManagedField]:
        return getattr(self.desired.addresses.get(action.address), "fields", ())

    def _live_fields(self, action: Action) -> Mapping[FieldPath, Any]:
        one = self.live.get(action.object_type, action.dbid)
        return flatten(ALL_TYPES[one.type], one.attributes, self.live) if one else {}

    def _field(
        self,
        action: Action,
        path: FieldPath,
        declared: ManagedField | None,
        live: Mapping[FieldPath, Any],
        last_write: LastWrite | None,
    ) -> FieldExplanation:
        status, change = _decided(action, path)
        if change is None:
            if status == "unchanged" and declared is None:
                status = "undeclared"
            secret = action.hides(path) or (declared is not None and declared.secret)
            after = declared.value if declared else None
            change = Change(path, live.get(path), after, secret=secret)
        same = change.before == change.after
        before = change.display(change.before) if same else change.display_both()[0]
        after_text = before if same else change.display_both()[1]
        origin = declared.origin if declared else change.origin
        return FieldExplanation(
            path,
            status,
            live=before,
            manifest=after_text if declared or status in ("written", "kept") else "",
            declared=origin,
            policy=_policy(declared) if declared else "",
            variables=tuple(self._variables(origin)) if origin else (),
            hint=change.hint,
            last_write=last_write,
        )

    def _variables(self, origin: Position) -> Iterator[tuple[str, str]]:
        """The variables in the manifest's text at a position, and what set them."""
        for manifest in self.loaded.manifests:
            if manifest.at().file != origin.file:
                continue
            for path, text in _texts(manifest.data):
                if "${var." in text and manifest.at(path) == origin:
                    for name in dict.fromkeys(_VARIABLE.findall(text)):
                        yield name, self.loaded.variables.set_by(name)


def _decided(action: Action, path: FieldPath) -> tuple[FieldStatus, Change | None]:
    """What the plan does to a field, and the change where it has one."""
    for change in changes_of(action):
        if change.path == path:
            return "written", change
    for change in kept_of(action):
        if change.path == path:
            return "kept", change
    return ("not-planned" if isinstance(action, Skip | Blocked) else "unchanged"), None


def _policy(declared: ManagedField) -> str:
    match declared.ownership:
        case Initial(unit):
            text = (
                f"initial: written only where {'/'.join(unit)} is absent; after that it is the"
                " site's own"
            )
        case _:
            text = "enforced: a live value that differs is overwritten"
    if declared.satisfied_by:
        text += f"; not written either where there is {' or '.join(declared.satisfied_by)}"
    return text


def _is_below(path: FieldPath, field: str) -> bool:
    """Whether a path is the named field, or lies below it."""
    if not field:
        return True
    wanted = f"/{field.strip('/')}"
    return any(
        f"{text}/".startswith(f"{wanted}/") for text in (pointer(path), "/" + "/".join(path))
    )


def _texts(data: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Every text in a manifest's data, with its path."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _texts(value, (*path, number))  # type: ignore[arg-type]
