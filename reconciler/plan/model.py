"""A plan as a value: actions with their changes, in the order in which they are applied."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.diagnostics import Position
from reconciler.kinds.fields import HIDDEN, FieldPath, Value, is_secret, shown
from reconciler.server.port import AccessEntry

ActionName = Literal["create", "update", "replace", "delete", "in-sync", "keep", "skip", "blocked"]

WRITES: tuple[ActionName, ...] = ("create", "update", "replace", "delete")
"""The actions that write. A plan without any of them is empty."""


KEPT = "differs only in fields that a keep policy leaves alone"
"""The reason of every ``keep``."""


@dataclass(frozen=True)
class Change:
    """One field: its live value, the wanted one, and where that is asked for. None is
    absent. For a kept field ``after`` is what the manifest says and is not written.

    ``unit`` is the path that must still be as it was when the change is written; in the
    application with the DBID ``source`` as well, from which the value is copied.
    ``secret``: neither value is ever shown.
    """

    path: FieldPath
    before: Value | None
    after: Value | None
    origin: Position | None = None
    manifest: str = ""
    unit: FieldPath = ()
    source: int = 0
    secret: bool = False

    def display(self, value: Value | None) -> str:
        """One of the values as people read it."""
        hides = self.secret and value is not None and not isinstance(value, bytes)
        return HIDDEN if hides else shown(self.path, value)


@dataclass(frozen=True)
class Fingerprint:
    """What an action was decided by, so that a later look tells whether it still holds.

    ``fields``: JSON Pointer -> digest of every field at or below ``units``; without units
    of the whole object, which then is in ``folder`` as well. ``sources``: the same of
    other applications that values are copied from, by DBID. ``parent``: the DBID of the
    object that owns a new one.
    """

    units: tuple[FieldPath, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    folder: int = 0
    parent: int = 0
    sources: Mapping[int, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """What happens to one live object.

    ``fields``: every field of the object that a create or replace makes; ``permissions``
    what is set on it then. ``needs``: addresses that come first. ``folder``: the DBID of
    the folder to create it in; 0 is the kind's default one. ``loses``: what a replace or
    delete takes away, in sentences; ``referrers`` the (type, DBID) of the objects whose
    references end with it. ``units``: the paths whose values decided about an update;
    ``watched`` the same in other applications, by DBID. ``secrets``: the paths whose values
    are never shown, beside those whose names hold one of ``secret_words``. ``carried``: the
    paths that a replace takes over from the object just before. ``protect``: the object is
    never deleted.
    """

    address: str
    kind: str
    action: ActionName
    object_type: str = ""
    name: str = ""
    tenant: int = 0
    dbid: int = 0
    folder: int = 0
    reason: str = ""
    changes: tuple[Change, ...] = ()
    kept: tuple[Change, ...] = ()
    loses: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    units: tuple[FieldPath, ...] = ()
    referrers: tuple[tuple[str, int], ...] = ()
    permissions: tuple[AccessEntry, ...] = ()
    watched: tuple[tuple[int, FieldPath], ...] = ()
    secrets: tuple[FieldPath, ...] = ()
    secret_words: tuple[str, ...] = ()
    protect: bool = False
    carried: tuple[FieldPath, ...] = ()
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    fields: Mapping[FieldPath, Value] = field(default_factory=dict)
    origin: Position | None = None

    @property
    def writes(self) -> bool:
        return self.action in WRITES

    def hides(self, path: FieldPath) -> bool:
        """Whether the value at a path of the object is never shown."""
        return path in self.secrets or is_secret(path, self.secret_words)


@dataclass(frozen=True)
class SiteMark:
    """The site that a plan is for. ``roles``: role -> DBIDs of its applications;
    ``siblings``: other Web Engagement Servers of the tenant; ``foreign_keys``: application
    outside the site -> its queueKey; ``installation``: host and
    folder of the launch files."""

    app: str
    tenant: str
    tenant_dbid: int
    cluster: str = ""
    roles: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    siblings: tuple[str, ...] = ()
    foreign_keys: Mapping[str, str] = field(default_factory=dict)
    installation: str = ""


@dataclass(frozen=True)
class Plan:
    """An ordered list of actions, with what it is for. Notices are for people.

    ``server`` is a URL to show, ``identity`` what a server says of itself for its whole
    life. ``manifests``: a digest of the manifests, for information. ``undoes``: the run
    whose writes the plan takes back. ``after``: the last run on the server that was known.
    ``refusals``: the guards that it does not pass.
    """

    server: str
    identity: str
    site: SiteMark
    actions: tuple[Action, ...]
    notices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    manifests: str = ""
    undoes: str = ""
    after: str = ""
    refusals: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing would be written."""
        return not any(action.writes for action in self.actions)

    @property
    def blocked(self) -> tuple[Action, ...]:
        """The actions that keep the plan from being applied."""
        return tuple(action for action in self.actions if action.action == "blocked")

    @property
    def applyable(self) -> bool:
        """Whether nothing forbids to carry the plan out."""
        return not self.blocked and not self.refusals

    def counts(self) -> Mapping[ActionName, int]:
        """How many actions of each name there are."""
        return Counter(action.action for action in self.actions)

    def shared_changes(self) -> int:
        """How many existing option values in applications would change or go."""
        return sum(
            change.before is not None
            for action in self.actions
            if action.object_type == "Application" and action.writes
            for change in action.changes
        )
