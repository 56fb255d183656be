"""Where a password comes from: a file, the environment, the keyring, the person."""

import os
import pty
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.harness import Result, gwe, site_server, state_folder
from tests.warm import WarmProcesses

PASSWORD = "correct-horse"  # noqa: S105 - that of the test's own site
SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant:
  - {name: Resources, dbid: 101}
Person:
  - {employeeID: anna, userName: anna, password: correct-horse}
"""
SHOW = ("lock", "show", "--user", "anna")
NOBODY_HOLDS_IT = (0, "Nobody holds the lock.\n")

# The two functions of the library that are used, as its documentation has them.
STAND_IN = {
    "keyring/__init__.py": """
import json, os
from keyring.errors import KeyringError
def get_password(service, name):
    held = json.loads(os.environ["HELD"])
    if held is None:
        raise KeyringError("locked")
    return held.get(f"{service}: {name}")
""",
    "keyring/errors.py": "class KeyringError(Exception): ...\n",
}
# For the library itself: where it looks.
BACKEND = {
    "held.py": """
import json, os
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
class Held(KeyringBackend):
    priority = 1
    def get_password(self, service, name):
        held = json.loads(os.environ["HELD"])
        if held is None:
            raise KeyringLocked("locked")
        return held.get(f"{service}: {name}")
    def set_password(self, service, name, password): ...
""",
}


@pytest.fixture
def server(tmp_path: Path) -> str:
    """A server with the account anna; its URL."""
    site_server(tmp_path, SITE)
    return "embedded:gwe.db"


Show = Callable[..., Result]


@pytest.fixture
def show(server: str, tmp_path: Path, warm_processes: WarmProcesses) -> Show:
    """Asks who holds the lock, as anna, in a process of its own with these variables."""

    def asked(**variables: str) -> Result:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
        environment = {**inherited, "COLUMNS": "80", **variables}
        environment["GWE_STATE_DIR"] = str(state_folder(tmp_path))
        done = warm_processes.run((*SHOW, "--server", server), tmp_path, environment)
        return Result(*done)

    return asked


@pytest.fixture(params=["stand-in", "library"])
def keyring(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The variables with which the keyring has what HELD says."""
    for name, text in (STAND_IN if request.param == "stand-in" else BACKEND).items():
        path = tmp_path / "modules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path / "modules"), "PYTHON_KEYRING_BACKEND": "held.Held"}


@pytest.mark.parametrize(
    "held",
    [
        '{"gwe-reconciler: anna": "correct-horse"}',
        '{"gwe-reconciler: anna@embedded:gwe.db": "correct-horse", "gwe-reconciler: anna": "x"}',
    ],
)
def test_the_keyring_has_a_password_for_a_user_or_for_a_user_at_a_server(
    show: Show, keyring: Mapping[str, str], held: str
) -> None:
    result = show(**keyring, HELD=held)
    assert (result.code, result.out) == NOBODY_HOLDS_IT, result.err


def test_the_environment_and_a_file_come_before_the_keyring(
    show: Show, tmp_path: Path, keyring: Mapping[str, str]
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    wrong = {**keyring, "HELD": '{"gwe-reconciler: anna": "wrong"}'}
    named = show(**wrong, GWE_PASSWORD=PASSWORD)
    assert (named.code, named.out) == NOBODY_HOLDS_IT, named.err
    worse = {**wrong, "GWE_PASSWORD": "wrong", "GWE_PASSWORD_FILE": str(file)}
    filed = show(**worse)
    assert (filed.code, filed.out) == NOBODY_HOLDS_IT, filed.err


def test_a_wrong_password_of_the_keyring_is_said_to_be_that(
    show: Show, keyring: Mapping[str, str]
) -> None:
    result = show(**keyring, HELD='{"gwe-reconciler: anna": "wrong"}')
    assert result.code == 1
    assert (
        "The password is that in the keyring; GWE_PASSWORD or --password-file gives another."
        in result.err
    )


@pytest.mark.parametrize("held", ["{}", "null"])
def test_a_keyring_without_the_password_or_locked_is_passed_over(
    show: Show, keyring: Mapping[str, str], held: str
) -> None:
    result = show(**keyring, HELD=held)
    assert result.code == 1
    assert "error 4" in " ".join(result.err.split())
    assert "locked" not in result.err


FAILING = """
from keyring.backend import KeyringBackend
class Raises(KeyringBackend):
    priority = 1
    error = RuntimeError
    def get_password(self, service, name):
        raise self.error("no secret service")
    def set_password(self, service, name, password): ...
class Refuses(Raises):
    error = ConnectionRefusedError
"""


@pytest.mark.parametrize(
    "backend", ["nowhere.Backend", "os.nothing", "failing.Raises", "failing.Refuses"]
)
def test_a_keyring_that_fails_in_any_way_is_passed_over(
    show: Show, tmp_path: Path, backend: str
) -> None:
    (tmp_path / "failing.py").write_text(FAILING, encoding="utf-8")
    result = show(PYTHONPATH=str(tmp_path), PYTHON_KEYRING_BACKEND=backend)
    assert result.code == 1
    assert "error 4" in " ".join(result.err.split())
    assert "no secret service" not in result.err


class Terminal:
    """``gwe`` at a terminal of its own; what it prints as its result goes elsewhere."""

    def __init__(
        self,
        processes: WarmProcesses,
        *arguments: str,
        cwd: Path,
        program: str = "gwe",
        **more: str,
    ) -> None:
        self._master, slave = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
        environment.pop("CI", None)
        environment["GWE_STATE_DIR"] = str(state_folder(cwd))
        self.process = processes.start(
            arguments, cwd, {**environment, **more}, program=program, stdin=slave, stderr=slave
        )
        os.close(slave)
        self.said = ""

    def wait_for(self, text: str) -> None:
        until = time.monotonic() + 30
        while text not in self.said:
            assert time.monotonic() < until, self.said
            self.said += os.read(self._master, 1024).decode()

    def answer(self, text: str) -> None:
        os.write(self._master, f"{text}\n".encode())

    def end(self) -> Result:
        out, _ = self.process.communicate(timeout=30)
        try:
            while more := os.read(self._master, 1024).decode():
                self.said += more
        except OSError:  # the other end is closed
            os.close(self._master)
        return Result(self.process.wait(), out.decode(), self.said)


QUESTION = "Password of anna at embedded:gwe.db: "


def test_at_a_terminal_the_password_is_asked_for_once_and_not_shown(
    server: str, tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    terminal = Terminal(warm_processes, *SHOW, "--server", server, cwd=tmp_path)
    terminal.wait_for(QUESTION)
    terminal.answer(PASSWORD)
    result = terminal.end()
    assert (result.code, result.out) == NOBODY_HOLDS_IT
    assert result.err.split("\r\n") == [QUESTION, ""]


def test_the_doctor_asks_once_too(
    server: str, tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    terminal = Terminal(
        warm_processes, "doctor", "--user", "anna", "--server", server, cwd=tmp_path
    )
    terminal.wait_for(QUESTION)
    terminal.answer(PASSWORD)
    result = terminal.end()
    assert (result.code, result.err.count("Password")) == (0, 1)
    assert "as anna" in result.out
    assert PASSWORD not in result.out + result.err


def test_ctrl_c_at_the_question_ends_the_command(
    server: str, tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    terminal = Terminal(warm_processes, *SHOW, "--server", server, cwd=tmp_path)
    terminal.wait_for(QUESTION)
    terminal.process.send_signal(signal.SIGINT)
    result = terminal.end()
    assert (result.code, result.out) == (1, "")
    assert result.err.endswith("Interrupted; nothing was written.\r\n")
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "more",
    [{"CI": "true"}, {"GWE_PASSWORD": ""}, {"GWE_PASSWORD": PASSWORD}],
)
def test_nobody_is_asked_in_ci_or_where_the_environment_says_it(
    server: str, tmp_path: Path, more: dict[str, str], warm_processes: WarmProcesses
) -> None:
    result = Terminal(warm_processes, *SHOW, "--server", server, cwd=tmp_path, **more).end()
    assert result.code == (0 if more.get("GWE_PASSWORD") else 1)
    assert "Password of" not in result.err


def test_nobody_is_asked_without_a_user_or_a_terminal(
    server: str, tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    without = Terminal(warm_processes, "lock", "show", "--server", server, cwd=tmp_path).end()
    assert (without.code, without.out, without.err) == (*NOBODY_HOLDS_IT, "")
    script = gwe(*SHOW, "--server", server, cwd=tmp_path, stdin=f"{PASSWORD}\n")
    assert script.code == 1
    assert "Password of" not in script.err


def test_the_drop_in_asks_nobody(
    server: str, tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    arguments = ("-host", server, "-user", "anna", "-app", "GWE")
    result = Terminal(
        warm_processes, *arguments, cwd=tmp_path, program="webengagement_provisioning"
    ).end()
    assert result.code == 1
    assert "error 4" in " ".join(result.err.split())
    assert "Password of" not in result.err
