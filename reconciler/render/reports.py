"""What commands report beside plans and runs, as values. Forms of output make text of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct, field

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode

if TYPE_CHECKING:  # to check manifests, no plan and no run is imported
    from reconciler.apply.report import RunReport
    from reconciler.plan.model import Plan
    from reconciler.server.checks import CheckResult

ApplyStatus = Literal[
    "applied", "nothing-to-do", "declined", "failed", "refused", "stale", "partly-applied"
]
APPLY_STATUSES: tuple[ApplyStatus, ...] = get_args(ApplyStatus)
_STATUS_OF: dict[ExitCode, ApplyStatus] = {
    ExitCode.DONE: "applied",
    ExitCode.REFUSED: "refused",
    ExitCode.STALE: "stale",
    ExitCode.PARTIAL: "partly-applied",
}


class ValidationReport(Struct, frozen=True):
    """What ``gwe validate`` found. ``manifests``: how many there are, ``checked``: the files and
    folders that hold them; None where mistakes keep that from being known. ``root``: the folder
    that addresses of files are relative to."""

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


class ApplyResult(Struct, frozen=True):
    """How ``gwe apply`` ended. ``plan``: None where there was none yet; ``report``: of the
    run, None where there was none; ``not_begun``: why, for a plan that could be applied."""

    exit_code: ExitCode
    plan: Plan | None = None
    report: RunReport | None = None
    not_begun: Literal["nothing-to-do", "declined", ""] = ""
    problems: Sequence[Diagnostic] = field(default=())

    @property
    def status(self) -> ApplyStatus:
        """How it ended, in a word."""
        return self.not_begun or _STATUS_OF.get(self.exit_code, "failed")
