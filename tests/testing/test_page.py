"""The examples of docs/testing-your-client.md are a test folder that passes, and what the
page says of the contract holds for a folder of somebody else's."""

import importlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import reconciler.testing.contract
from reconciler.testing.faults import Call, Fault

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "testing-your-client.md"
MODULES = sorted(Path(reconciler.testing.contract.__file__).parent.glob("*.py"))
_EXAMPLE = re.compile(r"^```python\n# file: (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the page."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in _EXAMPLE.findall(PAGE.read_text(encoding="utf-8")):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run_pytest(folder: Path, *arguments: str) -> tuple[int, str]:
    """A run of its own, that knows nothing of our configuration."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ran(folder: Path) -> tuple[int, str]:
    """One run of the whole folder: of the contract, some; the names of all its tests are in
    what it prints."""
    (folder / "lists_tests.py").write_text(LISTS_TESTS, encoding="utf-8")
    some = "test_agents or test_faults or by_dbid or mode_read_only"
    return run_pytest(folder, "-p", "lists_tests", "-s", "-rA", "-k", some)


LISTS_TESTS = """\
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    print(*(f"collected {one.nodeid}" for one in items), sep="\\n")
"""


def test_the_examples_pass(ran: tuple[int, str]) -> None:
    code, out = ran
    assert code == 0, out
    assert len(re.findall(r"^PASSED test_(?:agents|faults)\.py::", out, re.MULTILINE)) == 5, out


def test_the_example_of_the_contract_has_every_test_and_they_pass(ran: tuple[int, str]) -> None:
    code, out = ran
    collected = set(re.findall(r"^collected test_contract\.py::(test_\w+)", out, re.MULTILINE))
    declared = {name for module in MODULES for name in _TEST.findall(module.read_text("utf-8"))}
    assert (code, declared - collected) == (0, set()), out
    assert len(re.findall(r"^collected test_contract\.py::", out, re.MULTILINE)) > 600, out
    assert "more than 600" in PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"^PASSED test_contract\.py::", out, re.MULTILINE)) > 30, out


@pytest.fixture(scope="module")
def ran_other(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """One run of the contract for other adapters than the example's: the random calls of a slow
    adapter, once, and a read of an adapter that answers in the wrong order."""
    right = (folder / "test_contract.py").read_text(encoding="utf-8")
    slow = right.replace(
        "        return CountingServer(",
        "        time.sleep(0.3)\n        return CountingServer(",
    ).replace("import pytest\n", "import time\n\nimport pytest\n")
    few = slow.replace(
        "    def __init__(self, folder", "    random_runs = 1\n\n    def __init__(self, folder"
    )
    assert few.count("sleep") == few.count("random_runs") == 1
    wrong = right.replace(
        "    def __getattr__",
        "    def read(self, object_type, filters=None):\n"
        "        return self._inner.read(object_type, filters)[::-1]\n\n"
        "    def __getattr__",
    )
    assert wrong != right
    other = tmp_path_factory.mktemp("other")
    (other / "test_slow.py").write_text(few, encoding="utf-8")
    (other / "test_wrong.py").write_text(wrong, encoding="utf-8")
    return run_pytest(other, "-rA", f"test_slow.py::{RANDOM}", f"test_wrong.py::{READ}")


RANDOM = "test_random_calls_are_answered_as_the_model_foretells"
READ = "test_a_read_returns_every_match_by_dbid[Script-None-dbids0]"


def test_the_random_calls_of_the_contract_set_no_time_limit(ran_other: tuple[int, str]) -> None:
    """A folder of somebody else's has no Hypothesis profile that lifts the limit of 200 ms."""
    assert f"PASSED test_slow.py::{RANDOM}" in ran_other[1], ran_other[1]


def test_the_contract_says_of_a_wrong_adapter_what_is_wrong(ran_other: tuple[int, str]) -> None:
    code, out = ran_other
    assert code == 1
    assert f"FAILED test_wrong.py::{READ}" in out
    assert "assert [103, 102, 101] == [101, 102, 103]" in out


def test_every_module_that_the_examples_import_has_public_names() -> None:
    text = PAGE.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(reconciler[\w.]+)` \| (.+) \|$", text, re.MULTILINE))
    imports = re.findall(r"^from (reconciler[\w.]+) import (.+)$", text, re.MULTILINE)
    assert {module for module, _ in imports} < set(listed)
    every = {"every error": Exception, "`Call` and every fault": (Fault, Call)}
    for module, names in imports:
        public = listed[module]
        for name in names.split(", "):
            found = getattr(importlib.import_module(module), name, None)
            if public in every:
                assert isinstance(found, type), name
                assert issubclass(found, every[public]), name
            else:
                assert f"`{name}`" in public or name == "*", name


def test_no_test_of_the_contract_hides_another_of_its_name() -> None:
    names = Counter(name for module in MODULES for name in _TEST.findall(module.read_text("utf-8")))
    assert [name for name, count in names.items() if count > 1] == []
