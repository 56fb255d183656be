"""Whether somebody can be asked, and whether this machine outlives the job."""

import os
import sys

from reconciler.errors import UsageError


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def check_can_ask(*, auto_approve: bool) -> None:
    """UsageError where approval was not given and nobody can be asked for it."""
    if not auto_approve and not is_interactive():
        raise UsageError(
            "there is no terminal to ask on", "Review gwe plan, then use --auto-approve."
        )


def in_ci() -> bool:
    """Whether a CI job runs this command, on a machine that ends with it (variable CI)."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")
