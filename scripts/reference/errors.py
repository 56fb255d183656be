"""The page of exit codes and errors, from their classes."""

import ast
import inspect
import itertools
from collections.abc import Iterator

import reconciler.launch.adapter
import reconciler.launch.errors
import reconciler.server.errors
from reconciler.errors import ExitCode, ReconcilerError
from reconciler.server.errors import BY_NUMBER, ConfigurationServerError
from scripts.reference.markdown import code, prose, table

_MODULES = (reconciler.launch.adapter, reconciler.launch.errors, reconciler.server.errors)
"""Where errors have classes, beside ``reconciler.errors``: importing them makes them known."""

_INTRODUCTION = """\
# Exit codes and errors

The exit codes of commands, and the meaning of Configuration Server's error numbers.
[Messages](../messages.md) explains the messages of runs, and [Every message](messages.md) lists
all messages, each with what to do about it.

## Exit codes
"""

_SERVER = """\
## Errors of Configuration Server

Numbers are Configuration Server's `CfgErrorType`; a message of gwe gives the number, what it means
and what to do. The embedded server itself never answers with 38; it answers with 7 and 35 only
through `gwe embedded serve`.
"""

_CLASSES = """\
## Errors for Python programs

The errors that `reconciler` raises ([Use it from Python](../python-api.md#catch-what-is-refused)),
and the exit code of a command that ends with such an error. Every class is a `ReconcilerError`.
While a run executes its actions, it catches errors and reports them; the exit code is then that of
the report: 5 if something may have been written.
"""


def page() -> str:
    """Markdown."""
    codes = table(("code", "name", "meaning"), exit_codes())
    numbers = table(
        ("number", "name", "meaning", "what to do"),
        [
            (str(number), error.__name__.removesuffix("Error"), error.meaning, prose(error.advice))
            for number, error in sorted(BY_NUMBER.items())
        ],
    )
    classes = table(("class", "exit code", "meaning"), sorted(_classes(ReconcilerError)))
    return "\n".join([_INTRODUCTION, codes, _SERVER, numbers, _CLASSES, classes])


def exit_codes() -> Iterator[tuple[str, str, str]]:
    """Number, name and meaning of each: the text below it in the source."""
    lines = ast.parse(inspect.getsource(ExitCode)).body[0].body  # type: ignore[attr-defined]
    for line, below in itertools.pairwise(lines):
        if isinstance(line, ast.Assign):
            name = ast.unparse(line.targets[0])
            text = " ".join(ast.literal_eval(below.value).replace("``", "`").split())
            yield str(ExitCode[name].value), name, text


def _classes(error: type[ReconcilerError]) -> Iterator[tuple[str, str, str]]:
    for one in error.__subclasses__():
        # Programs never meet the errors of the command line, which only some tests import.
        public = not one.__name__.startswith("_") and one.__module__.startswith("reconciler.")
        public = public and not one.__module__.startswith("reconciler.cli.")
        if public and not issubclass(one, ConfigurationServerError):
            summary = inspect.getdoc(one) or ""
            text = summary.partition("\n\n")[0].replace("``", "")
            yield code(one.__name__), str(one.exit_code.value), prose(text)
        yield from _classes(one)
