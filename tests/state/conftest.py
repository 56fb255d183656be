"""Fixtures of the tests of the store: every contract test runs on both engines."""

import uuid
from pathlib import Path

import pytest

from reconciler.state.store import StateStore
from tests.engines import ENGINES
from tests.postgres import Cluster
from tests.state.backends import Backend


@pytest.fixture(params=ENGINES)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """An empty place for a store."""
    return new_backend(request, tmp_path)


@pytest.fixture(scope="module", params=ENGINES)
def module_backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Backend:
    """A place that the tests of a module share."""
    return new_backend(request, tmp_path_factory.mktemp("backend"))


def new_backend(request: pytest.FixtureRequest, folder: Path) -> Backend:
    if request.param == "sqlite":
        return Backend(str(folder / "state"))
    cluster: Cluster = request.getfixturevalue("cluster")
    schema = f"s{uuid.uuid4().hex}"
    return Backend(cluster.url(schema), cluster, schema)


@pytest.fixture
def store(backend: Backend) -> StateStore:
    """A store that nothing was written to."""
    return backend.store()


@pytest.fixture
def postgres(cluster: Cluster) -> Backend:
    """An empty place in PostgreSQL."""
    schema = f"s{uuid.uuid4().hex}"
    return Backend(cluster.url(schema), cluster, schema)
