"""A PostgreSQL server of the tests' own: a new cluster in a temporary folder, reached through
a socket in it. It listens on no network but, where a test asks for it, on the loopback."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

LEFT_OUT = (
    "Left out: the tests of the state in PostgreSQL, since this machine has no server to start"
    " (Debian's package postgresql) or not the extra postgres."
)


@cache
def programs() -> Path | None:
    """The folder with the server's programs; None: it is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: one.parent.name)
    named = shutil.which("initdb")
    places = [*([Path(named).resolve().parent] if named else []), *reversed(debian)]
    return next((one for one in places if (one / "postgres").exists()), None)


@cache
def available() -> bool:
    """Whether these tests can run here."""
    try:
        import psycopg  # noqa: F401, PLC0415 - it is an extra
    except ImportError:
        return False
    return programs() is not None and (os.getuid() != 0 or _account() is not None)


def _account() -> int | None:
    """The user that the server runs as where we are root, which it refuses."""
    import pwd  # noqa: PLC0415 - not on every system

    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return None


@dataclass
class Cluster:
    """A running server. ``url`` takes a schema, which is made; stores in different schemas
    do not see each other."""

    folder: Path
    _process: "subprocess.Popen[bytes]"
    settings: Mapping[str, str] = field(default_factory=dict)
    _owner: Any = field(default=None, init=False)
    _emptied: list[str] = field(default_factory=list, init=False)

    def url(self, schema: str) -> str:
        """The URL of a store of its own."""
        self.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        return self._url_of_schema(schema)

    @contextmanager
    def empty_place(self) -> Iterator[str]:
        """The URL of a store without runs for one test. Its tables stay for the next test: to
        make them takes longer than most of what a test asks."""
        import psycopg  # noqa: PLC0415

        schema = self._emptied.pop() if self._emptied else f"s{uuid.uuid4().hex}"
        yield self.url(schema)
        with suppress(psycopg.errors.UndefinedTable):  # nothing was written
            self.execute_all(schema, [(one, ()) for one in _EMPTY])
        self._emptied.append(schema)

    def _url_of_schema(self, schema: str) -> str:
        return self._url(f"options={quote(f'-csearch_path={schema}')}")

    def _url(self, more: str = "") -> str:
        return f"postgresql://gwe@/postgres?host={quote(str(self.folder), safe='')}&{more}"

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Executes a statement as the owner of the cluster."""
        return self.execute_all("public", [(statement, parameters)])[0]

    def execute_all(
        self, schema: str, statements: Sequence[tuple[str, tuple[Any, ...]]]
    ) -> list[list[tuple[Any, ...]]]:
        """Executes statements with ``?`` for parameters in one transaction, in which nothing
        checks references."""
        import psycopg  # noqa: PLC0415

        if self._owner is None:
            self._owner = psycopg.connect(self._url(), autocommit=True)
        answers = []
        with self._owner.transaction():
            self._owner.execute("SET LOCAL session_replication_role = replica")
            self._owner.execute(f"SET LOCAL search_path = {schema}")
            for statement, parameters in statements:
                text = statement.replace("?", "%s").encode()
                cursor = self._owner.execute(text, parameters or None)
                answers.append(list(cursor.fetchall()) if cursor.description else [])
        return answers

    def stop(self) -> None:
        """Stops the server at once, as a crash does."""
        if self._owner is not None:
            self._owner.close()
            self._owner = None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def start(self) -> None:
        """Starts it again."""
        self._process = _start(self.folder, self.settings)


_EMPTY = (
    "DELETE FROM gwe_record",
    *("DELETE FROM gwe_plan", "DELETE FROM gwe_backup", "DELETE FROM gwe_fact"),
    *("DELETE FROM gwe_run", "UPDATE gwe_state SET next_run = 1, facts = NULL"),
)


class KeptConnections:
    """Stands in for ``psycopg.connect``. A connection that is closed is
    made as a new one, without locks, transaction and settings, and kept for whoever next asks
    for a store in the same database. To start one takes the server twenty times as long as
    what ``gwe`` asks over it."""

    def __init__(self) -> None:
        import psycopg  # noqa: PLC0415 - it is an extra

        self._connect: Callable[..., Any] = psycopg.connect
        self._lost = psycopg.OperationalError
        self._free: dict[str, list[Any]] = {}

    def connect(self, *given: Any, **parameters: Any) -> Any:
        schema = _ONE_SCHEMA.fullmatch(parameters.get("options", ""))
        if given or schema is None:
            return self._connect(*given, **parameters)
        del parameters["options"]
        free = self._free.setdefault(repr(sorted(parameters.items())), [])
        use_schema = f"SET search_path = {schema[1]}"
        with suppress(IndexError):  # another thread may take the last of them
            while True:
                connection = free.pop()
                with suppress(self._lost):  # a test may have ended them all
                    connection.execute(use_schema)
                    return connection
        connection = self._connect(**parameters)
        close = type(connection).close

        def closed() -> None:
            if connection.info.transaction_status:  # it is in a transaction, or lost
                close(connection)
            elif connection not in free:
                connection.execute("DISCARD ALL")
                free.append(connection)

        connection.close = closed
        connection.execute(use_schema)
        return connection

    def close(self) -> None:
        """Closes them all."""
        for free in self._free.values():
            for connection in free:
                type(connection).close(connection)
        self._free.clear()


_ONE_SCHEMA = re.compile(r"-csearch_path=(\w+)")


@contextmanager
def running_cluster(**settings: str) -> Iterator[Cluster]:
    """A new cluster, with these settings of the server beside ours. Its commits do not wait
    for the disk: no test cuts the power."""
    folder = Path(tempfile.mkdtemp(prefix="gwe-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, _account())
        initdb = ("-D", str(folder / "data"), "-U", "gwe", "-A", "trust", "-N", "-E", "UTF8")
        _run("initdb", *initdb, "--locale=C", cwd=folder).check_returncode()
        cluster = Cluster(folder, _start(folder, settings), settings)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, more: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    (folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    settings = {
        "unix_socket_directories": str(folder),
        "listen_addresses": "",
        "port": "5432",
        "fsync": "off",
        "max_connections": "50",
        **more,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen(
        [_program("postgres"), "-D", str(folder / "data"), *options],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the tests
        **_as_account(),
    )
    for _ in range(300):
        ready = ("-q", "-h", str(folder), "-p", settings["port"])
        if _run("pg_isready", *ready, cwd=folder).returncode == 0:
            return process
        time.sleep(0.1)
    process.kill()
    process.wait()
    raise AssertionError("the server did not start within 30 s")


def _program(name: str) -> str:
    found = programs()
    assert found is not None
    return str(found / name)


def _run(program: str, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [_program(program), *arguments],
        cwd=cwd,
        capture_output=True,
        check=False,
        **_as_account(),
    )


def _as_account() -> dict[str, Any]:
    account = _account() if os.getuid() == 0 else None
    return {} if account is None else {"user": account, "group": account, "extra_groups": []}
