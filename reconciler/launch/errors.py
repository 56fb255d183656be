"""The errors of launch files; ``reconciler/errors.py`` draws them with their exit codes."""

from reconciler.errors import ExitCode, ReconcilerError


class LaunchError(ReconcilerError):
    """A launch file cannot be read, edited or written."""


class LaunchFormatError(LaunchError):
    """A text, key or value does not fit the file's format."""


class LaunchFileError(LaunchError):
    """The file cannot be read or written."""


class LaunchPathError(LaunchFileError):
    """The path leaves the installation folder."""


class MissingLaunchFileError(LaunchFileError):
    """There is no such file: launch files are edited, never created."""


class ChangedLaunchFileError(LaunchFileError):
    """The file has changed since it was read."""

    exit_code = ExitCode.STALE


class UnflushedLaunchFileError(LaunchFileError):
    """The file is written, but a power failure could still undo that."""
