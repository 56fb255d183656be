"""Whether there is anybody to ask, and whether the machine will last."""

import os
import sys


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def in_ci() -> bool:
    """Whether a machine that dies after the job runs it (the variable CI)."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")
