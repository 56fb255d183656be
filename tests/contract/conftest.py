"""Every test of the contract runs once for each adapter."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.server.port import Server
from tests.contract.adapters import ADAPTERS, Installation
from tests.contract.site import SITE

Install = Callable[[str], Installation]
Connect = Callable[..., Server]


@pytest.fixture(params=ADAPTERS)
def install(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Install]:
    """Makes servers from the texts of site files."""
    made: list[Installation] = []

    def new(site: str) -> Installation:
        folder = tmp_path / f"server-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        made.append(ADAPTERS[request.param](folder, site))
        return made[-1]

    yield new
    for one in made:
        one.close()


@pytest.fixture
def installation(install: Install) -> Installation:
    """A server with the objects of ``site.SITE``."""
    return install(SITE)


@pytest.fixture
def connect(installation: Installation) -> Iterator[Connect]:
    """Opens sessions on that server, ``connect(user, password)``; they end with the test."""
    sessions: list[Server] = []

    def one(user: str = "", password: str = "") -> Server:
        sessions.append(installation.connect(user, password))
        return sessions[-1]

    yield one
    for session in sessions:
        session.close()


@pytest.fixture
def server(connect: Connect) -> Server:
    """A session that may do everything."""
    return connect()
