"""The structure holds: imports point one way, and the core neither reads nor prints."""

import ast
import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import reconciler
from reconciler.errors import ReconcilerError
from reconciler.server.connect import ADAPTERS
from reconciler.server.errors import ConfigurationServerError

PACKAGE = Path(reconciler.__file__).parent

BASE = {
    "diagnostics",
    "environment",
    "errors",
    "files",
    "json_codec",
    "resources",
    "schema_check",
    "text",
}
"""What everything may import, since it knows nothing but itself."""

MAY_IMPORT = {
    **{name: set[str]() for name in sorted(BASE)},
    "kinds": set[str](),
    "yaml": {"kinds"},
    "server": {"kinds", "yaml"},
    "launch": {"kinds", "server"},
    "site": {"kinds", "server", "launch"},
    "manifest": {"kinds", "yaml", "server", "site", "launch"},
    "plan": {"kinds", "server", "site", "manifest", "launch"},
    "export": {"kinds", "yaml", "server", "site", "manifest", "plan"},
    "compare": {"kinds", "yaml", "manifest", "plan", "export"},
    "state": {"kinds", "yaml", "server", "plan"},
    "apply": {"kinds", "server", "launch", "site", "plan", "state"},
    "render": {"kinds", "server", "plan", "export", "compare", "state", "apply"},
    "settings": {"kinds", "manifest", "plan", "server"},
    "engine": {
        *("kinds", "yaml", "server", "launch", "site", "manifest"),
        *("plan", "export", "compare", "state", "apply"),
    },
    "api": {*("kinds", "server", "site", "plan", "export"), "compare", "state", "apply", "engine"},
    "testing": {"kinds", "server"},
    "__init__": {"api"},
}
"""What each package or module at the top may import, besides itself and ``BASE``. ``cli``
and ``__main__`` may import everything."""

SERVER_PACKAGES = {one.parent.name for one in (PACKAGE / "server").glob("*/__init__.py")}
MAY_IMPORT_ADAPTERS = {"wire": {"embedded", "psdk"}}
"""No adapter imports another, and the port knows none. The listener of ``wire`` is no adapter: it
offers one on the protocol of the other."""
SCHEMES = frozenset(ADAPTERS)
"""The URL schemes, which ``server/connect.py`` maps to adapters."""

PURE = ("kinds", "site", "plan", "export", "compare", "launch/formats")
READS_OR_PRINTS = {"os", "io", "sys", "time", "datetime", "random", "sqlite3", "socket", "pathlib"}


def _modules(package: str) -> list[Path]:
    if (PACKAGE / f"{package}.py").exists():
        return [PACKAGE / f"{package}.py"]
    return sorted((PACKAGE / package).rglob("*.py"))


@cache
def _tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


@cache
def _nodes(module: Path) -> tuple[ast.AST, ...]:
    """All that a module says; most tests look at all modules."""
    return tuple(ast.walk(_tree(module)))


def _imports(module: Path) -> Iterator[str]:
    for node in _nodes(module):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _ours(module: Path) -> Iterator[list[str]]:
    """The imports from our own package, as the parts behind ``reconciler``."""
    for name in _imports(module):
        first, *rest = name.split(".")
        if first == "reconciler" and rest and rest[0] != "__version__":
            yield rest


def test_every_package_and_module_has_its_place_in_the_order() -> None:
    names = {one.stem for one in PACKAGE.iterdir() if one.suffix == ".py"}
    names |= {one.name for one in PACKAGE.iterdir() if (one / "__init__.py").exists()}
    assert names == {*MAY_IMPORT, "cli", "__main__"}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    for module in _modules(package):
        for first, *_ in _ours(module):
            assert first in MAY_IMPORT[package] | BASE | {package}, f"{module}: {first}"


def test_the_packages_of_the_server_are_found() -> None:
    assert {"embedded", "psdk", "wire"} <= SERVER_PACKAGES


@pytest.mark.parametrize("adapter", sorted({*SERVER_PACKAGES, ""}))
def test_no_adapter_imports_another(adapter: str) -> None:
    allowed = MAY_IMPORT_ADAPTERS.get(adapter, set[str]())
    for module in _modules(f"server/{adapter}") if adapter else (PACKAGE / "server").glob("*.py"):
        for first, *rest in _ours(module):
            if first == "server" and rest and rest[0] in SERVER_PACKAGES - {adapter}:
                assert rest[0] in allowed, f"{module}: {rest}"


def test_only_adapters_ask_for_the_scheme_of_a_url() -> None:
    # The contract compares names of applications, one of which is "confserv".
    spared = [PACKAGE / "testing", *(PACKAGE / "server" / one for one in SERVER_PACKAGES)]
    for module in PACKAGE.rglob("*.py"):
        if any(module.is_relative_to(folder) for folder in spared):
            continue
        for node in _nodes(module):
            asks = isinstance(node, ast.Compare) or (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("startswith", "removeprefix")
            )
            for inner in ast.walk(node) if asks else ():
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    scheme = inner.value.partition(":")[0]
                    assert scheme not in SCHEMES, f"{module}:{inner.lineno}"


_PRINTING = {"click.echo", "click.secho", "click.echo_via_pager", "print", "pprint"}
_PRINTING_METHODS = (".print", "stdout.write", "stderr.write", "Text.assemble", "Text.from_markup")


def test_all_output_goes_through_the_module_that_escapes_it() -> None:
    for module in PACKAGE.rglob("*.py"):
        if module == PACKAGE / "render" / "console.py":
            continue
        banned = _PRINTING | (set() if module.stem == "lines" else {"StyledLine"})
        banned |= {"Text"} if "rich.text.Text" in _imports(module) else set()
        for node in _nodes(module):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                prints = called in banned or called.endswith(_PRINTING_METHODS)
                assert not prints, f"{module}:{node.lineno}: {called}"


def test_planning_knows_no_adapter() -> None:
    adapters = {"connect", *SERVER_PACKAGES}
    for module in _modules("plan"):
        assert not [rest for rest in _ours(module) if rest[0] == "server" and rest[1] in adapters]


@pytest.mark.parametrize("package", PURE)
def test_the_core_has_no_way_to_read_print_or_ask_the_clock(package: str) -> None:
    for module in _modules(package):
        assert not {name.split(".")[0] for name in _imports(module)} & READS_OR_PRINTS, module
        calls = {
            node.func.id
            for node in _nodes(module)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"print", "open", "input"}, module


def test_every_module_says_what_it_is_for() -> None:
    for module in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(_tree(module)), module


def test_no_class_name_stands_twice() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for module in PACKAGE.rglob("*.py"):
        for node in _nodes(module):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(module.relative_to(PACKAGE)))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_module_passes_300_lines_and_no_function_60() -> None:
    for module in PACKAGE.rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert text.count("\n") <= 300, module
        for node in _nodes(module):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                assert length <= 60, f"{module}: {node.name} has {length} lines"


DATACLASSES = {
    "cli/drop_in/arguments.py": "its repr hides a password",
    "manifest/formatting/tree.py": "an entry gets its value after the entries around it",
}


def test_values_are_structs() -> None:
    """A dataclass is compiled at each import: see docs/decisions/0001."""
    found = {
        module.relative_to(PACKAGE).as_posix()
        for module in PACKAGE.rglob("*.py")
        if any(name.startswith("dataclasses.") for name in _imports(module))
    }
    assert found == DATACLASSES.keys()


def _drawn() -> dict[str, int]:
    """Exception -> exit code, as the docstring of ``errors`` draws the tree."""
    docstring = ast.get_docstring(_tree(PACKAGE / "errors.py")) or ""
    rows = [line.split() for line in docstring.splitlines() if line.startswith("    ")]
    return {row[0]: int(row[1]) for row in rows}


def _subclasses(cls: type[ReconcilerError]) -> Iterator[type[ReconcilerError]]:
    yield cls
    for one in cls.__subclasses__():
        yield from _subclasses(one)


def test_the_tree_of_errors_is_as_it_is_drawn() -> None:
    for one in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    found = {
        one.__name__: int(one.exit_code)
        for one in _subclasses(ReconcilerError)
        if one.__module__.startswith("reconciler.")
        and not one.__name__.startswith("_")
        and (one is ConfigurationServerError or not issubclass(one, ConfigurationServerError))
    }
    assert found == _drawn()
