"""An embedded server as a site file: everything it holds, so that ``init --site`` makes
the same again.

Left out is what the loader supplies by itself: default values, and predefined objects
that nobody has changed. ``describe`` knows how one object is written.
"""

import tempfile
from pathlib import Path
from typing import Any

from reconciler.errors import ReconcilerError
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.passwords import matches
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.describe import Contents, Home, Key, SiteWriter
from reconciler.server.embedded.sites.file import API_VERSION, PREDEFINED, read_site
from reconciler.server.embedded.sites.text import site_text
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.strict_yaml import MAX_BYTES

_Words = dict[str, Any]


def export_site(server: EmbeddedServer) -> str:
    """The text of a site file with all that the server holds. Types come in the order of
    the table, then tenants and DBIDs. ReconcilerError where it would be too large."""
    live = Contents.of(server)
    home = _home(live)
    entries = SiteWriter(live, home).entries()
    whole, unchanged = _predefined(live, home, entries)
    header = {"apiVersion": API_VERSION, "kind": "Site", "tenant": home.name}
    document: dict[str, Any] = header if whole else {**header, "predefined": False}
    if not entries.keys() - unchanged:
        # A site file names at least one object.
        unchanged.discard(("Tenant", ENVIRONMENT))
    for name in OBJECT_TYPES:
        listed = [
            entries[name, row.dbid] for row in live.rows[name] if (name, row.dbid) not in unchanged
        ]
        if listed:
            document[name] = listed
    text = site_text(document)
    if len(text.encode()) > MAX_BYTES:
        raise ReconcilerError(
            f"the export is larger than {MAX_BYTES >> 20} MiB, the most that a site file may be",
            "Copy the server's file instead, while no process uses it.",
        )
    return text


def _home(live: Contents) -> Home:
    """The tenant of the objects that name none: the first besides Environment."""
    tenants = {row.dbid: row.attributes["name"] for row in live.rows["Tenant"]}
    dbid = min(tenants.keys() - {ENVIRONMENT}, default=ENVIRONMENT)
    return Home(tenants[dbid], dbid)


def _predefined(live: Contents, home: Home, entries: dict[Key, _Words]) -> tuple[bool, set[Key]]:
    """Whether the server still has every predefined object, under its own key; and what
    it has that a new server has by itself: nothing, where one of those is gone, but the
    folders of Environment."""
    fresh, passwords = _fresh()
    expected = SiteWriter(fresh, home).entries()
    whole = fresh.keys() <= live.keys()
    unchanged = set()
    for key, words in expected.items():
        found = entries.get(key)
        if found is None or not (whole or key[0] == "Folder"):
            continue
        password = passwords.get(key, "")
        stored = found.get("password", {}).get("hash", "")
        same = {**found, "password": ""} == {**words, "password": ""}
        if same and (matches(password, stored) if password else not stored):
            unchanged.add(key)
    return whole, unchanged


def _fresh() -> tuple[Contents, dict[Key, str]]:
    """What a new server holds by itself, and the passwords of its persons."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predefined.db"
        create_server(path, PREDEFINED)
        server = EmbeddedServer(path)
        try:
            contents = Contents.of(server)
        finally:
            server.close()
    passwords = {
        (one.type.name, one.dbid): str(one.words.get("password", ""))
        for one in read_site(PREDEFINED).objects
    }
    return contents, passwords
