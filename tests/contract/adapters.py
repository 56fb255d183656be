"""The servers that our own run of the contract tests: one small table."""

import os
from collections.abc import Mapping
from pathlib import Path

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import Server
from reconciler.testing.contract.fixtures import ServerFactory
from reconciler.testing.contract.server_under_test import Gap, ServerUnderTest
from reconciler.testing.sites import create_server_file
from tests.conftest import examples


class EmbeddedUnderTest(ServerUnderTest):
    """An embedded server."""

    random_runs = examples(80)

    def __init__(self, folder: Path, site: str) -> None:
        self._path = create_server_file(folder, site)

    def connect(self, user: str = "", password: str = "") -> Server:
        return EmbeddedServer(self._path, user=user, password=password)

    def change_mode(self, mode: str) -> None:
        server = EmbeddedServer(self._path)
        server.change_mode(mode)
        server.close()


class PsdkUnderTest(EmbeddedUnderTest):
    """The same server behind TCP: through the vendor's SDK at both ends."""

    gaps = frozenset(Gap) - {Gap.ZERO}
    random_runs = 15

    def __init__(self, folder: Path, site: str) -> None:
        from tests.psdk.support import open_listener  # noqa: PLC0415 - only with the jars

        super().__init__(folder, site)
        self._listener = open_listener(self._path)

    def connect(self, user: str = "", password: str = "") -> Server:
        from tests.psdk.support import session  # noqa: PLC0415 - only with the jars

        return session(self._listener.port, user, password)

    def close(self) -> None:
        self._listener.close()


ADAPTERS: Mapping[str, ServerFactory] = {
    "embedded": EmbeddedUnderTest,
    **({"psdk": PsdkUnderTest} if os.environ.get("PSDK_LIB") else {}),
}
