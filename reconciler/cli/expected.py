"""``--expect``: only the plan that was approved is planned or applied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic
from reconciler.errors import StalePlanError, UsageError

if TYPE_CHECKING:
    from reconciler.plan.model import Plan


_ID = re.compile(r"\s*[0-9a-fA-F]{32}\s*")


def check_expected(plan: Plan, expected: str | None) -> None:
    """StalePlanError where a plan has another id than the user expects; None: any. UsageError
    for what is no id, such as the empty value of a variable that is not set."""
    if expected is None:
        return
    if not _ID.fullmatch(expected):
        raise UsageError(
            f"--expect {expected!r} is no id of a plan", "gwe plan --out and gwe show print it."
        )
    from reconciler.plan.codec import plan_id  # noqa: PLC0415 - only for --expect

    found = plan_id(plan)
    if found != expected.strip().lower():
        hint = "It would do something else than the plan that was approved: review it."
        raise StalePlanError(
            [Diagnostic(f"the plan has the id {found}, and {expected} was expected", hint=hint)]
        )
