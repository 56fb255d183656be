"""A plan as a value: actions in the order in which they are applied, and what it is for."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from reconciler.manifest.load import PlanInputs
from reconciler.plan.actions import Action, ActionName, Blocked, Write, changes_of, kept_of

PRUNE, DESTROY = "--prune", "destroy"
CONSENTS = ("--overwrite", "--overwrite-only", "--reset-initial", "--force", PRUNE, DESTROY)
"""The options, and the command, that allow a plan to destroy what it would otherwise spare."""


class SiteMark(Struct, frozen=True):
    """What is recorded of the site that a plan is for, to recognise the site when the plan is
    applied.

    ``roles``: role -> DBIDs of its applications; ``siblings``: names of other Web Engagement
    Servers of the tenant; ``foreign_keys``: name of an application outside the site -> its
    queueKey; ``installation``: HOST:FOLDER of the launch files, empty without any;
    ``manifest_set``: the name of the set of manifests, which has an inventory of its own.
    """

    app: str
    tenant: str
    tenant_dbid: int
    cluster: str = ""
    roles: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    siblings: tuple[str, ...] = ()
    foreign_keys: Mapping[str, str] = field(default_factory=dict)
    installation: str = ""
    manifest_set: str = ""


class Plan(Struct, frozen=True, dict=True):
    """An ordered list of actions, with the server and site that it is for.

    ``server``: a URL to show; ``identity``: what the server calls itself for its whole life.
    ``manifests``: a digest of the manifests, for information. ``undoes``: the run that the
    plan reverts, empty for a plan from manifests. ``after``: the last known run on the server.
    ``consent``: the options of ``CONSENTS`` that it was made with. ``refusals``: the limits that
    the plan exceeds; with any it is not applied. ``inputs``: what the plan was made from, for
    information.
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
    consent: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    inputs: PlanInputs = field(default_factory=PlanInputs)

    @cached_property
    def writes(self) -> tuple[Write, ...]:
        """The actions that write, in order."""
        return tuple(action for action in self.actions if isinstance(action, Write))

    @property
    def empty(self) -> bool:
        """Whether nothing would be written."""
        return not self.writes

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The actions that keep the plan from being applied."""
        return tuple(action for action in self.actions if isinstance(action, Blocked))

    @property
    def applyable(self) -> bool:
        """Whether no blocked action and no limit forbids applying the plan."""
        return not self.blocked and not self.refusals

    def counts(self) -> Mapping[ActionName, int]:
        """How many actions there are of each name."""
        return Counter(action.action for action in self.actions)

    def initial_differences(self) -> int:
        """How many live values differ from what manifests declare under ``initial``."""
        return sum(bool(change.hint) for action in self.actions for change in kept_of(action))

    def shared_changes(self) -> int:
        """How many existing option values in applications would be changed or removed."""
        return sum(
            change.before is not None
            for action in self.writes
            if action.object_type == "Application"
            for change in changes_of(action)
        )
