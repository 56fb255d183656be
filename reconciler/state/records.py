"""The records of a run, one frozen class for each kind.

    RunHead        which run, of which plan, on which server, by whom
    CallBegin      a call to the server is about to be sent; with the object as it was
    CallEnd        the outcome of that call, with the object as it is now
    ActionOutcome  the outcome of one action of the plan
    RunFinish      the run ended, was recovered or was abandoned

A ``CallBegin`` without a ``CallEnd`` is a call whose outcome is unknown. Objects are in
clear, since an undo restores them from here.

``RunSummary`` is what lists show of a run. ``ExecutedPlan``, ``SecretPath`` and ``AbandonedRun``
are facts: they belong to the store and outlive their runs.
"""

from typing import Literal

from msgspec import Struct

from reconciler.kinds.model import Attributes
from reconciler.server.port import AccessEntry, ConfObject

ServerCall = Literal["create", "update", "delete", "set_permissions", "update_referrer"]
"""``update_referrer`` changes an object that refers to the object of the action; all other calls
are for that object itself."""

CallResult = Literal["answered", "refused", "unknown"]


class RunHead(Struct, frozen=True):
    """The first record. ``run``: its name; ``plan_digest``: covers the whole plan;
    ``server``: the URL, whose path is absolute (runs of earlier versions may have a relative path,
    from an unknown folder); ``identity``: that of the server; ``machine``: the id of the host,
    which stays when the host is renamed; ``actions``: how many actions of the plan write."""

    run: str
    plan_id: str
    plan_digest: str
    server: str
    identity: str
    app: str
    tenant: str
    user: str
    host: str
    process: int
    started: str
    actions: int
    tool: str
    undoes: str = ""
    machine: str = ""


class CallBegin(Struct, frozen=True):
    """A call that is about to be sent. ``makes``: the attributes of the object that a create
    makes, or that takes the place of a deleted object. ``secrets``: the fields whose values
    are secret, as JSON Pointers."""

    step: int
    address: str
    action: str
    call: ServerCall
    object_type: str
    before: ConfObject | None = None
    permissions: tuple[AccessEntry, ...] = ()
    referrers: tuple[ConfObject, ...] = ()
    makes: Attributes | None = None
    secrets: tuple[str, ...] = ()


class CallEnd(Struct, frozen=True):
    """The outcome of the call with that ``step``. A later record of the same step replaces
    an earlier one: recovery finds out what was unknown. ``secrets``: those of the
    ``CallBegin``, repeated by a create, since only now the DBID of the object is known."""

    step: int
    result: CallResult
    after: ConfObject | None = None
    error: str = ""
    secrets: tuple[str, ...] = ()


class ActionOutcome(Struct, frozen=True):
    """The outcome of one action: a status and message of ``apply.report``."""

    address: str
    status: str
    message: str = ""


class RunFinish(Struct, frozen=True):
    """How the run ended. ``unsettled``: ``gwe recover`` has work left; ``done``, ``of``: how many
    actions were done, and how many there were; ``exit``: the exit code."""

    status: str
    unsettled: bool
    ended: str
    exit: int = 0
    done: int = 0
    of: int = 0


class RunSummary(Struct, frozen=True, kw_only=True):
    """What is known of a run before its records are read. ``number``: its place in the order of
    runs; ``begun``: a call was sent; ``answered``: a call was executed; ``done``: how many actions
    were done; ``ending``: the last ``RunFinish``, None if there is none."""

    number: int
    head: RunHead
    begun: bool = False
    answered: bool = False
    done: int = 0
    ending: RunFinish | None = None

    @property
    def name(self) -> str:
        return self.head.run

    @property
    def wrote(self) -> bool:
        """Whether the run has changed something, or may have."""
        return self.answered or not self.finished

    @property
    def finished(self) -> bool:
        """Whether nothing is left for ``gwe recover``."""
        return not self.begun or (self.ending is not None and not self.ending.unsettled)

    @property
    def status(self) -> str:
        """One word for lists."""
        if not self.finished:
            return "unfinished"
        return self.ending.status if self.ending else "nothing written"


class ExecutedPlan(Struct, frozen=True):
    """A plan that was started, since a call was sent: a plan file runs once."""

    identity: str
    plan_digest: str
    run: str


class SecretPath(Struct, frozen=True, order=True):
    """A field that a run has written as a secret. ``path``: a JSON Pointer. The object is
    named by its address, by its type and DBID, which stay when it is renamed, or by both."""

    identity: str
    address: str
    path: str
    object_type: str = ""
    dbid: int = 0


class AbandonedRun(Struct, frozen=True):
    """A damaged run that was abandoned, so that it no longer blocks other runs."""

    run: str
    number: int


Record = RunHead | CallBegin | CallEnd | ActionOutcome | RunFinish
Fact = ExecutedPlan | SecretPath | AbandonedRun
