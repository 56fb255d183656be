"""Embedded servers for a test: made from a site file, open, with the URL that a program
under test connects to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.file import SAMPLE_SITE


class EmbeddedSite(Struct, frozen=True):
    """A running embedded server. ``server``: a session without a user, which may do
    everything. ``url``: for the program under test. ``path``: the server's file."""

    server: EmbeddedServer
    url: str
    path: Path


def create_server_file(folder: Path, site: Path | str = SAMPLE_SITE) -> Path:
    """The file of a new server in ``folder``. See ``embedded_site``."""
    if isinstance(site, str):
        file = folder / "site.yaml"
        file.write_text(site, encoding="utf-8")
    else:
        file = site
    path = folder / "gwe.db"
    create_server(path, file)
    return path


@contextmanager
def embedded_site(folder: Path, site: Path | str = SAMPLE_SITE) -> Iterator[EmbeddedSite]:
    """A new server in ``folder``, open for the length of the block. ``site``: a site file,
    or the text of one; by default the sample site.

    ManifestError with every mistake of the site file; ServerUnavailableError where the
    folder already holds a server.
    """
    path = create_server_file(folder, site)
    server = EmbeddedServer(path)
    try:
        yield EmbeddedSite(server, f"embedded:{path}", path)
    finally:
        server.close()
