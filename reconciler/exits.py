"""The exit codes of every command, in one place."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status says. Scripts rely on these numbers."""

    DONE = 0
    """Done, or nothing to do; for ``plan``: a plan was made."""
    FAILED = 1
    """Failed or declined; nothing was written."""
    CHANGES = 2
    """``drift`` found drift; ``plan --detailed-exitcode`` found changes."""
    REFUSED = 3
    """A safety limit, a blocked action or a missing prerequisite."""
    STALE = 4
    """The plan no longer matches the live objects, or the lock is held."""
    PARTIAL = 5
    """Some of it was written and some was not, or an outcome is unknown."""
    USAGE = 64
    """Wrong usage of the command line."""
