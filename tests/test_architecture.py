"""The structure holds: imports point one way, and the core neither reads nor prints."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler

PACKAGE = Path(reconciler.__file__).parent

# What a package may import from, besides itself and the modules at the top that know
# nothing of any package: diagnostics, errors, exits, strict_yaml, resources.
MAY_IMPORT = {
    "kinds": set(),
    "server": {"kinds", "launch"},
    "site": {"kinds", "server"},
    "manifest": {"kinds", "server", "site", "launch"},
    "plan": {"kinds", "server", "site", "manifest", "launch"},
    "apply": {"kinds", "server", "plan"},
    "render": {"kinds", "server", "plan", "apply"},
    "launch": set(),
}
BASE = {"diagnostics", "errors", "exits", "strict_yaml", "resources"}
PURE = ("kinds", "site", "plan", "launch/formats")
READS_OR_PRINTS = {"os", "io", "sys", "time", "datetime", "random", "sqlite3", "socket", "pathlib"}


def _modules(package: str) -> list[Path]:
    return sorted((PACKAGE / package).rglob("*.py"))


def _imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    for module in _modules(package):
        for name in _imports(module):
            parts = name.split(".")
            if parts[0] == "reconciler" and len(parts) > 1:
                assert parts[1] in MAY_IMPORT[package] | BASE | {package}, f"{module}: {name}"


def test_planning_knows_no_adapter() -> None:
    for module in _modules("plan"):
        assert not [name for name in _imports(module) if "embedded" in name or "connect" in name]


@pytest.mark.parametrize("package", PURE)
def test_the_core_has_no_way_to_read_print_or_ask_the_clock(package: str) -> None:
    for module in _modules(package):
        assert not set(_imports(module)) & READS_OR_PRINTS, module
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"print", "open", "input"}, module


def test_every_module_says_what_it_is_for() -> None:
    for module in PACKAGE.rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
        assert docstring, module
