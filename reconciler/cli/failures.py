"""Explains the error that ended a command: the only place that turns errors into exit codes."""

import sys
from collections.abc import Callable, Sequence

import click

from reconciler.diagnostics import Diagnostic, defect, listing
from reconciler.errors import ExitCode, FileWriteError, InterruptedRunError, ReconcilerError
from reconciler.render.console import say, say_lines
from reconciler.text.visible import escaped


def explain(
    error: Exception | KeyboardInterrupt, reworded: Callable[[Diagnostic], Diagnostic] | None = None
) -> ExitCode:
    """Prints an error, with its problems ``reworded``. Returns the exit code."""
    if isinstance(error, ReconcilerError):
        from reconciler.render.console import make_console  # noqa: PLC0415 - only for these
        from reconciler.render.messages import print_diagnostics  # noqa: PLC0415

        problems = [reworded(one) if reworded else one for one in error.diagnostics]
        print_diagnostics(make_console(stderr=True), problems, error.conclusion)
        return ExitCode(error.exit_code)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say_lines(error.format_message(), err=True)
        return ExitCode.USAGE
    if isinstance(error, click.ClickException):
        _explain_usage(error)
        return ExitCode.USAGE
    if isinstance(error, click.Abort | KeyboardInterrupt):
        if sys.stderr.isatty():
            say(err=True)
        say("Interrupted; nothing was written.", err=True)
    elif isinstance(error, BrokenPipeError):
        pass  # the reader has closed the pipe
    elif isinstance(error, OSError):
        # Code that reads or writes files explains its own errors: this error is about output.
        say(f"error: the output cannot be written: {error.strerror}", err=True)
    else:  # a defect; the error's text may contain a secret
        say(f"error: {defect(error)}", err=True)
    return ExitCode.FAILED


def naming_files(
    error: Exception | KeyboardInterrupt, written: Sequence[str]
) -> Exception | KeyboardInterrupt:
    """The error that says which files a command had written when it was ended by ``error``."""
    if not written:
        return error
    so_far = listing(written)
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return InterruptedRunError(
            f"interrupted; written so far: {so_far}",
            "If anything is missing, run the command again.",
        )
    if isinstance(error, FileWriteError):
        error.hint = f"{error.hint} Written so far: {so_far}.".lstrip()
        error.exit_code = ExitCode.PARTIAL
    return error


def _explain_usage(error: click.ClickException) -> None:
    """Prints click's message about an argument, which it quotes, or about a variable."""
    if isinstance(error, click.BadParameter) and error.param and error.ctx:
        from reconciler.cli.flags import comes_from_environment  # noqa: PLC0415 - only for these

        if comes_from_environment(error.param, error.ctx):
            error.param_hint = str(error.param.envvar)
    message = error.format_message()
    if isinstance(error, click.MissingParameter):  # click lists the choices on separate lines
        message = " ".join(message.split())
    message = escaped(message)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context and "unexpected extra argument" in message and _names_manifests(context.command):
        message += "\nManifests are named with -f, such as -f queues.yaml."
    click.UsageError(message, context).show(sys.stderr)


def _names_manifests(command: click.Command) -> bool:
    return any("-f" in parameter.opts for parameter in command.params)
