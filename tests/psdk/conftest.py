"""These tests need the vendor's jars: without PSDK_LIB the ones that start Java are left out."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.testing.contract.site import SITE
from tests.harness import site_server

collect_ignore_glob = [] if os.environ.get("PSDK_LIB") else ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the doctor prepares for Java does not go to the cache of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A server file with the objects of the contract suite."""
    return site_server(tmp_path, SITE)


@pytest.fixture
def listen(path: Path) -> Iterator[Callable[..., int]]:
    """Offers the file at a new port each time it is called."""
    from tests.psdk.support import open_listener  # noqa: PLC0415 - needs JPype1

    opened = []

    def one(**more: object) -> int:
        opened.append(open_listener(path, **more))
        return opened[-1].port

    yield one
    for listener in opened:
        listener.close()
