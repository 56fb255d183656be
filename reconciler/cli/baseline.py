"""The options of ``gwe drift`` about its baseline, and how a baseline is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.common import ANY_PATH
from reconciler.cli.flags import FlagGroup, flag
from reconciler.diagnostics import counted
from reconciler.errors import UsageError
from reconciler.render.console import say

if TYPE_CHECKING:
    from reconciler.plan.model import Plan
    from reconciler.plan.ownership.baseline import Accepted, Baseline

# Few commands need a baseline.
# ruff: noqa: PLC0415


class BaselineFlags(FlagGroup):
    """The differences that are accepted."""

    baseline: Path | None = flag(
        "--baseline",
        type=ANY_PATH,
        metavar="FILE",
        help="Do not count the differences that this file accepts.",
    )
    write_baseline: Path | None = flag(
        "--write-baseline",
        type=ANY_PATH,
        metavar="FILE",
        help="Accept what differs now: write it to this file, for a review in git.",
    )
    reason: str | None = flag(
        "--reason",
        metavar="TEXT",
        help="With --write-baseline: why the new differences are accepted.",
    )

    def __post_init__(self) -> None:
        if self.baseline and self.write_baseline:
            raise UsageError(
                "--baseline and --write-baseline exclude each other",
                "Write the baseline first, then check against it.",
            )
        if self.reason is not None and not (self.write_baseline and self.reason.strip()):
            raise UsageError(
                "--reason needs --write-baseline and a text",
                "Give --write-baseline FILE --reason TEXT.",
            )

    def check_form(self, form: str) -> None:
        """UsageError if a baseline is to be written and a form of output was chosen."""
        if self.write_baseline and form != "text":
            raise UsageError(
                f"--write-baseline shows no drift, so --format {form} has nothing to show",
                "Write the baseline first, then run gwe drift --baseline with --format.",
            )

    def read(self) -> Baseline | None:
        """The baseline to check against; None: there is none."""
        if self.baseline is None:
            return None
        from reconciler.state.baseline_file import read_baseline

        return read_baseline(self.baseline)


def write_baseline(plan: Plan, flags: BaselineFlags, path: Path, *, whole: bool) -> None:
    """Writes a baseline that accepts what a plan would write, and says what became of each
    entry."""
    from reconciler.plan.actions import changes_of
    from reconciler.plan.ownership.baseline import baseline_of, check_site, differences
    from reconciler.state.baseline_file import read_baseline, save_baseline

    old: tuple[Accepted, ...] = ()
    if path.exists():
        before = read_baseline(path)
        check_site(plan, before)
        old = before.accepted
    known = {entry.key for entry in old}
    found = {one.key for one in differences(plan)}
    new = len(found - known)
    if new and not flags.reason:
        raise UsageError(
            f"{path} does not accept {counted(new, 'difference')} yet",
            "Say why, for the reviewer: --reason TEXT.",
        )
    baseline = baseline_of(plan, old, flags.reason or "", whole=whole)
    save_baseline(baseline, path)
    removed = len(known - {entry.key for entry in baseline.accepted})
    say(
        f"{path} accepts {counted(len(baseline.accepted), 'difference')}:"
        f" {new} new, {removed} removed."
    )
    hidden = sum(change.secret for action in plan.writes for change in changes_of(action))
    if hidden:
        say(
            f"{counted(hidden, 'difference')} in secrets cannot be accepted:"
            " no file holds their values."
        )
