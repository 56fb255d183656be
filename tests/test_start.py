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

NEVER = {
    "asyncio",
    "deepdiff",
    "filelock",
    "http",
    "jinja2",
    "jpype",
    "jsonschema",
    "keyring",
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
    assert len(found) <= 125


def test_a_shell_that_completes_a_command_imports_no_command(tmp_path: Path) -> None:
    asked = {"_GWE_COMPLETE": "bash_complete", "COMP_WORDS": "gwe pl", "COMP_CWORD": "1"}
    found = imported(cwd=tmp_path, env=asked)
    assert not found & (NEVER | OF_RUNS | OF_LAUNCH_FILES | OF_MANIFESTS)
    assert not {"reconciler.cli.plan", "reconciler.cli.session"} & found


def test_validate_imports_nothing_of_plans_and_servers(tmp_path: Path) -> None:
    found = imported("validate", "-f", "bundled", cwd=tmp_path)
    assert not found & (NEVER | OF_RUNS | OF_LAUNCH_FILES | {"sqlite3"})
    assert len(found) <= 316


def test_a_plan_imports_nothing_of_what_applies_one(tmp_path: Path) -> None:
    server = site_server(tmp_path, VENDOR)
    found = imported(
        *("plan", "-f", "bundled", "--server", f"embedded:{server}", "--app", APP),
        *("--state-dir", tmp_path / "state"),
        cwd=tmp_path,
    )
    assert not found & (NEVER | OF_RUNS | OF_LAUNCH_FILES)
    assert len(found) <= 402
