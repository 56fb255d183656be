"""Fixtures of the contract: sessions with a server that holds the objects of ``site.SITE``.

``server_factory`` is the only fixture that a test folder supplies: see the package.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from reconciler.server.port import Server
from reconciler.testing.contract.server_under_test import ServerUnderTest
from reconciler.testing.contract.site import RIGHT, SITE

ServerFactory = Callable[[Path, str], ServerUnderTest]
"""(an empty folder to use, the text of a site file) -> a new server with those objects."""

NewServer = Callable[[str], ServerUnderTest]
"""The text of a site file -> a new server, which is closed at the end of the test."""


class Connect(Protocol):
    """Opens a session, which ends with the test."""

    def __call__(self, user: str = "", password: str = "") -> Server: ...


@pytest.fixture
def new_server(server_factory: ServerFactory, tmp_path: Path) -> Iterator[NewServer]:
    """Makes servers from the texts of site files."""
    made: list[ServerUnderTest] = []

    def make(site: str) -> ServerUnderTest:
        folder = tmp_path / f"server-{len(made)}"
        folder.mkdir()
        made.append(server_factory(folder, site))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def server_under_test(new_server: NewServer) -> ServerUnderTest:
    """A server with the objects of ``site.SITE``."""
    return new_server(SITE)


@pytest.fixture
def connect(server_under_test: ServerUnderTest) -> Iterator[Connect]:
    """Opens sessions on that server."""
    sessions: list[Server] = []

    def open_session(user: str = "", password: str = "") -> Server:
        sessions.append(server_under_test.connect(user, password))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()


@pytest.fixture
def server(connect: Connect) -> Server:
    """A session without a user, which may do everything."""
    return connect()


@pytest.fixture
def anna(connect: Connect) -> Server:
    """A session of a person without special permissions: DBID 101."""
    return connect("anna", RIGHT)


@pytest.fixture
def administrator(connect: Connect) -> Server:
    """A session of a super administrator: the person with DBID 100."""
    return connect("default", "password")
