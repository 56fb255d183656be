"""What can go wrong with a launch file.

LaunchError                  exit 1
  LaunchFormatError          exit 1   the text, a key or a value is not what its format can hold
  LaunchFileError            exit 1   the file cannot be read or written
    LaunchPathError          exit 1   the path leaves the installation folder
    MissingLaunchFileError   exit 1   there is no such file
    ChangedLaunchFileError   exit 4   somebody changed it since it was read
    UnflushedLaunchFileError exit 1   it is written, but a power cut could still undo that
"""

from reconciler.errors import ExitCode, ReconcilerError


class LaunchError(ReconcilerError):
    """A launch file cannot be read, edited or written."""


class LaunchFormatError(LaunchError):
    """The text, a key or a value is not what the format can hold."""


class LaunchFileError(LaunchError):
    """The file cannot be read or written."""


class LaunchPathError(LaunchFileError):
    """The path does not stay inside the installation folder."""


class MissingLaunchFileError(LaunchFileError):
    """There is no such file: launch files are edited, never created."""


class ChangedLaunchFileError(LaunchFileError):
    """The file no longer holds what the plan was computed from."""

    exit_code = ExitCode.STALE


class UnflushedLaunchFileError(LaunchFileError):
    """The file is written, but whether that is on disk is not known."""
