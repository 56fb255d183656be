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
    """The file of a new server in ``folder``. See ``embedded_site``. One of a site that this
    process has had before is made as a copy, forty times as fast."""
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
    known[whole] = made  # the last one to go
    if len(known) > _MOST:
        del known[next(iter(known))]
    return path


_MOST = 100
"""How many servers are kept: each is a few hundred KiB."""
_EXTENDS = re.compile(rb"^extends: *([^\s#]+) *$", re.MULTILINE)


class _Made(Struct, frozen=True):
    """A server file that was made, and the identity that no other server may have."""

    content: bytes
    identity: bytes


@cache
def _known_servers() -> dict[tuple[bytes, ...], _Made]:
    """Site files, with all that they extend -> the server that was made of them."""
    return {}


def _with_what_it_extends(site: Path) -> list[Path]:
    """A site file and all that its server is made of; what cannot be read is left to
    ``create_server``, to complain about."""
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
    """A new server in ``folder``, open for the length of the block. ``site``: a site file,
    or the text of one; by default the sample site.

    ManifestError with every mistake of the site file; ServerUnavailableError if the
    folder already holds a server.
    """
    path = create_server_file(folder, site)
    server = EmbeddedServer(path)
    try:
        yield EmbeddedSite(server, f"embedded:{path}", path)
    finally:
        server.close()
