"""``gwe doctor`` on embedded servers, and what it says without the SDK."""

import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.server.psdk import jvm
from tests.harness import APP, BARE, Result, gwe, site_server

ADMINISTRATOR = {"GWE_USER": "default", "GWE_PASSWORD": "password"}


def doctor(folder: Path, *more: str, **env: str) -> Result:
    return gwe("doctor", *more, cwd=folder, env=env)


def steps(result: Result) -> dict[str, str]:
    """What was looked at -> how it is."""
    lines = [line.split() for line in result.out.splitlines() if not line.startswith(" ")]
    return {what: state for state, what, *_ in lines}


def test_a_whole_site_is_well(tmp_path: Path) -> None:
    server = site_server(tmp_path, BARE)
    result = doctor(tmp_path, "--server", f"embedded:{server}", "--app", APP, **ADMINISTRATOR)
    assert result.code == 0, result.out
    assert steps(result) == dict.fromkeys(("log-in", "mode", "permissions", "site"), "ok")


def test_in_a_narrow_terminal_what_was_found_stands_below_the_check(tmp_path: Path) -> None:
    server = site_server(tmp_path, BARE)
    narrow = {**ADMINISTRATOR, "COLUMNS": "40"}
    result = doctor(tmp_path, "--server", f"embedded:{server}", "--app", APP, **narrow)
    assert result.out == (
        "ok      log-in\n    as default\n"
        "ok      mode\n    Full: the server takes writes\n"
        "ok      permissions\n    create, change and delete in the\n    folders of Resources\n"
        "ok      site\n    GWE in tenant Resources, complete\n"
    )


def test_a_wrong_password_is_named_and_nothing_more_is_looked_at(tmp_path: Path) -> None:
    server = site_server(tmp_path, BARE)
    wrong = {**ADMINISTRATOR, "GWE_PASSWORD": "wrong"}
    result = doctor(tmp_path, "--server", f"embedded:{server}", "--app", APP, **wrong)
    assert (result.code, steps(result)) == (1, {"log-in": "failed"})
    assert " ".join(result.out.split()).endswith(
        "-> The user is default (--user or GWE_USER). The password is that in GWE_PASSWORD;"
        " --password-file names a file with another."
    )


def test_an_application_that_is_not_there_is_named(tmp_path: Path) -> None:
    server = site_server(tmp_path, BARE)
    result = doctor(tmp_path, "--server", f"embedded:{server}", "--app", "Nix", **ADMINISTRATOR)
    assert (result.code, steps(result)["site"]) == (1, "failed")
    assert "Nix is absent" in " ".join(result.out.split())


def test_missing_permissions_are_listed_by_folder(tmp_path: Path) -> None:
    reader_only = "\nPerson:\n  - {employeeID: reader, userName: reader, password: reader}\n"
    site = BARE.read_text(encoding="utf-8") + reader_only
    server = site_server(tmp_path, site)
    reader = {"GWE_USER": "reader", "GWE_PASSWORD": "reader"}
    result = doctor(tmp_path, "--server", f"embedded:{server}", "--app", APP, **reader)
    assert (result.code, steps(result)["permissions"]) == (0, "note")
    said = " ".join(result.out.split())
    assert "Scripts: create, change, delete" in said
    assert "grant these on the folders" in said


def test_without_the_bridge_to_java_the_doctor_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jpype", None)  # as if it were not installed
    result = doctor(tmp_path, "--server", "confserv://127.0.0.1:1", "--app", APP)
    assert (result.code, result.err) == (1, "")
    assert "log-in" not in result.out
    assert result.out.startswith(
        "failed  Java and SDK  JPype1 is not installed; gwe needs it to use the Platform\n"
        "                      SDK\n"
        "                      -> Run pip install 'gwe-reconciler[psdk]'\n"
    )


def test_without_the_sdk_the_doctor_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jvm, "load_jpype", lambda: SimpleNamespace(__version__="1.5.0"))
    monkeypatch.setattr(jvm, "java_library", lambda _: "libjvm.so")
    result = doctor(tmp_path, "--server", "confserv://127.0.0.1:1", "--app", APP, GWE_PSDK="")
    assert (result.code, result.err) == (1, "")
    assert "log-in" not in result.out
    assert result.out.startswith(
        "ok      JPype1        1.5.0\n"
        "failed  Java and SDK  no folder with the Platform SDK was named; gwe needs the\n"
        "                      SDK to speak the protocol of Configuration Server\n"
        "                      -> Name the folder with its jars with --psdk or GWE_PSDK,\n"
        "                         or the installation of a Genesys product that holds\n"
        "                         them with --install-dir. It does not come with gwe.\n"
    )
    assert max(len(line) for line in result.out.splitlines()) <= 80


def test_without_the_sdk_name_and_port_of_every_host_are_checked_all_the_same(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        url = f"confserv://127.0.0.1:{port},127.0.0.1:1"
        result = doctor(tmp_path, "--server", url, "--app", APP)
    assert result.code == 1
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert f"ok port 127.0.0.1:{port} answers" in lines
    assert "failed port 127.0.0.1:1: Connection refused" in lines
    assert "log-in" not in result.out
    assert "no host can be reached" not in result.out
