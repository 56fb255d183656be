"""``--expect``: only the plan that was approved is planned or applied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic
from reconciler.errors import StalePlanError, UsageError

if TYPE_CHECKING:
    from reconciler.plan.model import Plan


_ID = re.compile(r"\s*[0-9a-fA-F]{32}\s*")


def check_is_id(expected: str | None) -> None:
    """UsageError if this is not an id of a plan, such as an empty text from an unset variable;
    None: any plan will do. Called before anything is read from a server, which may take long."""
    if expected is not None and not _ID.fullmatch(expected):
        raise UsageError(
            f"{expected!r} is not an id of a plan: an id has 32 hexadecimal digits",
            "gwe plan --out and gwe show print it.",
        )


def check_expected(plan: Plan, expected: str | None) -> None:
    """StalePlanError if a plan has another id than the user expects; None: any."""
    if expected is None:
        return
    from reconciler.plan.file.codec import plan_id  # noqa: PLC0415 - only for --expect

    found = plan_id(plan)
    if found != expected.strip().lower():
        hint = (
            "It would write nothing: nothing is left to do. Perhaps the plan that was approved is"
            " applied already: see gwe runs."
            if plan.empty and not plan.blocked
            else "It does not do the same as the plan that was approved: review it."
        )
        raise StalePlanError(
            [Diagnostic(f"the plan has the id {found}, and {expected} was expected", hint=hint)]
        )
