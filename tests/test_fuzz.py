"""Files that users name, garbled at random: each is read or refused in words, and soon.

`make test` tries the same few inputs each time, `make explore` 100,000 others.
"""

import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings

from reconciler.errors import ReconcilerError
from reconciler.manifest.bind import bind
from reconciler.manifest.load import load_manifests
from reconciler.manifest.variables import GivenValues
from reconciler.resources import bundled_manifests
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.settings.gwe_toml import read_settings
from reconciler.state.plan_file import read_plan_file
from tests.harness import BARE, VENDOR, gwe, plan_arguments, site_server

EXPLORE = settings().max_examples >= 1000
COUNT = 20_000 if EXPLORE else 100
SEED = random.SystemRandom().randrange(2**32) if EXPLORE else 1
SECONDS = 5.0

Entry = Callable[[Path], object]


def read_manifests(file: Path) -> None:
    loaded = load_manifests([file], environment={})
    bind(loaded.manifests, loaded.variables, {})


def read_vars(file: Path) -> None:
    manifest = file.with_name("variables.yaml")
    manifest.write_text(VARIABLES, encoding="utf-8")
    loaded = load_manifests([manifest], GivenValues(files=[file]))
    bind(loaded.manifests, loaded.variables, {})


def read_site(file: Path) -> None:
    server = file.with_name("site.db")
    try:
        create_server(server, file)
    finally:
        server.unlink(missing_ok=True)


def read_plan(file: Path) -> None:
    read_plan_file(file, lambda _: "secret")


TOML = """\
server = "embedded:gwe.db"
app = "GWE"
file = ["manifests", "more"]
state_dir = "state"

[vars]
queue = "Q"

[guards]
percent = 30

[secrets]
words = ["pin"]

[connection]
addp-timeout = 10
connect-timeout = 1.5
addp = true

[profiles.test]
server = "confserv://host"

[profiles.test.vars]
queue = 'T'
"""

VARIABLES = """\
apiVersion: reconciler/v1
kind: Variables
metadata: {name: v}
spec:
  strategyUrl: {description: d, default: u}
  queue: {description: d, default: q}
  number: {description: d, default: 1}
  flag: {description: d, default: false}
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: "${var.queue}", folder: "a/${var.number}"}
spec: {annex: {"${var.flag}": {url: "${var.strategyUrl}"}}}
"""

VARS = "strategyUrl: http://host/a\nqueue: 'Q'\nnumber: 7\nflag: true\n"


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    """Valid files of each kind."""
    folder = tmp_path_factory.mktemp("seeds")
    server = site_server(folder)
    arguments = plan_arguments(server, "--out", "plan.json")
    assert gwe("plan", *arguments, cwd=folder).code == 0
    return {
        "manifests": [one.read_bytes() for one in sorted(bundled_manifests().rglob("*.yaml"))],
        "gwe.toml": [TOML.encode()],
        "vars": [VARS.encode()],
        "site": [SAMPLE_SITE.read_bytes(), BARE.read_bytes(), VENDOR.read_bytes()],
        "plan": [(folder / "plan.json").read_bytes()],
    }


ENTRIES: dict[str, Entry] = {
    "manifests": read_manifests,
    "gwe.toml": lambda file: read_settings(file.parent),
    "vars": read_vars,
    "site": read_site,
    "plan": read_plan,
}

NASTY = [
    *(b"null", b"true", b"0", b"-1", b"1.5", b"1e400", b"nan", b"~", b"''", b'""', b"{}", b"[]"),
    *(b"9" * 5_000, b"0x" + b"f" * 5_000, b"1979-05-27", b"x" * 5_000, b"[" * 200, b"{a: " * 200),
    *(b"&a", b"*a", b"!x", b"<<: *a", b"- ", b"---\n", b"|\n", b"? ", b": ", b"#", b"%YAML 9.9\n"),
    *(b"${var.x}", b"${", b"$${", b"${env.HOME}", b"${site.tenant.name}", b"${target.name}"),
    *(b'"\\0"', b'"\\n"', b'"\\u200b"', b'"\\ud800"', b'"\\x9b"', b"\0", b"\x1b[2J", b"\xff"),
    *(b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xc2\x85", b"\xed\xa0\x80", b"\r", b"\t", b"'", b'"'),
    *(b"apiVersion", b"kind", b"metadata", b"spec", b"policy", b"extends: s", b"dbid", b"tenant"),
    *(b"[[vars]]\n", b"[vars.a]\n", b"a.b.c = 1\n", b'{"a": 1}', b"[1,", b"}", b"]"),
]
WORD = re.compile(rb"[\w.$-]+")


def garbled(seed: bytes, draw: random.Random) -> bytes:
    """A file after one to six changes."""
    data = seed
    for _ in range(draw.randrange(1, 7)):
        start = draw.randrange(len(data) + 1)
        end = min(start + int(draw.expovariate(1 / 20)), len(data))
        match draw.randrange(7):
            case 0:
                data = data[:start] + data[end:]
            case 1:
                data = data[:start] + draw.choice(NASTY) + data[start:]
            case 2:
                data = data[:start] + draw.choice(NASTY) + data[end:]
            case 3:
                part = data[start:end]
                data = data[:end] + part * draw.choice((1, 2, 50)) + data[end:]
            case 4:
                word = WORD.search(data, start)
                if word:
                    data = data[: word.start()] + draw.choice(NASTY) + data[word.end() :]
            case 5:
                word = WORD.search(data, start)
                other = WORD.search(data, draw.randrange(len(data) + 1))
                if word and other:
                    data = data[: word.start()] + other[0] + data[word.end() :]
            case _:
                data = data[:start] + bytes(draw.randrange(256) for _ in range(3)) + data[start:]
    return data


@pytest.mark.long
@pytest.mark.parametrize("kind", ENTRIES)
def test_a_garbled_file_is_read_or_refused_in_words_and_in_time(
    kind: str, seeds: dict[str, list[bytes]], tmp_path: Path
) -> None:
    draw = random.Random(f"{SEED} {kind}")  # noqa: S311 - no secret
    file = tmp_path / "gwe.toml"
    slowest = 0.0
    for number in range(COUNT):
        file.write_bytes(garbled(draw.choice(seeds[kind]), draw))
        before = time.process_time()
        try:
            with suppress(ReconcilerError):
                ENTRIES[kind](file)
        except Exception as error:
            raise AssertionError(f"seed {SEED}, input {number}: {file} is left") from error
        slowest = max(slowest, time.process_time() - before)
        assert slowest < SECONDS, f"seed {SEED}, input {number}: {file} is left"
