"""The exception tree. Everything a user can cause is one of these.

    ReconcilerError              exit 1
      UsageError                 exit 64  the command line asks for what cannot be
      ManifestError              exit 1   the manifests do not say one clear thing
      RefusedError               exit 3   a prerequisite is missing or a rule forbids it
      SelfCheckError             exit 1   the plan would not settle: a defect of ours
      ServerError                exit 1   see reconciler.server.errors

Each knows its exit code; the command line prints it and ends with that code.
"""

from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.exits import ExitCode


class ReconcilerError(Exception):
    """A failure that is explained to the user. ``hint`` says what to do next."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """The problems to show, one or more."""
        return (Diagnostic(self.message, hint=self.hint),)


class UsageError(ReconcilerError):
    """The command line asks for something that does not exist or cannot be."""

    exit_code = ExitCode.USAGE


class _ProblemsError(ReconcilerError):
    """An error that carries every problem found, not the first."""

    def __init__(self, problems: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self._problems = tuple(problems)

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        return self._problems


class ManifestError(_ProblemsError):
    """The manifests cannot be read or contradict themselves."""


class RefusedError(_ProblemsError):
    """A prerequisite is missing, or a rule forbids what was asked."""

    exit_code = ExitCode.REFUSED


class SelfCheckError(ReconcilerError):
    """A plan that, applied in memory, would not lead to an empty plan."""
