"""Runs the pages of the documentation: their commands print what the page says.

A page runs in one folder, its blocks from top to bottom:

    ```console        a line that begins with ``$`` is a command, the lines under it are its
                      output; ``...`` alone stands for any number of lines, and ``$?`` is
                      shown by ``echo $?``; after ``cd FOLDER``, all that follows is there
    ```console skip   not run, such as a command that starts a build
    ```yaml, ```toml, ```python
                      written to the file that a first line ``# file: NAME`` names; with that
                      line, so that copied by hand it has the line numbers of the page
    ```diff           changes the file that its first line ``--- NAME`` names

A command that needs nothing of a shell, and is one of ours, runs in this process, where one of its
own would take ten times as long; so does one whose output goes to others through a pipe. Every
other is given to a shell.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reconciler.cli.drop_in import provisioning
from reconciler.cli.main import main
from tests.harness import run_here, run_joined

ROOT = Path(__file__).parent.parent
NEW_KIND = ROOT / "docs" / "new-kind.md"
"""The page that changes the program itself: it runs in a copy of the repository."""

_OURS: Mapping[str, Callable[[list[str]], int]] = {
    "gwe": main,
    "webengagement_provisioning": provisioning.main,
}
_FOR_A_SHELL = re.compile(r"[|&;<>()$`*?\[\]~#!{}\\]")
_QUOTED = re.compile(r"""'[^']*'|"[^"$`\\!]*\"""")
_PIPE = " | "
_VARIABLE = re.compile(r"(\w+)=(.*)", re.DOTALL)
_BLOCK = re.compile(r"^```(console|yaml|toml|python|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# file: (\S+)\n")
_MOVED = re.compile(r"\$ cd (\S+)\n+")
_RUN = re.compile(r"\b[0-9]{8}-[0-9]{6}-[0-9a-f]{4,8}\b")
_HOST = re.compile(r"\bRUN from host \S+")
_PLAN_ID = re.compile(r"\b[0-9a-f]{32}\b")
_ITS_DBID = re.compile(r"\bits DBID [0-9]+")
_TIME = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC")


def environment(state: Path, programs: Path | None = None) -> dict[str, str]:
    """The environment of a page's commands: ``gwe`` on PATH, 80 columns, its own state.
    ``programs``: a folder with stand-ins for it (``WarmProcesses.stand_ins``)."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
    folders = [*filter(None, [programs]), Path(sys.executable).parent, os.environ["PATH"]]
    path = os.pathsep.join(map(str, folders))
    return inherited | {"PATH": path, "COLUMNS": "80", "GWE_STATE_DIR": str(state)}


def run_page(page: Path, folder: Path, env: Mapping[str, str]) -> None:
    """Runs a page in ``folder``. AssertionError for the first output that differs."""
    last = 0
    for kind, step in _steps(page):
        if kind == "run" and (moved := _MOVED.fullmatch(step)):
            folder /= moved.group(1)
        elif kind == "run":
            last = _run(page, step, folder, env, last)
        elif kind == "diff":
            apply_diff(step, folder)
        elif name := _FILE.match(step):
            target = folder / name.group(1)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step, encoding="utf-8")


def apply_diff(diff: str, folder: Path) -> None:
    """Applies one hunk without line numbers: its old lines stand in the file exactly once."""
    head, *lines = diff.splitlines(keepends=True)
    target = folder / head.removeprefix("--- ").strip()
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    text = target.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{target.name} has not once:\n{old}"
    target.write_text(text.replace(old, new), encoding="utf-8")


def _steps(page: Path) -> Iterator[tuple[str, str]]:
    """The steps of a page: ("run", command and output), ("diff", hunk), ("write", text)."""
    for kind, body in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "console":
            for step in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
                if step.strip():
                    yield "run", step
        elif kind == "diff":
            yield "diff", body
        else:
            yield "write", body


def _run(page: Path, step: str, folder: Path, env: Mapping[str, str], last: int) -> int:
    """Runs one command and compares its output; its exit code. ``last``: that of the
    command before it, which ``echo $?`` prints."""
    command, _, output = step.removeprefix("$ ").partition("\n")
    expected = output.rstrip("\n").split("\n") if output.strip() else []
    if command == "echo $?":
        assert [str(last)] == expected, f"{page.name}: exit code {last}"
        return last
    code, text = (
        _run_here(command, folder, env)
        or _run_into_pipe(command, folder, env)
        or _run_in_shell(command, folder, env)
    )
    found = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    found = found if text.strip() else []
    assert _matches(expected, found), f"{page.name}: $ {command}\n{text}"
    return code


def _run_here(command: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str] | None:
    """Runs a command in this process: its exit code, and what it writes to standard output and
    error. None: it needs a shell, or is not one of ours."""
    found = _ours(command, env)
    return found and run_joined(found.program, *found.arguments, cwd=folder, env=found.environment)


def _run_into_pipe(command: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str] | None:
    """Runs the first command of a pipe in this process, and the others in a shell; as
    ``_run_here``."""
    first, pipe, others = command.partition(_PIPE)
    found = _ours(first, env) if pipe else None
    if found is None:
        return None
    result = run_here(found.program, *found.arguments, cwd=folder, env=found.environment)
    code, text = _run_in_shell(others, folder, env, result.out)
    return code, result.err + text


class _Ours(NamedTuple):
    """A command that is one of ours, as it would be called in a process of its own."""

    program: Callable[[list[str]], int]
    arguments: list[str]
    environment: Mapping[str, str]


def _ours(command: str, env: Mapping[str, str]) -> _Ours | None:
    """None: it needs a shell, or is not one of ours."""
    if env.get("PYTHONPATH") != os.environ.get("PYTHONPATH"):
        return None  # it runs a copy of the package, which the page has changed
    if _FOR_A_SHELL.search(_QUOTED.sub("", command)):
        return None
    words = shlex.split(command)
    variables = dict[str, str]()
    while words and (variable := _VARIABLE.fullmatch(words[0])):
        variables[variable[1]] = variable[2]
        del words[0]
    if not words or words[0] not in _OURS:
        return None
    return _Ours(_OURS[words[0]], words[1:], {**env, **variables})


def _run_in_shell(
    command: str, folder: Path, env: Mapping[str, str], given: str = ""
) -> tuple[int, str]:
    """As ``_run_here``. ``given``: what the command reads from standard input."""
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=env,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def _timeless(line: str) -> str:
    """The line with every run name, its host, every plan id and time replaced, since each run
    has its own; and the DBID of an object, since objects are created several at once."""
    line = _ITS_DBID.sub("its DBID N", line)
    line = _HOST.sub("RUN from HOST", _RUN.sub("RUN", line))
    return _PLAN_ID.sub("ID", _TIME.sub("TIME", line))


def _matches(expected: list[str], found: list[str]) -> bool:
    """Whether the lines are the same; ``...`` stands for any number of lines."""
    if not expected:
        return not found
    if expected[0] == "...":
        return any(_matches(expected[1:], found[i:]) for i in range(len(found) + 1))
    same = bool(found) and _timeless(expected[0]) == _timeless(found[0])
    return same and _matches(expected[1:], found[1:])
