"""Processes of ``gwe`` that start warm: forked from a process that has imported everything.

To start and to import takes a process four tenths of a second of processor time before it does
anything; a fork takes hundredths. What is forked is a process like any other, to signal or to
kill. It lacks only the start itself, so what a test says about that is said of a cold one.
"""

import fcntl
import gc
import importlib
import marshal
import os
import pkgutil
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import termios
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Any, NoReturn

import reconciler
from tests.postgres import KeptConnections

ROOT = Path(__file__).parent.parent
PROGRAMS = {
    "gwe": "reconciler.__main__",
    "webengagement_provisioning": "reconciler.cli.drop_in",
}
"""Console scripts -> the module whose ``run`` is what they run."""
_STAND_IN = """\
#!{python} -IS
import _socket, array, marshal, os, sys
ask = _socket.socket(_socket.AF_UNIX)
ask.connect({address!r})
asked = marshal.dumps((sys.argv, os.getcwd(), dict(os.environ), None))
streams = array.array("i", (0, 1, 2))
ask.sendmsg([len(asked).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
ask.sendall(asked)
ask.recv(4)  # its number
os._exit(int.from_bytes(ask.recv(4), "big", signed=True))
"""
Stream = int | IO[bytes]


class Running:
    """A warm process that runs, with as much of ``subprocess.Popen`` as tests use."""

    def __init__(self, asked: socket.socket, stdout: int | None, stderr: int | None) -> None:
        self._asked = asked
        self.pid = self._answer()
        self.returncode: int | None = None
        self.stdout = None if stdout is None else open(stdout, "rb")  # noqa: SIM115
        self.stderr = None if stderr is None else open(stderr, "rb")  # noqa: SIM115

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.close_pipes()
        self.wait(60)

    def _answer(self) -> int:
        found = self._asked.recv(4)
        assert found, "the process that forks them is gone"
        return int.from_bytes(found, "big", signed=True)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative where a signal has killed it. TimeoutError: it still ran, and
        was killed."""
        if self.returncode is None:
            self._asked.settimeout(timeout)
            try:
                self.returncode = self._answer()
            except TimeoutError:
                self.kill()
                raise
            self._asked.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = 120) -> tuple[bytes, bytes]:
        """All that it writes to its pipes until its end; it is killed after ``timeout``
        seconds."""
        late = Timer(timeout, self.kill)
        late.start()
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(self.stderr.read if self.stderr else bytes)
            out = self.stdout.read() if self.stdout else b""
            err = other.result()
        self.close_pipes()
        self.wait()
        late.cancel()
        return out, err

    def close_pipes(self) -> None:
        for pipe in filter(None, (self.stdout, self.stderr)):
            pipe.close()


class WarmProcesses:
    """Starts them. ``folder``: to write to."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address

    def start(
        self,
        arguments: Sequence[str | Path],
        cwd: Path,
        env: Mapping[str, str],
        *,
        program: str = "gwe",
        stdin: Stream = subprocess.DEVNULL,
        stdout: Stream = subprocess.PIPE,
        stderr: Stream = subprocess.PIPE,
        pipesize: int = -1,
        strike: Mapping[str, Any] | None = None,
    ) -> Running:
        """Starts a console script in a process. ``stdin``, ``stdout``, ``stderr``, ``pipesize``:
        as for ``subprocess.Popen``. ``strike``: the fields of the ``tests.runs.Strike`` that
        comes to it."""
        asked = marshal.dumps(([program, *map(str, arguments)], str(cwd), dict(env), strike))
        with ExitStack() as ours:
            nothing = ours.enter_context(open(os.devnull, "r+b"))
            given, kept = [nothing.fileno()], list[int | None]()
            if stdin != subprocess.DEVNULL:
                given = [_descriptor(stdin)]
            for stream in (stdout, stderr):
                if stream == subprocess.PIPE:
                    read, write = os.pipe()
                    ours.callback(os.close, write)
                    if pipesize > 0:
                        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, pipesize)
                    kept.append(read)
                    given.append(write)
                else:
                    kept.append(None)
                    given.append(given[1] if stream == subprocess.STDOUT else _descriptor(stream))
            ask = socket.socket(socket.AF_UNIX)
            ask.connect(self._address)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", given))
            ask.sendmsg([len(asked).to_bytes(4, "big")], [rights])
            ask.sendall(asked)
        return Running(ask, *kept)

    def run(
        self,
        arguments: Sequence[str | Path],
        cwd: Path,
        env: Mapping[str, str],
        *,
        program: str = "gwe",
        stdin: str = "",
        strike: Mapping[str, Any] | None = None,
    ) -> tuple[int, str, str]:
        """Runs it to its end: the exit code, and what it wrote to standard output and error."""
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(stdin.encode())
            given.seek(0)
            running = self.start(
                arguments,
                cwd,
                env,
                program=program,
                stdin=given,
                stdout=out,
                stderr=err,
                strike=strike,
            )
            code = running.wait(120)
            texts = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
        assert "Traceback" not in texts[1], texts[1]
        return code, texts[0], texts[1]

    def stand_ins(self) -> Path:
        """A folder for PATH, with programs that are called like the console scripts, and ask
        for a warm process that gets their arguments, folder, environment and streams."""
        folder = self._folder / "bin"
        if not folder.exists():
            folder.mkdir()
            text = _STAND_IN.format(python=sys.executable, address=self._address)
            for name in PROGRAMS:
                (folder / name).write_text(text, encoding="utf-8")
                (folder / name).chmod(0o755)
        return folder


def _descriptor(stream: Stream) -> int:
    return stream if isinstance(stream, int) else stream.fileno()


@contextmanager
def running_warm_processes() -> Iterator[WarmProcesses]:
    """Starts the process that forks them; it ends where its input does."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        address = f"{folder}/ask"  # short: the system allows some hundred bytes
        listener.bind(address)
        listener.listen(64)
        process = subprocess.Popen(
            [sys.executable, "-c", f"from tests.warm import serve; serve({listener.fileno()})"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
        try:
            yield WarmProcesses(Path(folder), address)
        finally:
            process.communicate(timeout=60)


# The process that forks them


def serve(descriptor: int) -> None:
    """Forks a process for each that asks, and answers with its exit code."""
    _warm_up()
    running: dict[int, socket.socket] = {}
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    with socket.socket(fileno=descriptor) as listener, DefaultSelector() as selector:
        for file in (listener, sys.stdin, ended):
            selector.register(file, EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if sys.stdin in ready:
                break
            if ended in ready:
                os.read(ended, 4096)
                _answer_for_the_dead(running)
            if listener in ready:
                asking, _ = listener.accept()
                running[_forked(asking)] = asking
    for pid in running:
        os.kill(pid, signal.SIGKILL)


def _answer_for_the_dead(running: dict[int, socket.socket]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            break
        code = os.waitstatus_to_exitcode(status)
        with running.pop(pid) as asking, suppress(OSError):  # whoever asked may be gone
            asking.sendall(code.to_bytes(4, "big", signed=True))


def _forked(asking: socket.socket) -> int:
    """Starts the process that is asked for; its number."""
    head, streams, _, _ = socket.recv_fds(asking, 4, 3)
    with asking.makefile("rb") as stream:
        asked = marshal.loads(stream.read(int.from_bytes(head, "big")))  # noqa: S302 - our own
    pid = os.fork()
    if not pid:
        _be_a_program(*asked, streams)
    for one in streams:
        os.close(one)
    with suppress(OSError):  # whoever asked may be gone
        asking.sendall(pid.to_bytes(4, "big"))
    return pid


def _be_a_program(
    argv: list[str],
    cwd: str,
    env: dict[str, str],
    strike: dict[str, Any] | None,
    streams: Sequence[int],
) -> NoReturn:
    from tests import runs  # noqa: PLC0415 - it uses this module

    code: Any = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a test worker ignores it
        os.setsid()
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(env)
        sys.path[:0] = filter(None, env.get("PYTHONPATH", "").split(os.pathsep))
        _take(streams)
        sys.argv = argv
        run: Callable[[], None] = importlib.import_module(PROGRAMS[Path(argv[0]).name]).run
        runs.no_wait_for_the_disk(setattr)
        if env.get("GWE_STATE", "").startswith("postgresql"):
            psycopg = importlib.import_module("psycopg")
            psycopg.connect = KeptConnections().connect
        if strike:
            runs.install(runs.Strike(**strike))
        run()
    except SystemExit as ended:
        code = ended.code
    except BaseException as error:  # noqa: BLE001 - the test sees it
        os.write(2, f"Traceback: {error!r}".encode())
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)


def _take(streams: Sequence[int]) -> None:
    """Has standard input, output and error lead there, as Python has them when it starts."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    for terminal in filter(os.isatty, range(3)):
        with suppress(OSError):  # it is that of whoever asked, such as a shell
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if os.environ.get("PYTHONUNBUFFERED"):
        raw = open(1, "wb", buffering=0, closefd=False)  # noqa: SIM115
        sys.stdout = TextIOWrapper(raw, encoding="utf-8", write_through=True)
    sys.stderr = open(  # noqa: SIM115
        2, "w", encoding="utf-8", closefd=False, buffering=1, errors="backslashreplace"
    )


def _warm_up() -> None:
    """Imports every module and runs the commands that are struck once, so that what is forked
    finds all schemas and tables made."""
    from tests.harness import gwe  # noqa: PLC0415 - in the process that forks alone
    from tests.kept_manifests import no_manifests_read_twice  # noqa: PLC0415 - in it alone too
    from tests.runs import (  # noqa: PLC0415 - it uses this module
        make_place,
        make_template,
        no_secret_digested_slowly,
    )

    no_secret_digested_slowly()
    no_manifests_read_twice()
    with tempfile.TemporaryDirectory() as folder:
        place = make_place(Path(folder) / "place", make_template(Path(folder) / "template"))
        server = ("--server", f"embedded:{place.server}")
        plan = (*server, "--app", "GWE", "-f", "manifests.yaml")
        for command in (
            *(("apply", *plan, "--auto-approve"), ("plan", *plan, "--format", "json")),
            *(("undo", "last", "--auto-approve"), ("runs",), ("recover", *server)),
            *(("lock", "show", *server), ("lock", "release", *server)),
        ):
            done = gwe(*command, cwd=place.folder)
            assert done.code == 0, (shlex.join(map(str, command)), done.err)
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.startswith(("reconciler.testing", "reconciler.server.psdk")):
            importlib.import_module(module.name)
    for name in ("deepdiff", "tomllib"):  # what some commands import when they need it
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page of this process
