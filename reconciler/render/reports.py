"""Reports of commands other than plans and runs, as values. Forms of output turn them into text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from msgspec import Struct, field

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode

if TYPE_CHECKING:  # checking manifests imports neither plans nor runs
    from reconciler.apply.lock.lock_object import Holder
    from reconciler.apply.report import Recovered, RunReport
    from reconciler.export.model import Omission, SecretVariable
    from reconciler.kinds.fields import FieldPath
    from reconciler.plan.model import Plan
    from reconciler.server.checks import CheckResult

ApplyStatus = Literal[
    "applied",
    "nothing-to-do",
    "declined",
    "saved",
    "failed",
    "refused",
    "stale",
    "partly-applied",
]
APPLY_STATUSES: tuple[ApplyStatus, ...] = get_args(ApplyStatus)
_STATUS_OF: dict[ExitCode, ApplyStatus] = {
    ExitCode.DONE: "applied",
    ExitCode.REFUSED: "refused",
    ExitCode.STALE: "stale",
    ExitCode.PARTIAL: "partly-applied",
}


class ValidationReport(Struct, frozen=True):
    """What ``gwe validate`` found. ``manifests``: how many there are, None if mistakes prevent
    counting them; ``checked``: the files and folders that hold them. ``root``: the folder that
    addresses of files are relative to."""

    manifests: int | None = None
    problems: Sequence[Diagnostic] = ()
    root: Path = Path()
    checked: Sequence[str] | None = None

    @property
    def valid(self) -> bool:
        """Whether there is no problem."""
        return not self.problems


class CheckReport(Struct, frozen=True):
    """What ``gwe doctor`` found."""

    checks: Sequence[CheckResult] = ()

    @property
    def failed(self) -> bool:
        """Whether a check failed."""
        return any(check.state == "failed" for check in self.checks)


class CommandResult(Protocol):
    """How a command that changes something ended. ``problems``: why it failed."""

    @property
    def exit_code(self) -> ExitCode: ...

    @property
    def problems(self) -> Sequence[Diagnostic]: ...


class ApplyResult(Struct, frozen=True):
    """How a command that applies a plan ended. ``plan``: None if none was made; ``report``: that of
    the run, None if there was no run; ``not_begun``: why a plan that could be applied was not;
    ``saved``: it was written to a file."""

    exit_code: ExitCode
    plan: Plan | None = None
    report: RunReport | None = None
    not_begun: Literal["nothing-to-do", "declined", "saved", ""] = ""
    problems: Sequence[Diagnostic] = field(default=())

    @property
    def status(self) -> ApplyStatus:
        """How it ended, in a word."""
        return self.not_begun or _STATUS_OF.get(self.exit_code, "failed")


class RecoverResult(Struct, frozen=True):
    """How ``gwe recover`` ended; see ``engine.run_place.Recovery``."""

    exit_code: ExitCode
    runs: Sequence[str] = ()
    findings: Sequence[Recovered] = ()
    released: str = ""
    problems: Sequence[Diagnostic] = ()


AcceptStatus = Literal["written", "nothing-to-do", "declined", "failed"]
ACCEPT_STATUSES: tuple[AcceptStatus, ...] = get_args(AcceptStatus)


class LeftDifference(Struct, frozen=True):
    """A difference that ``gwe accept`` could not take over. ``path``: of the field, empty for the
    whole object; ``file``, ``line``: of its manifest, None: no manifest declares it."""

    address: str
    path: FieldPath
    file: str | None
    line: int | None
    why: str


class AcceptResult(Struct, frozen=True):
    """How ``gwe accept`` ended. ``written``: the files that it wrote."""

    exit_code: ExitCode
    status: AcceptStatus = "failed"
    written: Sequence[str] = ()
    left: Sequence[LeftDifference] = ()
    problems: Sequence[Diagnostic] = ()


class ExportedFile(Protocol):
    """A file of an export: what became of it, and why if it was left alone."""

    @property
    def name(self) -> str: ...

    @property
    def word(self) -> str: ...

    @property
    def remark(self) -> str: ...


class ExportResult(Struct, frozen=True):
    """How ``gwe export`` into a folder ended."""

    exit_code: ExitCode
    folder: str = ""
    manifests: int = 0
    files: Sequence[ExportedFile] = ()
    secrets: Sequence[SecretVariable] = ()
    omissions: Sequence[Omission] = ()
    problems: Sequence[Diagnostic] = ()


class HeldLock(Struct, frozen=True):
    """A lock in Configuration Server: who holds it, and the object that it is."""

    holder: Holder
    object: str
    dbid: int


class LockResult(Struct, frozen=True):
    """What ``gwe lock show`` found."""

    exit_code: ExitCode
    locks: Sequence[HeldLock] = ()
    problems: Sequence[Diagnostic] = ()
