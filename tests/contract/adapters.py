"""The servers that the contract suite runs on: one small table.

``ADAPTERS[name](folder, site)`` makes a new server with the objects of a site file, given
as text; ``folder`` is an empty one that it may use. Another adapter is another line.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import Server
from tests.harness import site_server


class Installation(Protocol):
    """One server, and what its administrators do beside the port."""

    def connect(self, user: str = "", password: str = "") -> Server:
        """A new session; without a user it is the server's own, which may do everything."""

    def change_mode(self, mode: str) -> None:
        """Sets the operational mode: Full, ReadOnly or Emergency."""

    def close(self) -> None:
        """Frees what the server holds; its sessions have ended."""

    @property
    def lacks(self) -> frozenset[str]:
        """What the way to the server cannot carry. ``who`` made a change; ``where``, in
        which tenant, an object was updated or deleted; ``zero``: a number that an update
        sets to 0, which is sent and which the SDK's listener loses; ``long``: integers of
        more than 32 bits; ``change``: a DBID among the changed entries of a list, where it
        changes nothing."""


class EmbeddedInstallation:
    """An embedded server: a copy of a file that is made once for every site."""

    lacks: frozenset[str] = frozenset()

    def __init__(self, folder: Path, site: str) -> None:
        self._path = folder / "gwe.db"
        self._path.write_bytes(_embedded_file(site))

    def connect(self, user: str = "", password: str = "") -> Server:
        return EmbeddedServer(self._path, user=user, password=password)

    def change_mode(self, mode: str) -> None:
        server = EmbeddedServer(self._path)
        server.change_mode(mode)
        server.close()

    def close(self) -> None:
        """Nothing is held beside the sessions."""


@cache
def _embedded_file(site: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return site_server(Path(folder), site).read_bytes()


class PsdkInstallation(EmbeddedInstallation):
    """The same server behind TCP: through the vendor's SDK at both ends."""

    lacks = frozenset({"who", "where", "zero", "long", "change"})

    def __init__(self, folder: Path, site: str) -> None:
        from tests.psdk.support import open_listener  # noqa: PLC0415 - only with the jars

        super().__init__(folder, site)
        self._listener = open_listener(self._path)

    def connect(self, user: str = "", password: str = "") -> Server:
        from tests.psdk.support import session  # noqa: PLC0415 - only with the jars

        return session(self._listener.port, user, password)

    def close(self) -> None:
        self._listener.close()


ADAPTERS: Mapping[str, Callable[[Path, str], Installation]] = {
    "embedded": EmbeddedInstallation,
    **({"psdk": PsdkInstallation} if os.environ.get("PSDK_LIB") else {}),
}
