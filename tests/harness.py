"""What tests use to run ``gwe`` as its users do, and to look at a server afterwards."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.port import ConfObject

SITES = Path(__file__).parent / "sites"
BARE = SITES / "bare.yaml"
VENDOR = SITES / "vendor.yaml"
APP = "GWE"


@dataclass(frozen=True)
class Result:
    """What a finished ``gwe`` process left."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def gwe(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Result:
    """Runs ``gwe`` as a process of its own, without a terminal and 80 columns wide."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
    environment |= {"COLUMNS": "80", "GWE_STATE_DIR": str(state_folder(cwd)), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def state_folder(cwd: Path) -> Path:
    """Where the commands of a test that run in ``cwd`` keep their journals: beside it."""
    return cwd.parent / f"{cwd.name}.state"


def site_server(folder: Path, site: Path | str = BARE) -> Path:
    """A new server file in ``folder`` from a site file, or from the text of one."""
    if isinstance(site, str):
        text, site = site, folder / "site.yaml"
        site.write_text(text, encoding="utf-8")
    path = folder / "gwe.db"
    create_server(path, site)
    return path


@contextmanager
def opened(path: Path) -> Iterator[EmbeddedServer]:
    """A server file, open."""
    server = EmbeddedServer(path)
    try:
        yield server
    finally:
        server.close()


def everything(path: Path) -> dict[tuple[str, int], ConfObject]:
    """Every object that a server file holds; folders without the list of their members,
    which say themselves where they are."""
    with opened(path) as server:
        return {
            (name, one.dbid): _without_members(one)
            for name in OBJECT_TYPES
            for one in server.read(name, {"all_tenants": 1} if name == "Tenant" else None)
        }


def _without_members(one: ConfObject) -> ConfObject:
    attributes = {name: value for name, value in one.attributes.items() if name != "objectIDs"}
    return replace(one, attributes=attributes) if one.type == "Folder" else one


def find(path: Path, object_type: str, name: str) -> ConfObject:
    """The one object of a type with a name."""
    key = OBJECT_TYPES[object_type].name_attribute
    found = [
        one
        for (kind, _), one in everything(path).items()
        if kind == object_type and one.attributes.get(key) == name
    ]
    assert len(found) == 1, f"{len(found)} objects {object_type} {name}"
    return found[0]


def plan_arguments(path: Path, *more: str | Path, app: str = APP) -> Sequence[str | Path]:
    """The options that name the server and the site."""
    return ["--server", f"embedded:{path}", "--app", app, *more]
