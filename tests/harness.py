"""What tests use to run ``gwe`` as its users do, and to look at a server afterwards."""

import json
import marshal
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from jsonschema import Draft7Validator
from msgspec.structs import replace

from reconciler.cli.main import main
from reconciler.cli.schema import SCHEMAS
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.schema_check import FitsSchema, schema_check
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import ConfObject
from reconciler.testing.sites import create_server_file

SITES = Path(__file__).parent / "sites"
BARE = SITES / "bare.yaml"
VENDOR = SITES / "vendor.yaml"
APP = "GWE"


@dataclass(frozen=True)
class Result:
    """What a finished ``gwe`` left."""

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
    """Runs ``gwe`` in this process, as ``gwe_process`` would run it in one of its own, and
    without the time that one takes to start. An error that is no error of ours comes out
    of it. For what only a process can show there is ``gwe_process``."""
    return run_here(main, *arguments, cwd=cwd, env=env, stdin=stdin)


def run_here(
    program: Callable[[list[str]], int],
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Result:
    """Runs one of our programs in this process. ``program``: its ``main``, which takes the
    arguments and returns the exit code."""
    out, err = _captured(), _captured()
    with (
        _in_place(cwd, _environment(cwd, env)),
        _standard_input(stdin),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = _code_of(program, arguments)
    return _result(code, _text(out), _text(err))


def run_joined(
    program: Callable[[list[str]], int], *arguments: str, cwd: Path, env: Mapping[str, str]
) -> tuple[int, str]:
    """Runs one of our programs in this process with this environment: the exit code, and what it
    writes to standard output and error, in the order in which a pipe for both has it."""
    with (
        TemporaryFile(buffering=0) as pipe,
        open(pipe.fileno(), "w", encoding="utf-8", closefd=False) as out,
        open(pipe.fileno(), "w", encoding="utf-8", closefd=False, buffering=1) as err,
        _in_place(cwd, env),
        _standard_input(None),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = _code_of(program, arguments)
        out.flush()
        pipe.seek(0)
        text = pipe.read().decode()
    assert "Traceback" not in text, text
    return code, text


def _code_of(program: Callable[[list[str]], int], arguments: Sequence[str | Path]) -> int:
    try:
        return program([str(one) for one in arguments])
    except SystemExit as ended:  # click's, where a shell asks for completions
        return int(ended.code or 0)


def gwe_process(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Result:
    """Runs ``gwe`` as a process of its own, without a terminal and 80 columns wide."""
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *map(str, arguments)],
        cwd=cwd,
        env=_environment(cwd, env),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return _result(done.returncode, done.stdout, done.stderr)


def _environment(cwd: Path, more: Mapping[str, str] | None) -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
    return environment | {
        "COLUMNS": "80",
        "GWE_STATE_DIR": str(state_folder(cwd)),
        **(more or {}),
    }


def _result(code: int, out: str, err: str) -> Result:
    assert "Traceback" not in err, err
    assert "defect of this program" not in err, err
    _check_report(out)
    return Result(code, out, err)


def _check_report(out: str) -> None:
    """AssertionError if JSON that ``gwe`` printed is not what its published schema says."""
    if _REPORT.match(out):
        assert_fits_schema(json.loads(out))


_REPORT = re.compile(r'\{\s*"format": "gwe-[\w/-]+"')


def assert_fits_schema(report: Mapping[str, Any]) -> None:
    """AssertionError if a report is not what the published schema for its format says.
    jsonschema, which takes tens of milliseconds, is asked only what is wrong with it."""
    fits, schema = _published(report["format"])
    if not fits(report):
        errors = list(Draft7Validator(schema).iter_errors(report))
        assert not errors, errors[0]


@cache
def _published(version: str) -> tuple[FitsSchema, Mapping[str, Any]]:
    """The check of the schema for a version of a report, and the schema."""
    # That of manifests takes longer than all others, and no report names it.
    found = (make() for name, make in SCHEMAS.items() if name != "manifest")
    known = {
        schema.get("properties", {}).get("format", {}).get("const"): schema for schema in found
    }
    return schema_check(known[version]), known[version]


_HEARD = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@contextmanager
def _in_place(cwd: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """What belongs to a process is as a new one in ``cwd`` would have it; afterwards it is
    as it was."""
    folder, before = Path.cwd(), dict(os.environ)
    handlers = {number: signal.getsignal(number) for number in _HEARD}
    os.chdir(cwd)
    try:
        _replace_environment(environment)
        yield
    finally:
        os.chdir(folder)
        _replace_environment(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _replace_environment(environment: Mapping[str, str]) -> None:
    now = dict(os.environ)
    for name in now.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment.items() - now.items())


@contextmanager
def _standard_input(text: str | None) -> Iterator[None]:
    before = sys.stdin
    with (
        open(os.devnull, encoding="utf-8")
        if text is None
        else TextIOWrapper(BytesIO(text.encode()), encoding="utf-8")
    ) as stream:
        sys.stdin = stream
        try:
            yield
        finally:
            sys.stdin = before


def _captured() -> TextIOWrapper:
    """A stream for standard output or error: bytes below, as a pipe has them, no terminal."""
    return TextIOWrapper(BytesIO(), encoding="utf-8", errors="backslashreplace")


def _text(stream: TextIOWrapper) -> str:
    """All that was written to a captured stream."""
    stream.seek(0)
    return stream.read()


def state_folder(cwd: Path) -> Path:
    """Where the commands of a test that run in ``cwd`` keep their journals: beside it."""
    return cwd.parent / f"{cwd.name}.state"


def site_server(folder: Path, site: Path | str = BARE) -> Path:
    """A new server file in ``folder`` from a site file, or from the text of one."""
    return create_server_file(folder, site)


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
    which say themselves where they are. A test asks several times, and hundreds of tests ask
    for nearly the same content: what was read before is not read again."""
    whole = _digest_of_files(path)
    if whole not in _READ:
        with opened(path) as server:
            _keep(_READ, whole, _read_everything(server))
    return dict(_READ[whole])


def content_of(server: EmbeddedServer) -> bytes:
    """A digest of the settings, objects, references and permissions that a server file holds,
    without its identity, the log of its changes and the DBIDs that it gives next."""
    whole = _digest_of_files(server.store.path)
    if whole not in _CONTENTS:
        with server.store.reading():
            found = [server.store.connection.execute(one).fetchall() for one in _CONTENT]
        _keep(_CONTENTS, whole, sha256(marshal.dumps(found, 2)).digest())
    return _CONTENTS[whole]


_CONTENT = (
    "SELECT key, value FROM meta WHERE key != 'uuid' ORDER BY 1",
    "SELECT type, dbid, tenant, folder, body FROM object ORDER BY 1, 2",
    "SELECT type, key, dbid FROM unique_key ORDER BY 1, 2",
    "SELECT type, dbid, attribute, target_type, target FROM reference ORDER BY 1, 2, 3, 4, 5",
    "SELECT type, dbid, account_type, account, mask FROM permission ORDER BY 1, 2, 3, 4",
)


def _digest_of_files(path: Path) -> bytes:
    """Of the bytes of a server file and of what SQLite has written beside it. They are read again
    if somebody wrote meanwhile: to close a server moves what is beside the file into it."""
    log = Path(f"{path}-wal")
    while True:
        before = _stamps(path, log)
        found = sha256(path.read_bytes())
        with suppress(FileNotFoundError):
            found.update(log.read_bytes())
        if _stamps(path, log) == before:
            return found.digest()


def _stamps(*files: Path) -> list[tuple[int, int]]:
    """The size and the time of the last change of each file that exists."""
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            status = file.stat()
            found.append((status.st_size, status.st_mtime_ns))
    return found


_Everything = dict[tuple[str, int], ConfObject]
_READ: dict[bytes, _Everything] = {}
"""Digests of server files -> their objects."""
_CONTENTS: dict[bytes, bytes] = {}
"""Digests of server files -> of their content."""
_Rows = tuple[tuple[Any, ...], ...]
_OBJECTS: dict[_Rows, dict[tuple[Any, ...], ConfObject]] = {}
"""The rows of all folders of a server, which tell where objects are -> rows -> their objects."""


def _keep(kept: dict[Any, Any], key: object, found: Any) -> None:
    """Keeps what was found under this key; of many, the first goes."""
    kept[key] = found
    if len(kept) > 200:
        del kept[next(iter(kept))]


def _read_everything(server: EmbeddedServer) -> _Everything:
    rows = server.store.connection.execute(_ROWS).fetchall()
    folders = tuple(row for row in rows if row[0] == "Folder")
    if folders not in _OBJECTS:
        _keep(_OBJECTS, folders, {})
    known = _OBJECTS[folders]
    for name in {row[0] for row in rows if row not in known}:
        read = server.read(name, {"all_tenants": 1} if name == "Tenant" else None)
        of_name = [row for row in rows if row[0] == name]
        known |= zip(of_name, map(_without_members, read), strict=True)
    of_type: dict[str, _Everything] = {}
    for row in rows:
        of_type.setdefault(row[0], {})[row[:2]] = known[row]
    return {key: one for name in OBJECT_TYPES for key, one in of_type.get(name, {}).items()}


_ROWS = "SELECT type, dbid, tenant, folder, body FROM object ORDER BY 1, 2"


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
