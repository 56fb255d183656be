"""What a command imports: counted, not timed. Modules cost half a millisecond each."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.harness import APP, VENDOR, site_server

SHOW = """
import sys
from reconciler.cli.main import main
code = main(sys.argv[1:])
print(*sys.modules, sep="\\n", file=sys.stderr)
sys.exit(code)
"""

COLLECT = """
import gc, os, sys
from reconciler.__main__ import run
class Kept:
    def __del__(self):
        print("the interpreter is taken apart", file=sys.stderr)
kept = Kept()
def end(code):
    done = sum(one["collections"] for one in gc.get_stats()) - before
    print(f"{done} collections", file=sys.stderr)
    sys.stderr.flush()
    exit_at_once(code)
exit_at_once, os._exit = os._exit, end
before = sum(one["collections"] for one in gc.get_stats())
run()
"""

NEVER = {
    "asyncio",
    "dataclasses",
    "deepdiff",
    "filelock",
    "http",
    "jinja2",
    "jpype",
    "jsonschema",
    "keyring",
    "logging",
    "multiprocessing",
    "platformdirs",
    "psycopg",
    "rich",
    "subprocess",
    "xml",
}
"""What no plan without a mistake needs where standard output is no terminal."""
OF_RUNS = {"reconciler.apply", "reconciler.engine.running", "reconciler.engine.reverting"}
OF_LAUNCH_FILES = {"reconciler.launch.adapter", "reconciler.launch.formats.xml"}
OF_MANIFESTS = {
    "msgspec",
    "yaml",
    "jsonschema_rs",
    "sqlite3",
    "reconciler.kinds",
    "reconciler.manifest",
}


def imported(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> set[str]:
    """The modules that a command has imported at its end."""
    command = [sys.executable, "-c", SHOW, *map(str, arguments)]
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_nothing_of_manifests_plans_and_servers(
    arguments: list[str], tmp_path: Path
) -> None:
    found = imported(*arguments, cwd=tmp_path)
    assert not found & (NEVER | OF_RUNS | OF_LAUNCH_FILES | OF_MANIFESTS)
    assert len(found) <= 115


def test_a_shell_that_completes_a_command_imports_no_command(tmp_path: Path) -> None:
    asked = {"_GWE_COMPLETE": "bash_complete", "COMP_WORDS": "gwe pl", "COMP_CWORD": "1"}
    found = imported(cwd=tmp_path, env=asked)
    assert not found & (NEVER | OF_RUNS | OF_LAUNCH_FILES | OF_MANIFESTS)
    assert not {"reconciler.cli.plan", "reconciler.cli.session"} & found


def test_validate_imports_nothing_of_plans_and_servers(tmp_path: Path) -> None:
    found = imported("validate", "-f", "bundled", cwd=tmp_path)
    assert not found & (NEVER | OF_RUNS | OF_LAUNCH_FILES | {"sqlite3"})
    assert len(found) <= 250


def test_a_plan_imports_nothing_of_what_applies_one(tmp_path: Path) -> None:
    server = site_server(tmp_path, VENDOR)
    found = imported(
        *("plan", "-f", "bundled", "--server", f"embedded:{server}", "--app", APP),
        *("--state-dir", tmp_path / "state"),
        cwd=tmp_path,
    )
    assert not found & (NEVER | OF_RUNS | OF_LAUNCH_FILES)
    assert len(found) <= 362


def test_no_time_goes_to_garbage_neither_in_a_plan_nor_at_its_end(tmp_path: Path) -> None:
    server = site_server(tmp_path, VENDOR)
    command = [sys.executable, "-c", COLLECT, "plan", "-f", "bundled", "--app", APP]
    command += ["--server", f"embedded:{server}", "--state-dir", str(tmp_path / "state")]
    environment = {**os.environ, "GWE_CACHE": "off"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stderr == "0 collections\n"
