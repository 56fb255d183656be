"""As which client application one logs in, and who needs no user for it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import AppSecurityViolationError, LoginIncorrectError
from reconciler.server.errors import NoPermissionError as MayNotError
from reconciler.server.port import AccessEntry, Permission
from reconciler.testing.contract.site import RIGHT
from tests.harness import (
    APP,
    BARE,
    everything,
    find,
    gwe_process,
    opened,
    site_server,
    state_folder,
)
from tests.psdk.support import LIB, listening, session

Listen = Callable[..., int]
GWE = ConnectionOptions(client="GWE", client_type="WebEngagementBackendServer")


def test_a_server_logs_in_by_its_application_alone(listen: Listen) -> None:
    server = session(listen(), options=GWE)
    assert server.info().user == ""
    assert len(server.read("Script")) == 3
    server.delete("Script", 103)
    server.close()


@pytest.mark.parametrize(
    ("client", "kind", "expected"),
    [
        ("default", "SCE", LoginIncorrectError),
        ("GWE", "SCE", AppSecurityViolationError),
        ("GWE", "WebEngagementFrontEndServer", AppSecurityViolationError),
        ("Nix", "WebEngagementBackendServer", AppSecurityViolationError),
    ],
)
def test_without_a_user_only_a_server_of_that_name_and_type_is_let_in(
    listen: Listen, client: str, kind: str, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        session(listen(), options=ConnectionOptions(client=client, client_type=kind))


def test_a_user_needs_execute_on_the_client_application(listen: Listen, path: Path) -> None:
    port = listen()
    session(port, "anna", RIGHT).close()  # everybody has it, from tenant Environment
    for mask in (Permission.READ, Permission(0)):
        with opened(path) as server:
            server.set_permissions("Application", 100, [AccessEntry("Person", 101, mask)])
        with pytest.raises(MayNotError, match="the permission to execute default is missing"):
            session(port, "anna", RIGHT)
    with opened(path) as server:
        allowed = AccessEntry("Person", 101, Permission.READ | Permission.EXECUTE)
        server.set_permissions("Application", 100, [allowed])
    session(port, "anna", RIGHT).close()


def test_the_command_line_logs_in_without_a_user(tmp_path: Path) -> None:
    path = site_server(tmp_path, BARE)
    with listening(path) as port:
        site = ["--server", f"confserv://127.0.0.1:{port}", "--app", APP]
        client = ["--client", APP, "--client-type", "WebEngagementBackendServer"]
        plan = gwe_process("plan", *site, *client, cwd=tmp_path, env={"GWE_PSDK": LIB})
        without = gwe_process("plan", *site, cwd=tmp_path, env={"GWE_PSDK": LIB})
    assert plan.code == 0, plan.err
    assert "Plan: 31 to create, 3 to update" in plan.out
    assert without.code == 1
    assert "error 4" in " ".join(without.err.split())


def test_the_drop_in_registers_as_the_application_where_it_has_no_user(tmp_path: Path) -> None:
    path = site_server(tmp_path, BARE)
    before = everything(path)
    command = [sys.executable, "-m", "reconciler.cli.drop_in", "-host", "127.0.0.1", "-app", APP]
    bare = {name: text for name, text in os.environ.items() if not name.startswith("GWE_")}
    bare |= {"GWE_PSDK": LIB, "GWE_STATE_DIR": str(state_folder(tmp_path))}

    def provision(port: int, kind: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*command, "-port", str(port)],
            cwd=tmp_path,
            env={**bare, "GWE_CLIENT_TYPE": kind},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    with listening(path) as port:
        wrong = provision(port, "WebEngagementFrontEndServer")
        assert everything(path) == before
        right = provision(port, "WebEngagementBackendServer")
    assert wrong.returncode == 1
    assert "error 7" in " ".join(wrong.stderr.split())
    assert right.returncode == 0, right.stderr
    assert right.stdout.endswith("Provisioning script successfully finished his work\n")
    assert find(path, "Script", "Webengagement_Qualified").attributes["type"] == 23
