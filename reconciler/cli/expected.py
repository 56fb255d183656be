"""``--expect``: only the plan that was approved is planned or applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic
from reconciler.errors import StalePlanError

if TYPE_CHECKING:
    from reconciler.plan.model import Plan


def check_expected(plan: Plan, expected: str) -> None:
    """StalePlanError where a plan has another id than the user expects; empty: any."""
    if not expected:
        return
    from reconciler.plan.codec import plan_id  # noqa: PLC0415 - only for --expect

    found = plan_id(plan)
    if found != expected.strip().lower():
        hint = "It would do something else than the plan that was approved: review it."
        raise StalePlanError(
            [Diagnostic(f"the plan has the id {found}, and {expected} was expected", hint=hint)]
        )
