"""The exception tree, and the exit code of each class.

Everything that a user can cause is one of these; the command line prints its message and
hint and ends with its code. A test holds this drawing to the classes.

    ReconcilerError                    1   a failure, explained
      UsageError                      64   the request cannot be carried out as given
        ArgumentsError                64   wrong flags of the drop-in command
        NothingToExportError          64   no live object belongs to what was asked for
      SideError                        1   a side of a comparison cannot be read; code of its reason
      ManifestError                    1   manifests that cannot be read or contradict each other
      RefusedError                     3   a prerequisite is missing or a rule forbids it
        StalePlanError                 4   live objects have changed since the plan was made
      SelfCheckError                   1   the plan would not converge: a defect of this program
      PlanFileError                    1   a file that holds no plan this version can read
      RunOnceError                     4   the plan file was applied before
      FileWriteError                   1   a file that a user named cannot be written
      LockHeldError                    4   another run holds the lock
      LockLostError                    4   the lock was taken from this run
      InventoryError                   3   the inventory is damaged or cannot be written
      StaleActionError                 4   an object changed just before its write
      InterruptedRunError              5   stopped after something may have been written
      UnrecoveredError                 5   recover could not finish everything
      StateError                       1   runs and journals cannot be reached
        StateFolderError               1   the state folder cannot be used
      DamagedRunError                  1   a record of a run is damaged or missing
      JournalError                     1   the journal cannot be written
      JournalFormatError               1   a journal of another version
      RunHeldError                     4   another process is writing this run's journal
      LaunchError                      1   launch/errors.py
        LaunchFormatError              1   text, key or value does not fit the file's format
        LaunchFileError                1   the file cannot be read or written
          LaunchPathError              1   the path leaves the installation folder
          MissingLaunchFileError       1   there is no such file
          ChangedLaunchFileError       4   the file changed since it was read
          UnflushedLaunchFileError     1   written, but perhaps not yet on disk
      ServerError                      1   server/errors.py
        ServerUnavailableError         1   the server cannot be reached or opened
          NotAServerFileError          1   the file is no embedded server
          DamagedServerFileError       1   the file of an embedded server is damaged
          ServerReadOnlyError          1   the server takes no writes now
            ServerIsProxyError         3   a Configuration Server Proxy
          ServerBusyError              1   another process writes to the server file
        OutcomeUnknownError            1   a call was sent and its answer was lost
        LaunchFileAccessError          1   a launch file, behind the server port
        ConfigurationServerError       1   the server's own refusals, by error number
"""

from collections.abc import Sequence
from enum import IntEnum

from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic, in_order


class ExitCode(IntEnum):
    """What a command's exit status means. Scripts rely on these numbers."""

    DONE = 0
    """Done, or nothing to do; for ``plan``: a plan was made."""
    FAILED = 1
    """Failed or declined; nothing was written."""
    CHANGES = 2
    """Something differs: ``drift`` found drift, ``compare`` a difference, ``fmt --check`` a file to
    change, ``plan --detailed-exitcode`` a change; ``accept`` has left a difference."""
    REFUSED = 3
    """A safety limit, a blocked action or a missing prerequisite."""
    STALE = 4
    """The plan no longer matches the live objects or was applied before, or the lock is held."""
    PARTIAL = 5
    """Some changes were written and some were not, or an outcome is unknown."""
    USAGE = 64
    """Wrong usage of the command line."""


class ReconcilerError(Exception):
    """A failure that is explained to the user. ``hint`` says what to do next; ``conclusion``: what
    several problems mean together, in sentences."""

    exit_code = ExitCode.FAILED
    conclusion = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """The problems to show, one or more."""
        return (Diagnostic(self.message, hint=self.hint),)


class UsageError(ReconcilerError):
    """The request names something that does not exist, or combines what does not fit."""

    exit_code = ExitCode.USAGE


class NothingToExportError(UsageError):
    """No live object belongs to what was asked for."""


class _ProblemsError(ReconcilerError):
    """An error that carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[Diagnostic], conclusion: str = "") -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self._problems = tuple(problems)
        self.conclusion = conclusion

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        return self._problems


class SideError(_ProblemsError):
    """A side of a comparison cannot be read. The exit code is that of the error which says why.

    ``name``: the side, as the user named it; ``reason``: the error that says why."""

    def __init__(self, name: str, reason: ReconcilerError) -> None:
        super().__init__(
            [
                one if one.position else replace(one, summary=f"{name}: {one.summary}")
                for one in reason.diagnostics
            ]
        )
        self.exit_code = reason.exit_code


class ManifestError(_ProblemsError):
    """The manifests cannot be read or contradict each other.

    Its problems are in the order of the files."""

    def __init__(self, problems: Sequence[Diagnostic], conclusion: str = "") -> None:
        super().__init__(in_order(problems), conclusion)


class RefusedError(_ProblemsError):
    """A prerequisite is missing, or a rule forbids what was asked."""

    exit_code = ExitCode.REFUSED


class StalePlanError(RefusedError):
    """Live objects have changed since the plan was made; nothing was written."""

    exit_code = ExitCode.STALE


class SelfCheckError(ReconcilerError):
    """The plan, applied in memory, does not lead to an empty plan."""


class PlanFileError(ReconcilerError):
    """The file holds no plan that this version can read."""


class RunOnceError(ReconcilerError):
    """The plan file was applied before."""

    exit_code = ExitCode.STALE


class FileWriteError(ReconcilerError):
    """A file that a user named cannot be written. Exit code 5 if others were written before."""


class LockHeldError(ReconcilerError):
    """Another run holds the lock."""

    exit_code = ExitCode.STALE


class LockLostError(ReconcilerError):
    """The lock is gone or belongs to another run: nothing may be written any more."""

    exit_code = ExitCode.STALE


class InventoryError(ReconcilerError):
    """The inventory is damaged or cannot be written: nothing is pruned or adopted."""

    exit_code = ExitCode.REFUSED


class StaleActionError(ReconcilerError):
    """The live object is no longer what its action was computed from."""

    exit_code = ExitCode.STALE


class InterruptedRunError(ReconcilerError):
    """A run was interrupted after it may have written something."""

    exit_code = ExitCode.PARTIAL


class UnrecoveredError(ReconcilerError):
    """The server refused something that recovery of a run needs."""

    exit_code = ExitCode.PARTIAL


class StateError(ReconcilerError):
    """The store of runs and journals cannot be reached or read."""


class StateFolderError(StateError):
    """The state folder cannot be used. Nothing was written to the server."""


class DamagedRunError(ReconcilerError):
    """A record of a run is damaged or missing: nothing can be concluded from its other records."""


class JournalError(ReconcilerError):
    """The journal cannot be written: nothing may be sent to the server any more."""


class JournalFormatError(ReconcilerError):
    """Another version of gwe has written the journal."""


class RunHeldError(ReconcilerError):
    """Another process is writing the run's journal."""

    exit_code = ExitCode.STALE
