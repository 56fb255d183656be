"""Settings that every test shares."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import postgres
from tests.runs import Nursery, Place, make_place, make_template, running_nursery

# A shell that starts the tests in the background makes them deaf to Ctrl-C, and with them
# every process that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Machines of continuous integration are slow and shared: no test depends on time, and a run
# tries the same examples as the one before. `make explore` tries others.
settings.register_profile("default", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says in one line what was left out, and how to have it."""
    if not os.environ.get("PSDK_LIB"):
        terminalreporter.write_line(
            "Left out: the tests of the Platform SDK, since PSDK_LIB does not name the folder"
            " with its jars (make test-psdk)."
        )
    if not postgres.available():
        terminalreporter.write_line(postgres.LEFT_OUT)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GWE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _a_state_folder_of_the_tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test writes into the state folder of whoever runs it, or is taken for a CI run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.parent / f"{tmp_path.name}.home"))
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server file with the site of ``tests.runs``, to copy; a module may have another."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    """A copy of it with manifests and a state folder."""
    return make_place(tmp_path / "place", template)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Runs commands in processes that can be struck."""
    with running_nursery() as found:
        yield found


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """A PostgreSQL server. Only where ``postgres.available()``."""
    with postgres.running_cluster() as found:
        yield found
