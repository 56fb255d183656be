"""A plan as a value: actions with their changes, in the order in which they are applied."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.diagnostics import Position
from reconciler.kinds.fields import Path, Value

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
    """

    path: Path
    before: Value | None
    after: Value | None
    origin: Position | None = None
    manifest: str = ""
    unit: Path = ()
    source: int = 0


@dataclass(frozen=True)
class Action:
    """What happens to one live object.

    ``fields``: every field of the object that a create or replace makes. ``needs``:
    addresses that come first. ``folder``: the DBID of the folder to create it in; 0 is
    the kind's default one. ``loses``: what a replace takes away, in sentences.
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
    fields: Mapping[Path, Value] = field(default_factory=dict)
    origin: Position | None = None

    @property
    def writes(self) -> bool:
        return self.action in WRITES


@dataclass(frozen=True)
class Plan:
    """An ordered list of actions, with what it is for. Notices are for people."""

    server: str
    app: str
    tenant: str
    tenant_dbid: int
    cluster: str
    actions: tuple[Action, ...]
    notices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing would be written."""
        return not any(action.writes for action in self.actions)

    @property
    def blocked(self) -> tuple[Action, ...]:
        """The actions that keep the plan from being applied."""
        return tuple(action for action in self.actions if action.action == "blocked")

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
