"""The commands in README.md and docs/ print what the page says they print.

Every page runs in a fresh folder, its ``console`` blocks from top to bottom: a line that
begins with ``$`` is a command, the lines under it are its output, ``...`` alone stands
for any number of lines. ``$?`` is shown by ``echo $?``. A block marked ``console skip``
is not run: it starts a build. A ``yaml`` block that begins with ``# file: NAME`` is
written to that file first.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(console|yaml|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# file: (\S+)\n")


_RUN = re.compile(r"\b[0-9]{8}-[0-9]{6}-[0-9a-f]{4,8}\b")
_HOUR = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC")


def _timeless(line: str) -> str:
    """A line whose runs and hours are those of any run of the page."""
    return _HOUR.sub("HOUR", _RUN.sub("RUN", line))


def _steps(page: Path) -> Iterator[tuple[str, str]]:
    """The page's steps: ("write", file text) and ("run", command and output)."""
    for kind, body in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "console":
            for step in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
                if step.strip():
                    yield "run", step
        elif _FILE.match(body):
            yield "write", body


def _matches(expected: list[str], found: list[str]) -> bool:
    """Whether the lines are the same; ``...`` stands for any number of lines."""
    if not expected:
        return not found
    if expected[0] == "...":
        return any(_matches(expected[1:], found[i:]) for i in range(len(found) + 1))
    same = bool(found) and _timeless(expected[0]) == _timeless(found[0])
    return same and _matches(expected[1:], found[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "GWE_STATE_DIR": str(tmp_path.parent / f"{tmp_path.name}.state"),
    }
    last = 0
    for kind, step in _steps(page):
        if kind == "write":
            name = _FILE.match(step)
            assert name is not None
            target = tmp_path / name.group(1)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step[name.end() :], encoding="utf-8")
            continue
        command, _, output = step.removeprefix("$ ").partition("\n")
        expected = output.rstrip("\n").split("\n") if output.strip() else []
        if command == "echo $?":
            assert [str(last)] == expected, f"{page.name}: exit code {last}"
            continue
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        last = done.returncode
        found = [line.rstrip() for line in done.stdout.rstrip("\n").split("\n")]
        found = found if done.stdout.strip() else []
        assert _matches(expected, found), f"{page.name}: $ {command}\n{done.stdout}"


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+)\)", (ROOT / "README.md").read_text("utf-8")))
    pages = {str(page.relative_to(ROOT)) for page in PAGES[1:]}
    assert pages - linked == set()
