"""Fixtures of the tests of the store: every contract test runs on both engines."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.state.store import StateStore
from tests.engines import ENGINES
from tests.postgres import Cluster
from tests.state.backends import Backend


@pytest.fixture(params=ENGINES)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """An empty place for a store."""
    with new_backend(request, tmp_path) as found:
        yield found


@pytest.fixture(scope="module", params=ENGINES)
def module_backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backend]:
    """A place that the tests of a module share."""
    with new_backend(request, tmp_path_factory.mktemp("backend")) as found:
        yield found


@contextmanager
def new_backend(request: pytest.FixtureRequest, folder: Path) -> Iterator[Backend]:
    """An empty place for a store. Connections to PostgreSQL are kept for the next store."""
    if request.param == "sqlite":
        yield Backend(str(folder / "state"))
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    schema = f"s{uuid.uuid4().hex}"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("psycopg.connect", request.getfixturevalue("kept_connections").connect)
        yield Backend(cluster.url(schema), cluster, schema)


@pytest.fixture
def store(backend: Backend) -> StateStore:
    """A store that nothing was written to."""
    return backend.store()


@pytest.fixture
def postgres(cluster: Cluster) -> Backend:
    """An empty place in PostgreSQL."""
    schema = f"s{uuid.uuid4().hex}"
    return Backend(cluster.url(schema), cluster, schema)
