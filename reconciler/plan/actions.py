"""What happens to one live object, as a value.

    Action = Create | Update | Replace | Delete    written by an apply
           | InSync | Keep | Skip | Blocked        nothing is written; ``reason`` says why

Each class has the fields that its kind of action needs and no others, so that a ``match``
over an action is checked to be complete by the type checker.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, get_args

from msgspec import Struct, field

from reconciler.diagnostics import Position
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.flatten import leaf
from reconciler.kinds.model import ValueType
from reconciler.kinds.secret_names import USUAL_NAMES, SecretNames
from reconciler.kinds.types.table import ALL_TYPES, FOLDER_TYPES
from reconciler.plan.changes import Change
from reconciler.server.port import AccessEntry

ActionName = Literal["create", "update", "replace", "delete", "in-sync", "keep", "skip", "blocked"]

ACTION_NAMES: tuple[ActionName, ...] = get_args(ActionName)
"""Every action, in the order in which summaries list them."""

ABSENT = "declared absent"
"""The reason of a ``Delete`` in a plan from manifests."""

KEPT = "only initial values differ"
"""The reason of a ``Keep`` in a plan from manifests."""


class Fingerprint(Struct, frozen=True):
    """Digests of the live values that an action was computed from, to compare with later.

    ``units``: the paths that decided about an update; empty for a replace or delete, which
    the whole object decided about. ``fields``: JSON Pointer -> digest of every field at or below a
    unit. ``folder``: the DBID of the folder that a replaced or deleted object was in. ``parent``:
    the DBID of the object that owns a new object, 0 if the plan creates it. ``sources``: DBID ->
    digests, of other applications that values are copied from.
    """

    units: tuple[FieldPath, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    folder: int = 0
    parent: int = 0
    sources: Mapping[int, Mapping[str, str]] = field(default_factory=dict)


class Subject(Struct, frozen=True):
    """The object that an action is about.

    ``kind``: the manifest kind, for addresses and headings; ``object_type``: the type in
    Configuration Server. ``tenant`` and ``dbid`` are DBIDs, 0 if unknown. ``protect``: the
    object is never deleted. ``secrets``: paths whose values are never shown, beside those
    that ``secret_names`` marks.
    """

    address: str
    kind: str
    object_type: str = ""
    name: str = ""
    tenant: int = 0
    dbid: int = 0
    origin: Position | None = None
    protect: bool = False
    secrets: tuple[FieldPath, ...] = ()
    secret_names: SecretNames = USUAL_NAMES

    @property
    def identity(self) -> tuple[str, str, int]:
        """Address, type and DBID."""
        return self.address, self.object_type, self.dbid

    def hides(self, path: FieldPath) -> bool:
        """Whether the value at a path of the object is never shown."""
        return path in self.secrets or (
            self.secret_names.marks(path) and _holds_text(self.object_type, path)
        )


def _holds_text(name: str, path: FieldPath) -> bool:
    """Whether the value at a path of an object of a type is a text, or may be; a flag is no
    secret."""
    object_type = ALL_TYPES.get(name)
    attribute = leaf(object_type, path) if object_type else None
    return attribute is None or attribute.type in (ValueType.TEXT, ValueType.KEY_VALUES)


class BaseAction(Struct, frozen=True):
    """What every action has. ``needs``: addresses of the actions that are applied before it."""

    action: ClassVar[ActionName]

    subject: Subject
    reason: str = ""
    needs: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return self.subject.address

    @property
    def kind(self) -> str:
        return self.subject.kind

    @property
    def object_type(self) -> str:
        return self.subject.object_type

    @property
    def name(self) -> str:
        return self.subject.name

    @property
    def tenant(self) -> int:
        return self.subject.tenant

    @property
    def dbid(self) -> int:
        return self.subject.dbid

    def hides(self, path: FieldPath) -> bool:
        """Whether the value at a path of the object is never shown."""
        return self.subject.hides(path)


class BaseWrite(BaseAction, frozen=True):
    """What every action that writes has. ``folder``: the DBID of the folder that the object
    is in or is created in; 0 is the default folder of its type."""

    folder: int = 0
    fingerprint: Fingerprint = field(default_factory=Fingerprint)


class Create(BaseWrite, frozen=True):
    """A new object. ``fields``: all of its fields, ``changes``: those that a manifest
    declares; ``permissions`` are set on it afterwards. ``folder_path``: the names of its
    folder below the default one, ``Sales/Chat``; empty: the default folder. Where the plan creates
    that folder too, ``folder`` is 0."""

    action = "create"

    folder_path: str = ""
    fields: Mapping[FieldPath, Value] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    permissions: tuple[AccessEntry, ...] = ()

    @property
    def shown_folder(self) -> str:
        """The path of its folder as it is shown; empty for a folder, whose own path says it."""
        return "" if self.object_type in FOLDER_TYPES else self.folder_path


class Update(BaseWrite, frozen=True):
    """Changed fields of an existing object. ``kept``: fields that differ and are left alone.
    ``loses``: sentences about values of the site that are lost.
    ``watched``: (DBID, path) in other applications that must stay absent, since a value
    there would be copied instead of the manifest's."""

    action = "update"

    changes: tuple[Change, ...] = ()
    kept: tuple[Change, ...] = ()
    loses: tuple[str, ...] = ()
    watched: tuple[tuple[int, FieldPath], ...] = ()


class Replace(BaseWrite, frozen=True):
    """Deletes an existing object and creates it again at once.

    ``fields``: all fields of the new object; ``carried``: the paths of those that are read from the
    old object just before it is deleted. ``loses``: sentences about what the old object loses;
    ``referrers``: (type, DBID) of the objects that refer to it, and whose references the server
    clears; ``restores``: sentences about the references that are then written again, to the new
    object.
    """

    action = "replace"

    fields: Mapping[FieldPath, Value] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    kept: tuple[Change, ...] = ()
    carried: tuple[FieldPath, ...] = ()
    loses: tuple[str, ...] = ()
    restores: tuple[str, ...] = ()
    referrers: tuple[tuple[str, int], ...] = ()


class Delete(BaseWrite, frozen=True):
    """Deletes an object. ``loses`` and ``referrers``: see ``Replace``."""

    action = "delete"

    loses: tuple[str, ...] = ()
    referrers: tuple[tuple[str, int], ...] = ()


class InSync(BaseAction, frozen=True):
    """The live object has every declared value already."""

    action = "in-sync"


class Keep(BaseAction, frozen=True):
    """Every field that differs is left alone: ``kept``."""

    action = "keep"

    kept: tuple[Change, ...] = ()


class Skip(BaseAction, frozen=True):
    """The action was not selected, or is neither possible nor needed."""

    action = "skip"


class Blocked(BaseAction, frozen=True):
    """Must not be written; a plan with a blocked action cannot be applied."""

    action = "blocked"


Write = Create | Update | Replace | Delete
Action = Write | InSync | Keep | Skip | Blocked


def changes_of(action: Action) -> tuple[Change, ...]:
    """The fields that an action writes and a manifest, a journal or a pair declares."""
    found: tuple[Change, ...] = getattr(action, "changes", ())  # asked too often for isinstance
    return found


def written_paths(action: Action) -> tuple[FieldPath, ...]:
    """Every field that an action writes."""
    fields = action.fields if isinstance(action, Create | Replace) else {}
    return tuple(dict.fromkeys((*(one.path for one in changes_of(action)), *fields)))


def kept_of(action: Action) -> tuple[Change, ...]:
    """The fields that differ and that an action leaves alone."""
    found: tuple[Change, ...] = getattr(action, "kept", ())
    return found


def losses_of(action: Action) -> tuple[str, ...]:
    """What is lost by an action, in sentences."""
    found: tuple[str, ...] = getattr(action, "loses", ())
    return found


def restored_by(action: Action) -> tuple[str, ...]:
    """The references of other objects that an action writes again, in sentences."""
    return action.restores if isinstance(action, Replace) else ()
