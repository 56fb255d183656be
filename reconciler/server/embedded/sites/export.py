"""Exports an embedded server as a site file, from which ``init --site`` creates the same server.

Leaves out what need not be in a site file: default values, and unchanged predefined objects.
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.errors import ReconcilerError
from reconciler.files.reading import MAX_BYTES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.passwords import matches
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.describe import Contents, Home, SiteWriter
from reconciler.server.embedded.sites.file import (
    API_VERSION,
    LISTED_TYPES,
    PREDEFINED,
    read_site,
)
from reconciler.server.port import ObjectKey
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.text.yaml import yaml_text

_Words = dict[str, Any]


def export_site(server: EmbeddedServer) -> str:
    """The text of a site file with everything in the server: types in the order of the table,
    objects by tenant and DBID. ReconcilerError if the file would be too large."""
    live = Contents.of(server)
    home = _home(live)
    entries = SiteWriter(live, home).entries()
    whole, unchanged = _predefined(live, home, entries)
    header = {"apiVersion": API_VERSION, "kind": "Site", "tenant": home.name}
    document: dict[str, Any] = header if whole else {**header, "predefined": False}
    if not entries.keys() - unchanged:
        # A site file must name at least one object.
        unchanged.discard(("Tenant", ENVIRONMENT))
    for name in LISTED_TYPES:
        listed = [
            entries[name, row.dbid] for row in live.rows[name] if (name, row.dbid) not in unchanged
        ]
        if listed:
            document[name] = listed
    text = yaml_text(document)
    if len(text.encode()) > MAX_BYTES:
        raise ReconcilerError(
            f"the export is larger than {MAX_BYTES >> 20} MiB, the most that a site file may be",
            "Copy the server's file instead, while no process uses it.",
        )
    return text


def _home(live: Contents) -> Home:
    """The default tenant of the file: the first tenant besides Environment."""
    tenants = {row.dbid: row.attributes["name"] for row in live.rows["Tenant"]}
    dbid = min(tenants.keys() - {ENVIRONMENT}, default=ENVIRONMENT)
    return Home(tenants[dbid], dbid)


def _predefined(
    live: Contents, home: Home, entries: dict[ObjectKey, _Words]
) -> tuple[bool, set[ObjectKey]]:
    """Whether the server still has every predefined object, and which objects are unchanged
    predefined ones. If some are gone, only folders can be left out as unchanged."""
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


@cache
def _fresh() -> tuple[Contents, dict[ObjectKey, str]]:
    """The contents of a server with nothing but predefined objects, and their passwords: the
    same for every export."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predefined.db"
        create_server(path, PREDEFINED)
        server = EmbeddedServer(path)
        try:
            contents = Contents.of(server)
        finally:
            server.close()
    passwords = {
        (entry.type.name, entry.dbid): str(entry.words.get("password", ""))
        for entry in read_site(PREDEFINED).objects
    }
    return contents, passwords
