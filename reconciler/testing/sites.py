"""Embedded servers for a test: made from a site file, open, with the URL that a program
under test connects to.
"""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
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
    """The file of a new server in ``folder``. See ``embedded_site``. The server of a site file that
    this process has used before is made as a copy, forty times as fast."""
    if isinstance(site, str):
        file = folder / "site.yaml"
        file.write_text(site, encoding="utf-8")
    else:
        file = site
    path = folder / "gwe.db"
    known = _known_servers()
    whole = tuple(one.read_bytes() for one in _with_what_it_extends(file))
    made = known.pop(whole, None)
    if made is None or path.exists():
        create_server(path, file)
        made = _Made(path.read_bytes(), _identity_of(path))
    else:
        path.touch(0o600)
        path.write_bytes(made.content.replace(made.identity, str(uuid.uuid4()).encode()))
    known[whole] = made  # the last to be removed
    if len(known) > _MOST:
        del known[next(iter(known))]
    return path


_MOST = 100
"""How many servers are cached: each has a few hundred KiB."""
_EXTENDS = re.compile(rb"^extends: *([^\s#]+) *$", re.MULTILINE)


class _Made(Struct, frozen=True):
    """A server file that was made, and the identity that no other server may have."""

    content: bytes
    identity: bytes


@cache
def _known_servers() -> dict[tuple[bytes, ...], _Made]:
    """Site files, with all that they extend -> the server that was made from them."""
    return {}


def _with_what_it_extends(site: Path) -> list[Path]:
    """A site file and all files that it extends; files that cannot be read are left out, and
    ``create_server`` reports them."""
    found = [site] if site.is_file() else []
    for one in found:
        named = _EXTENDS.search(one.read_bytes())
        base = one.parent / os.fsdecode(named[1]) if named else one
        if base.is_file() and base not in found:
            found.append(base)
    return found


def _identity_of(path: Path) -> bytes:
    server = EmbeddedServer(path)
    try:
        return server.store.identity().encode()
    finally:
        server.close()


@contextmanager
def embedded_site(folder: Path, site: Path | str = SAMPLE_SITE) -> Iterator[EmbeddedSite]:
    """A new server in ``folder``, open for the length of the block. ``site``: a site file, or the
    text of a site file; by default the sample site.

    ManifestError with every mistake of the site file; ServerUnavailableError if the
    folder already holds a server.
    """
    path = create_server_file(folder, site)
    server = EmbeddedServer(path)
    try:
        yield EmbeddedSite(server, f"embedded:{path}", path)
    finally:
        server.close()
