"""The adapter for ``embedded:PATH``, which ``server.connect`` lists."""

import os
from contextlib import closing
from pathlib import Path

from reconciler.server.adapter import Adapter
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.port import Server

_READING = 1.0
"""Seconds to wait for the identity while another process writes."""


def _open(url: str, credentials: Credentials, options: ConnectionOptions) -> Server:
    from reconciler.server.embedded.adapter import EmbeddedServer  # noqa: PLC0415 - sqlite3

    path = Path(url.partition(":")[2])
    return EmbeddedServer(
        path, user=credentials.user, password=credentials.password, timeout=options.timeout
    )


def _relative_to(folder: Path, url: str) -> str:
    scheme, colon, path = url.partition(":")
    return f"{scheme}{colon}{os.path.normpath(folder / path)}" if path else url


def _identity(url: str) -> str:
    """The identity in the file. Empty if the file does not exist or cannot be read."""
    from reconciler.server.embedded.store import Store  # noqa: PLC0415 - sqlite3
    from reconciler.server.errors import ServerError  # noqa: PLC0415

    try:
        with closing(Store(Path(url.partition(":")[2]), _READING)) as store:
            return f"embedded:{store.identity()}"
    except ServerError:
        return ""


ADAPTER = Adapter(
    url_forms="A server is embedded:PATH.",
    open=_open,
    relative_to=_relative_to,
    identity=_identity,
)
