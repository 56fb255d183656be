"""Settings that every test shares."""

import gc
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial, wraps
from inspect import isclass, isfunction, unwrap
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from types import CodeType
from typing import Any

import pytest
from hypothesis import settings

from reconciler.__main__ import ALLOCATIONS
from tests import browser, containers, docs_site
from tests.kept_manifests import IN_MEMORY, no_manifests_read_twice, no_schema_made_twice
from tests.postgres import LEFT_OUT, Cluster, KeptConnections, available, running_cluster
from tests.processor_time import processor_seconds
from tests.runs import (
    Nursery,
    Place,
    make_place,
    make_template,
    no_secret_digested_slowly,
    no_wait_for_the_disk,
)
from tests.terminals import InTerminal, run_in_terminal
from tests.warm import WarmProcesses, running_warm_processes

# A shell that starts the tests in the background makes them deaf to Ctrl-C, and with them
# every process that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Garbage is collected as seldom as in ``gwe`` itself, also while the tests are imported.
gc.set_threshold(ALLOCATIONS)

# Machines of continuous integration are slow and shared: no test depends on time, and a run
# tries the same examples as the one before. `make explore` tries others, and more;
# `make quick` fewer.
settings.register_profile(
    "default", deadline=None, print_blob=True, derandomize=True, max_examples=50
)
settings.register_profile("quick", settings.get_profile("default"), max_examples=20)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=1000)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")
settings.load_profile(_PROFILE)

no_secret_digested_slowly()
no_manifests_read_twice()
no_schema_made_twice()


def examples(full: int, share: int = 4) -> int:
    """How many examples a property takes that is long to try: ``full`` in `make explore`,
    for the night, and a quarter of them, or another ``share``, in `make test`."""
    return full if _PROFILE == "explore" else full // share


# Tests that start processes have the mark ``process``: by hand, or because they or their
# fixtures are seen to lead to one of these names. One that starts a process without the
# mark fails.
_STARTS = frozenset({"subprocess", "fork", "gwe_process"})
# In the same way those get the mark ``server`` that make or open an embedded server: most take
# a tenth of a second where the others take a hundredth.
_SERVES = frozenset({"create_server", "create_server_file", "EmbeddedServer"})
_STARTING = ((os, "fork"), (os, "forkpty"), (os, "posix_spawn"), (os, "system"))
_without_processes: list[str] = []
"""The test that runs, where it has no such mark."""


_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
_ROOM = 4 * 1024**3
"""The bytes that it must have free; the files of all tests take a quarter of them."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Has the files of the tests in memory, where the system has such a folder with room:
    they are made, linked and removed faster than on a disk. They are gone when the tests end;
    ``--basetemp FOLDER`` keeps them."""
    if config.option.basetemp or not _MEMORY.is_dir():
        return
    if shutil.disk_usage(_MEMORY).free > _ROOM:
        config.option.basetemp = mkdtemp(prefix="gwe-testfiles-", dir=_MEMORY)
        config.add_cleanup(partial(shutil.rmtree, config.option.basetemp, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marks = {"process": (_STARTS, dict[int, bool]()), "server": (_SERVES, dict[int, bool]())}
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        known = item._fixtureinfo.name2fixturedefs  # pytest has no other way to them
        fixtures = [one.func for found in known.values() for one in found]
        test = getattr(item.function, "hypothesis", None)
        functions = [test.inner_test if test else item.function, *fixtures]
        for mark, (names, seen) in marks.items():
            if any(_leads_to(one, names, seen) for one in functions):
                item.add_marker(mark)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The tests stay as long as this process: no later collection of garbage looks at them."""
    gc.collect()
    gc.freeze()
    session.config.stash[_MEASURED] = processor_seconds()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """What is garbage now is collected once. pytest then looks for more ten times: not in all that
    the tests have kept."""
    gc.collect()
    gc.freeze()


def _leads_to(thing: Any, names: frozenset[str], seen: dict[int, bool]) -> bool:
    """Whether a function or class of the tests uses one of the names, or what does."""
    if not (isfunction(thing) or isclass(thing)) or not thing.__module__.startswith("tests."):
        return False
    thing = unwrap(thing)
    if id(thing) not in seen:
        seen[id(thing)] = False  # it may lead to itself
        if isclass(thing):
            members = [getattr(one, "__func__", one) for one in vars(thing).values()]
            seen[id(thing)] = any(_leads_to(one, names, seen) for one in members)
        else:
            used = _names_in(thing.__code__)
            seen[id(thing)] = not names.isdisjoint(used) or any(
                _leads_to(thing.__globals__.get(name), names, seen) for name in used
            )
    return seen[id(thing)]


def _names_in(code: CodeType) -> set[str]:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return set(code.co_names).union(*map(_names_in, inner))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if state_home := item.config.stash.get(_STATE_HOME, ""):
        os.environ["XDG_STATE_HOME"] = f"{state_home}{next(_folders)}"
    if not item.get_closest_marker("process"):
        _without_processes.append(item.nodeid)
    try:
        with _flushing() if item.get_closest_marker("flushes") else nullcontext():
            return (yield)
    finally:
        _without_processes.clear()


def _refused(start: Callable[..., Any]) -> Callable[..., Any]:
    """What starts a process, but not in a test without the mark. An audit hook would see them
    all, and be called for each file that is opened and for much else."""

    @wraps(start)
    def checked(*given: Any, **named: Any) -> Any:
        if _without_processes:
            raise AssertionError(f"{_without_processes[0]} starts a process: pytest.mark.process")
        return start(*given, **named)

    return checked


for _owner, _name in ((subprocess.Popen, "__init__"), *_STARTING):
    setattr(_owner, _name, _refused(getattr(_owner, _name)))


_MEASURED = pytest.StashKey[float]()
"""The processor time when the last test ended."""
_SPENT = "processor time"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if call.when == "teardown":
        before, now = item.config.stash[_MEASURED], processor_seconds()
        item.config.stash[_MEASURED] = now
        # It is less where a browser has ended, whose processes nobody waits for.
        item.user_properties.append((_SPENT, max(now - before, 0)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says in one line each what took long, what was left out, and how to have it."""
    spent = Counter[str]()
    for report in terminalreporter.stats.get("", ()):
        found = dict(report.user_properties).get(_SPENT, 0.0)
        spent[report.nodeid.partition("::")[0]] += float(found)
    if spent.total() > 60:
        dearest = ", ".join(f"{name} {found:.0f} s" for name, found in spent.most_common(8))
        terminalreporter.write_line(f"Processor time: {spent.total():.0f} s. Most: {dearest}.")
    if not os.environ.get("PSDK_LIB"):
        terminalreporter.write_line(
            "Left out: the tests of the Platform SDK, since PSDK_LIB does not name the folder"
            " with its jars (make test-psdk)."
        )
    if not available():
        terminalreporter.write_line(LEFT_OUT)
    if not browser.available():
        terminalreporter.write_line(browser.LEFT_OUT)
    if not docs_site.available():
        terminalreporter.write_line(docs_site.LEFT_OUT)
    if not containers.builder():
        terminalreporter.write_line(containers.LEFT_OUT)


_folders = count(1)


def _new_path(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Path:
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return factory.getbasetemp() / f"{name}{next(_folders)}"


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new folder. For its number, pytest's own looks at all the folders of other tests."""
    folder = _new_path(request, tmp_path_factory)
    folder.mkdir(0o700)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _surroundings_of_their_own(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """No test has the settings of whoever runs it, writes into their folders, or is taken for a
    CI run. What is kept of manifests is kept for all tests."""
    base = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GWE_")]:
            patch.delenv(name)
        patch.delenv("CI", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(base / IN_MEMORY))
        patch.setenv("XDG_STATE_HOME", str(base / "state"))
        request.config.stash[_STATE_HOME] = str(base / "state")
        yield


_STATE_HOME = pytest.StashKey[str]()
"""What the XDG_STATE_HOME of a test begins with: each has another, and few make the folder."""


@contextmanager
def _flushing() -> Iterator[None]:
    """Has all that waits for the disk wait."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name, waiting in _WAITING:
            patch.setattr(owner, name, waiting)
        yield


_WAITING: list[tuple[Any, str, Any]] = []
"""What waits for the disk: what no test can see that does not ask for it, since none cuts the
power."""


def _not_to_wait(owner: Any, name: str, other: Any) -> None:
    _WAITING.append((owner, name, getattr(owner, name)))
    setattr(owner, name, other)


no_wait_for_the_disk(_not_to_wait)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server file with the site of ``tests.runs``, to copy; a module may have another."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of the state: see ``tests.engines.on_both_engines``."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database(request: pytest.FixtureRequest, engine: str) -> Iterator[str]:
    """The URL of an empty place for runs in PostgreSQL; empty: they are in a state folder."""
    if engine == "sqlite":
        yield ""
        return
    request.getfixturevalue("monkeypatch").setattr(
        "psycopg.connect", request.getfixturevalue("kept_connections").connect
    )
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.empty_place() as url:
        yield url


@pytest.fixture
def place(tmp_path: Path, template: Path, database: str) -> Place:
    """A copy of it with manifests and an empty state."""
    return make_place(tmp_path / "place", template, database=database)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    subprocess.run(build, cwd=Path(__file__).parent.parent, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def warm_processes() -> Iterator[WarmProcesses]:
    """Processes of ``gwe`` that need not start and import."""
    with running_warm_processes() as found:
        yield found


@pytest.fixture(scope="session")
def in_terminal(warm_processes: WarmProcesses) -> InTerminal:
    """Runs a command in a terminal of its own."""
    return partial(run_in_terminal, warm_processes)


@pytest.fixture(scope="session")
def nursery(warm_processes: WarmProcesses) -> Nursery:
    """Runs commands in processes that can be struck."""
    return Nursery(warm_processes)


@pytest.fixture(scope="session")
def kept_connections(cluster: Cluster) -> Iterator[KeptConnections]:
    kept = KeptConnections()
    yield kept
    kept.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server. Only where ``tests.postgres.available()``."""
    with running_cluster() as found:
        yield found
