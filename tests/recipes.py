"""Runs the scripts of ``recipes/`` as they stand, where nothing is but what a container has.

What a script sees of this machine: ``gwe``, the usual programs, an empty home folder, and the
variables that the CI system would set. ``gwe`` is a stand-in that is warm (``tests.warm``), or
where a test asks for it the built wheel, installed in a new virtual environment.
"""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import yaml

from tests.harness import Result, gwe
from tests.pages import ROOT

RECIPES = ROOT / "recipes"
SAMPLE = ROOT / "reconciler" / "server" / "embedded" / "sites" / "sample.yaml"
PROGRAMS = "/usr/local/bin:/usr/bin:/bin"
APP = "Web_Engagement_Server"
KEY = "correct-horse-battery"
READER = {"GWE_USER": "gwe-reader", "GWE_PASSWORD": "staple"}
"""An account that may read everything and write nothing."""
WRITER = {"GWE_USER": "default", "GWE_PASSWORD": "password"}
_PERSON = "  - {employeeID: reader, userName: gwe-reader, password: staple}\n"

SETTINGS = f"""\
server = "embedded:gwe.db"
app = "{APP}"
file = ["manifests"]
"""
MANIFESTS = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata:
  name: Sales
spec:
  annex: {Limits: {waiting: "30"}}
---
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata:
  name: chat
target: {role: chat-server}
spec:
  options:
    security: {shared-key: {secret: true, from: env.SITE_CHAT_KEY}}
"""


def install(wheel: Path, folder: Path) -> Path:
    """Installs the built wheel into a new virtual environment, without a network; its ``bin``.
    What gwe depends on is taken from where this test runs."""
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    alone = ("--no-index", "--no-deps", "--no-compile", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip", "--python", python)
    subprocess.run([*pip, "install", "--quiet", *alone, wheel], check=True)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python.parent


@dataclass
class Checkout:
    """The folder of a site as a job finds it, and the machine that the job runs on."""

    folder: Path
    programs: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, script: str, *shell: str, **variables: str) -> Result:
        """Runs a script with nothing in the environment but what a container and its CI
        system set. ``shell``: how the CI system calls it; by default as ``sh -e``."""
        environment = {
            "PATH": f"{self.programs}:{PROGRAMS}",
            "HOME": str(self.folder.parent / "home"),
            "SITE_CHAT_KEY": KEY,
            **self.variables,
            **variables,
        }
        done = subprocess.run(
            [*(shell or ("/bin/sh", "-e")), "-c", script],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def change_the_server(self) -> None:
        """Somebody else changes what the manifests declare."""
        other = self.folder.parent / "other.yaml"
        other.write_text(MANIFESTS.partition("---")[0].replace('"30"', '"50"'), encoding="utf-8")
        done = gwe(
            *("apply", "-f", other, "--auto-approve", "--state-dir", self.folder.parent / "theirs"),
            cwd=self.folder,
        )
        assert done.code == 0, done.err

    def drifts(self) -> bool:
        """Whether the server differs from the manifests."""
        done = gwe("drift", "--quiet", cwd=self.folder, env={"SITE_CHAT_KEY": KEY})
        return done.code == 2


def check_out(folder: Path, programs: Path) -> Checkout:
    """A site with an embedded server, which differs from its manifests."""
    site = folder / "site"
    (site / "manifests").mkdir(parents=True)
    (folder / "home").mkdir()
    (site / "gwe.toml").write_text(SETTINGS, encoding="utf-8")
    (site / "manifests" / "site.yaml").write_text(MANIFESTS, encoding="utf-8")
    sample = SAMPLE.read_text(encoding="utf-8").replace("\nPerson:\n", f"\nPerson:\n{_PERSON}")
    (folder / "server.yaml").write_text(sample, encoding="utf-8")
    done = gwe("embedded", "init", "gwe.db", "--site", folder / "server.yaml", cwd=site)
    assert done.code == 0, done.err
    return Checkout(site, programs)


def read(name: str) -> str:
    return (RECIPES / name).read_text(encoding="utf-8")


def as_yaml(name: str) -> Any:
    """A recipe as data in which every scalar is a text: ``on`` is a key of GitHub's."""
    return yaml.load(read(name), Loader=yaml.BaseLoader)  # noqa: S506 - it makes no objects


def shell_steps(jenkinsfile: str) -> dict[str, str]:
    """Stage -> what its shell runs: the text of its ``sh`` step in three single quotes, in
    which Groovy replaces nothing but escapes."""
    stages = re.split(r"stage\('(\w+)'\)", jenkinsfile)[1:]
    scripts = {
        name: re.findall(r"sh '''(.*?)'''", body, re.DOTALL)
        for name, body in zip(stages[::2], stages[1::2], strict=True)
    }
    assert all(len(found) == 1 and "\\" not in found[0] for found in scripts.values())
    return {name: found[0] for name, found in scripts.items()}


def cron_job(text: str) -> tuple[dict[str, str], list[str], str, str]:
    """The variables of a file in /etc/cron.d, and the fields, user and command of its job."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines[:-1])
    *fields, user, command = lines[-1].split(None, 6)
    assert "%" not in command, "cron makes line feeds of it"
    return variables, fields, user, command


def unit(text: str) -> dict[str, list[str]]:
    """The settings of a systemd unit, each with all of its values."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@dataclass
class CodeHost:
    """A CI system's API on the loopback interface. ``requests``: the path, the headers and the
    form of each."""

    url: str
    requests: list[tuple[str, Mapping[str, str], Mapping[str, list[str]]]]


@contextmanager
def code_host() -> Iterator[CodeHost]:
    """An API that takes every note."""
    host = CodeHost("", [])

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            host.requests.append((self.path, dict(self.headers), parse_qs(body)))
            self.send_response(201)
            self.end_headers()
            self.wfile.write(json.dumps({"id": len(host.requests)}).encode())

        def log_message(self, *_: Any) -> None:
            """Tests print nothing of their own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    host.url = f"http://127.0.0.1:{server.server_port}/api/v4"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def have(*programs: str) -> bool:
    return all(shutil.which(one, path=PROGRAMS) for one in programs)
