"""The drop-in takes the vendor's command line, and says that it was successful only when it
was; its scripts run from any folder, and are put beside the vendor's without losing those."""

import errno
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.acquisition import LockRequest, acquire
from reconciler.apply.lock.lock import Clock, Lock
from reconciler.apply.lock.lock_object import Holder
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.drop_in import provisioning
from reconciler.cli.drop_in.arguments import Arguments, ArgumentsError, parse
from reconciler.cli.drop_in.install import SOURCE
from reconciler.cli.session import Session
from reconciler.errors import UsageError
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.port import AccessEntry, Permission, Server
from reconciler.settings.gwe_toml import Settings
from reconciler.state.opening import open_store
from tests.harness import (
    APP,
    BARE,
    SITES,
    VENDOR,
    Result,
    everything,
    find,
    gwe,
    opened,
    run_here,
    site_server,
    state_folder,
)
from tests.warm import WarmProcesses

SUCCESS = "Provisioning script successfully finished his work"
SECRET = "corr3ct-horse"  # noqa: S105 - of a server that the tests make
FIRST = "Plan: 31 to create, 3 to update, 0 to replace, 0 to delete."
SCRIPT = SOURCE / "webengagement_provisioning.sh"
BATCH = SOURCE / "webengagement_provisioning.bat"
HEAD = f"""\
apiVersion: reconciler/v1
kind: Site
extends: {BARE}
tenant: Resources
"""
PERSON = f"Person: [{{employeeID: P1, userName: anna, password: {SECRET}}}]\n"


def environment(cwd: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
    return clean | {"COLUMNS": "80", "GWE_STATE_DIR": str(state_folder(cwd)), **(env or {})}


def finished(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None, stdin: str = ""
) -> Result:
    """Runs a command to its end. ``stdin``: what it could read; it is closed after that."""
    done = subprocess.run(
        [str(one) for one in command],
        cwd=cwd,
        env=environment(cwd, env),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


Environment = Mapping[str, str]


@pytest.fixture
def warm(warm_processes: WarmProcesses) -> Environment:
    """The variable with which a shell finds the drop-in as a process that need not start cold."""
    return {"PATH": f"{warm_processes.stand_ins()}{os.pathsep}{os.environ['PATH']}"}


def drop_in(*arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> Result:
    """Runs the drop-in in this process."""
    return run_here(provisioning.main, *arguments, cwd=cwd, env=env)


MODULE = (sys.executable, "-m", "reconciler.cli.drop_in")
"""The drop-in as a process of its own."""


def site(path: Path, *more: str, app: str = APP) -> list[str]:
    return ["-host", f"embedded:{path}", "-app", app, *more]


def last_line(result: Result) -> str:
    return result.out.splitlines()[-1]


def assert_failed(result: Result, code: int, *said: str) -> None:
    """It failed with this code, said why, and did not say that it was successful."""
    assert result.code == code, result.out + result.err
    assert SUCCESS not in result.out + result.err
    for text in said:
        assert text in " ".join((result.out + result.err).split())


def rename_annex(path: Path, value: str) -> None:
    """What somebody changes by hand in an object of Web Engagement."""
    queue = find(path, "Script", "Webengagement_Chat")
    by_hand = KeyValueDelta(added={"By hand": {"note": value}})
    with opened(path) as server:
        server.update("Script", queue.dbid, Delta(key_values={"userProperties": by_hand}))


def annex_by_hand(path: Path) -> object:
    queue = find(path, "Script", "Webengagement_Chat")
    return queue.attributes["userProperties"].get("By hand")


# Runs that are successful


def test_the_first_run_shows_the_plan_applies_it_and_ends_with_the_vendors_line(
    tmp_path: Path, warm: Environment
) -> None:
    path = site_server(tmp_path)
    result = finished([provisioning.NAME, *site(path)], tmp_path, warm)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[:3] == ["Manifests  bundled", "Settings   no gwe.toml", "Site       GWE"]
    assert "  + Webengagement_Chat" in lines
    assert lines.index(FIRST) < lines.index("[34/34] ~ Application/GWE")
    assert lines[-3] == "Apply: 34 applied."
    assert re.fullmatch(r"gwe undo \S+ reverts it\.", lines[-2])
    assert result.out.endswith(f"\n{SUCCESS}\n")
    assert gwe("drift", "--server", f"embedded:{path}", "--app", APP, cwd=tmp_path).code == 0


def test_a_second_run_has_nothing_to_do_and_is_successful_too(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    drop_in(*site(path), cwd=tmp_path)
    before = everything(path)
    result = drop_in(*site(path), cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith(f"\nNothing to do: 34 in sync.\n{SUCCESS}\n")
    assert everything(path) == before


def test_a_site_that_the_vendors_tool_provisioned_is_left_as_it_is(tmp_path: Path) -> None:
    path = site_server(tmp_path, VENDOR)
    before = everything(path)
    result = drop_in(*site(path), cwd=tmp_path)
    assert (result.code, last_line(result)) == (0, SUCCESS)
    assert everything(path) == before


def test_overwrite_loses_what_was_changed_by_hand_and_undo_brings_it_back(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    drop_in(*site(path), cwd=tmp_path)
    rename_annex(path, "ours")
    old = find(path, "Script", "Webengagement_Chat").dbid
    drop_in(*site(path), cwd=tmp_path)
    assert annex_by_hand(path) == {"note": "ours"}

    result = drop_in(*site(path, "-overwrite"), cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert "-/+ Webengagement_Chat  --overwrite" in lines
    assert f"        - its DBID {old}" in lines
    assert any("By hand" in line for line in lines)
    assert lines[-2:] == [
        "30 objects were replaced: gwe undo last restores what was lost, under new DBIDs.",
        SUCCESS,
    ]
    assert annex_by_hand(path) is None
    assert find(path, "Script", "Webengagement_Chat").dbid != old

    assert gwe("undo", "last", "--auto-approve", cwd=tmp_path).code == 0
    assert annex_by_hand(path) == {"note": "ours"}


def test_overwrite_on_a_new_site_has_nothing_to_replace(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    result = drop_in(*site(path, "-overwrite"), cwd=tmp_path)
    assert FIRST in result.out
    assert "replaced:" not in result.out
    assert (result.code, last_line(result)) == (0, SUCCESS)


def test_the_order_of_the_flags_is_free(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    flags = ["-overwrite", "-app", APP, "-port", "2020", "-host", f"embedded:{path}"]
    assert drop_in(*flags, cwd=tmp_path).out.endswith(f"{SUCCESS}\n")


def test_help_shows_the_flags_and_is_no_success(tmp_path: Path) -> None:
    for flag in ("-h", "-help"):
        result = drop_in(flag, cwd=tmp_path)
        assert (result.code, result.err) == (0, "")
        assert result.out.startswith("Usage: webengagement_provisioning -host HOST -port PORT")
        assert SUCCESS not in result.out


# Credentials


def test_a_password_on_the_command_line_works_with_a_warning_and_is_never_shown(
    tmp_path: Path,
) -> None:
    path = site_server(tmp_path)
    flags = site(path, "-user", "default", "-password", "password")
    result = drop_in(*flags, cwd=tmp_path)
    assert (result.code, last_line(result)) == (0, SUCCESS)
    assert result.err == (
        "Warning: A password on the command line is visible to everybody on this machine and stays"
        " in the shell's history. Safer: GWE_PASSWORD, or GWE_PASSWORD_FILE with the name of a"
        " file that holds it.\n"
    )


def test_the_password_is_in_no_output_and_no_file(tmp_path: Path) -> None:
    path = site_server(tmp_path, HEAD + PERSON)
    person = find(path, "Person", "P1").dbid
    with opened(path) as server:
        for tenant in (1, 101):
            mine = AccessEntry("Person", person, Permission.FULL)
            server.set_permissions("Tenant", tenant, [mine])
    account = ["-user", "anna", "-password", SECRET]
    for more in ([], ["-overwrite"], ["-nonsense"], ["stray"], [f"-password={SECRET}"], [SECRET]):
        result = drop_in(*site(path, *account, *more), cwd=tmp_path)
        assert SECRET not in result.out + result.err
        assert result.code == (64 if more and more != ["-overwrite"] else 0)
    files = [one for one in state_folder(tmp_path).rglob("*") if one.is_file()]
    assert len(files) >= 2
    assert not [one for one in files if SECRET.encode() in one.read_bytes()]
    assert SECRET not in repr(parse([*site(path), *account]))
    assert SECRET not in repr(provisioning.open_session(parse([*site(path), *account]), {}))


@pytest.mark.parametrize("how", ["GWE_PASSWORD", "GWE_PASSWORD_FILE"])
def test_the_safer_ways_to_give_a_password_work_without_a_warning(how: str, tmp_path: Path) -> None:
    path = site_server(tmp_path)
    (tmp_path / "its password").write_text("password\n")
    value = "password" if how == "GWE_PASSWORD" else "its password"
    result = drop_in(*site(path, "-user", "default"), cwd=tmp_path, env={how: value})
    assert (result.code, result.err, last_line(result)) == (0, "", SUCCESS)
    wrong = {how: "wrong-guess"}
    assert_failed(drop_in(*site(path, "-user", "default"), cwd=tmp_path, env=wrong), 1)


def test_the_user_of_the_run_is_in_its_journal(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    env = {"GWE_USER": "somebody-else", "GWE_PASSWORD": "password"}
    assert drop_in(*site(path, "-user", "default"), cwd=tmp_path, env=env).code == 0
    (run,) = open_store(str(state_folder(tmp_path))).list_runs()
    assert run.head is not None
    assert run.head.user == "default"


def test_without_a_user_it_registers_as_the_application_and_needs_its_type(tmp_path: Path) -> None:
    flags = ["-host", "gwe.example.com", "-port", "2020", "-app", APP]
    result = drop_in(*flags, cwd=tmp_path)
    assert_failed(
        result,
        64,
        "without -user this tool logs in as the application GWE, but its type was not given",
        "Set GWE_CLIENT_TYPE",
    )
    result = drop_in(*flags, cwd=tmp_path, env={"GWE_CLIENT_TYPE": "Toaster"})
    assert_failed(result, 64, "GWE_CLIENT_TYPE is 'Toaster', which is not an application type")


def test_what_a_real_server_is_asked_for_reaches_the_session(tmp_path: Path) -> None:
    flags = parse(["-host", "gwe.example.com", "-port", "2020", "-app", APP])
    env = {"GWE_CLIENT_TYPE": "185", "GWE_SCRIPT_DIR": "/opt/We b/tools/provisioning"}
    session = provisioning.open_session(flags, env)
    assert session.url() == "confserv://gwe.example.com:2020"
    assert session.connection().client == APP
    assert session.connection().client_type == "185"
    assert session.install_dir == Path("/opt/We b")
    assert session.credentials("confserv://h:1") == Credentials()


def test_with_a_user_the_application_to_register_as_is_left_to_the_adapter() -> None:
    flags = parse(["-host", "h", "-port", "1", "-app", APP, "-user", "u", "-password", SECRET])
    session = provisioning.open_session(flags, {"GWE_CLIENT_TYPE": "185"})
    assert session.connection() == ConnectionOptions()
    assert session.credentials("confserv://h:1") == Credentials("u", SECRET)


def test_a_configuration_server_that_is_not_there_is_no_success(tmp_path: Path) -> None:
    flags = ["-host", "127.0.0.1", "-port", "1", "-app", APP, "-user", "u"]
    result = drop_in(*flags, cwd=tmp_path, env={"GWE_PASSWORD": SECRET})
    assert result.code in (1, 64)
    assert result.err.startswith("error: ")
    assert SUCCESS not in result.out + result.err


# Flags


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("cfg", "2020", "confserv://cfg:2020"),
        ("10.0.0.7", "65535", "confserv://10.0.0.7:65535"),
        ("fe80::1", "2020", "confserv://[fe80::1]:2020"),
        ("[::1]", "2020", "confserv://[::1]:2020"),
        ("embedded:a b.db", "", "embedded:a b.db"),
        ("confservs://a:1,b:2", "", "confservs://a:1,b:2"),
    ],
)
def test_host_and_port_become_the_url_of_the_server(host: str, port: str, url: str) -> None:
    assert Arguments(host=host, port=port, app=APP).server == url
    given = ["-host", host, *(["-port", port] if port else []), "-app", APP]
    assert parse(given).server == url


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("-host h", "missing: -port, -app"),
        ("-port 1", "missing: -host, -app"),
        ("-app a -host h", "missing: -port"),
        ("-app a -port 1", "missing: -host"),
        ("-host embedded:x", "missing: -app"),
        ("-overwrite", "missing: -host, -port, -app"),
        ("-host h -port 1 -app a -app b", "-app is given twice"),
        ("-overwrite -overwrite", "-overwrite is given twice"),
        ("-host -port 1 -app a", "-host needs a value"),
        ("-host h -port 1 -app", "-app needs a value"),
        ("-host h -port 1 -app a -user", "-user needs a value"),
        ("-host h -port 1 -app -overwrite", "-app needs a value"),
        ("-host h -port x -app a", "-port needs a number from 1 to 65535"),
        ("-host h -port 0 -app a", "-port needs a number from 1 to 65535"),
        ("-host h -port 65536 -app a", "-port needs a number from 1 to 65535"),
        ("-host h:1 -port 1 -app a", "-host needs one host name"),
        ("-host h,i -port 1 -app a", "-host needs one host name"),
        ("-host confserv://h -port 1 -app a", "-port cannot be used with a server URL"),
        ("-host h -port 1 -app a b", "argument 7 does not belong to a flag"),
        ("--host h", "argument 1 is not a flag of this tool"),
        ("-verbose", "argument 1 is not a flag of this tool"),
    ],
)
def test_wrong_flags_are_named_and_the_usage_is_shown(flags: str, message: str) -> None:
    with pytest.raises(ArgumentsError) as raised:
        parse(flags.split())
    assert raised.value.message.startswith(message)
    assert raised.value.exit_code == 64


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("--host", "-host"),
        ("-overwite", "-overwrite"),
        ("-HOST", "-host"),
        ("-pasword", "-password"),
    ],
)
def test_a_misspelt_flag_is_told_what_it_may_be(flag: str, meant: str) -> None:
    with pytest.raises(ArgumentsError) as raised:
        parse([flag, "x"])
    assert raised.value.hint == f"Did you mean {meant}?"


def test_wrong_flags_end_with_the_usage(tmp_path: Path) -> None:
    result = drop_in("-host", "h", "-port", "1", cwd=tmp_path)
    assert_failed(result, 64, "error: missing: -app")
    assert result.out == ""
    assert "\nUsage: webengagement_provisioning -host HOST" in result.err


def test_without_parameters_it_shows_the_usage_and_an_execution_error(tmp_path: Path) -> None:
    result = drop_in(cwd=tmp_path)
    assert_failed(result, 64)
    assert result.out.startswith("Usage: webengagement_provisioning")
    assert result.err == "error: no parameters were given; nothing was done\n"


def test_an_empty_user_and_password_are_none(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    result = drop_in(*site(path, "-user", "", "-password", ""), cwd=tmp_path)
    assert (result.code, result.err, last_line(result)) == (0, "", SUCCESS)


def test_a_password_without_a_user_is_refused() -> None:
    flags = parse(["-host", "embedded:x", "-app", APP, "-password", SECRET])
    with pytest.raises(UsageError, match="-password cannot be used without -user"):
        provisioning.open_session(flags, {})


def test_a_password_may_begin_with_a_dash() -> None:
    given = parse(["-host", "h", "-port", "1", "-app", "a", "-password", "-x", "-user", "u"])
    assert (given.password, given.user) == ("-x", "u")


# Failures: each says why, and none says that it was successful


def test_a_server_that_cannot_be_reached(tmp_path: Path) -> None:
    result = drop_in(*site(tmp_path / "absent.db"), cwd=tmp_path)
    assert_failed(result, 1, "absent.db")


def test_a_url_of_no_known_form(tmp_path: Path) -> None:
    result = drop_in("-host", "http://x", "-app", APP, "-user", "u", cwd=tmp_path)
    assert_failed(result, 64, "http: is not a known scheme of server URLs")


def test_a_failed_login(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    result = drop_in(*site(path, "-user", "default", "-password", SECRET), cwd=tmp_path)
    assert_failed(result, 1, "login of default was refused")
    assert SECRET not in result.out + result.err


def test_an_application_that_is_not_there(tmp_path: Path) -> None:
    result = drop_in(*site(site_server(tmp_path), app="GWEE"), cwd=tmp_path)
    assert_failed(result, 3, "the application GWEE is absent", "or check -app. Candidates: GWE.")


def test_a_prerequisite_that_is_missing(tmp_path: Path) -> None:
    text = (
        HEAD + "Application: [{name: GWE, type: WebEngagementBackendServer, connections: [Chat]}]\n"
    )
    path = site_server(tmp_path, text)
    before = everything(path)
    result = drop_in(*site(path), cwd=tmp_path)
    assert_failed(
        result,
        3,
        "GWE has no connection to Interaction Server",
        "GWE has no connection to Stat Server",
    )
    assert everything(path) == before


def test_an_action_that_is_blocked(tmp_path: Path) -> None:
    script = "Script: [{name: Webengagement_Chat, type: BusinessProcess}]\n"
    path = site_server(tmp_path, HEAD + script)
    before = everything(path)
    result = drop_in(*site(path, "-overwrite"), cwd=tmp_path)
    assert_failed(
        result,
        3,
        "the name is taken by 'Webengagement_Chat'",
        "error: the plan was refused; nothing was written",
        f"are options of gwe plan and gwe apply, not of {provisioning.NAME}",
    )
    assert everything(path) == before


def test_a_plan_beyond_the_limits(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    drop_in(*site(path), cwd=tmp_path)
    before = everything(path)
    (tmp_path / "gwe.toml").write_text("[guards]\ncount = 5\n")
    result = drop_in(*site(path, "-overwrite"), cwd=tmp_path)
    assert_failed(result, 3, "Refused: 30 existing managed objects", "the plan was refused")
    assert everything(path) == before


def test_backups_that_would_die_with_a_runner(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    drop_in(*site(path), cwd=tmp_path)
    env = {"CI": "1", "GWE_STATE_DIR": ""}
    result = drop_in(*site(path, "-overwrite"), cwd=tmp_path, env=env)
    assert_failed(result, 3, "With GWE_STATE, name a state that outlives the job.")


def _lock_of_anna(server: Server) -> Lock:
    clock = Clock(time.monotonic, time.sleep, lambda _: "2026-11-24 10:15:00 UTC")
    request = LockRequest(Holder("anna", "elsewhere", "r1"), (1, 101))
    return acquire(server, request, clock, Interrupts(), lambda _: None)[0]


def test_a_lock_that_somebody_holds(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    with opened(path) as server:
        lock = _lock_of_anna(server)
        before = everything(path)
        result = drop_in(*site(path), cwd=tmp_path)
        after = everything(path)
        lock.release()
    assert_failed(result, 4, "the lock is held by anna", "GWE_LOCK_TIMEOUT in SECONDS")
    assert [key for key in after if key not in before] == []
    assert drop_in(*site(path), cwd=tmp_path).out.endswith(f"{SUCCESS}\n")


def test_a_lock_that_is_given_back_while_it_waits(
    tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    path = site_server(tmp_path)
    with opened(path) as server:
        lock = _lock_of_anna(server)
        process = warm_processes.start(
            site(path),
            tmp_path,
            environment(tmp_path, {"GWE_LOCK_TIMEOUT": "50"}),
            program=provisioning.NAME,
        )
        begun = time.monotonic()
        while not open_store(str(state_folder(tmp_path))).list_runs():
            assert time.monotonic() - begun < 60
            time.sleep(0.05)
        lock.release()
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert out.decode().endswith(f"\n{SUCCESS}\n")


def test_a_part_that_cannot_be_written(tmp_path: Path) -> None:
    path = site_server(tmp_path, HEAD + PERSON)
    person = find(path, "Person", "P1").dbid
    chat = find(path, "Application", "Chat").dbid
    with opened(path) as server:
        for tenant in (1, 101):
            mine = AccessEntry("Person", person, Permission.FULL)
            server.set_permissions("Tenant", tenant, [mine])
        readable = AccessEntry("Person", person, Permission.READ)
        server.set_permissions("Application", chat, [readable])
    env = {"GWE_PASSWORD": SECRET}
    result = drop_in(*site(path, "-user", "anna"), cwd=tmp_path, env=env)
    assert_failed(result, 5, "Apply: 32 applied, 1 failed, 1 skipped.", "NoPermission")


def test_a_site_with_several_tenants_is_told_how_to_choose_one(tmp_path: Path) -> None:
    several = (
        (SITES / "bare.yaml")
        .read_text()
        .replace(
            "    connections: [Ixn, Stat, Chat]\n",
            "    connections: [Ixn, Stat, Chat]\n    tenants: [Resources, Other]\n",
        )
        .replace("dbid: 101}\n", "dbid: 101}\n  - {name: Other}\n")
    )
    path = site_server(tmp_path, several)
    result = drop_in(*site(path), cwd=tmp_path)
    assert_failed(result, 64, "GWE serves several tenants", "Choose one with GWE_TENANT.")
    result = drop_in(*site(path), cwd=tmp_path, env={"GWE_TENANT": "Resources"})
    assert (result.code, last_line(result)) == (0, SUCCESS)
    result = drop_in(*site(path), cwd=tmp_path, env={"GWE_TENANT": "Nowhere"})
    assert_failed(result, 64, "GWE does not serve a tenant Nowhere")


def test_settings_with_a_mistake(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    (tmp_path / "gwe.toml").write_text("tenants = 'x'\n")
    assert_failed(drop_in(*site(path), cwd=tmp_path), 1, "unknown setting tenants")


def test_a_state_folder_that_cannot_be_used(tmp_path: Path) -> None:
    path = site_server(tmp_path)
    before = everything(path)
    (tmp_path / "file").write_text("")
    result = drop_in(*site(path), cwd=tmp_path, env={"GWE_STATE_DIR": str(tmp_path / "file")})
    assert_failed(result, 1, "cannot be used", "Name another folder with GWE_STATE_DIR")
    assert everything(path) == before


# Settings


def test_the_settings_beside_the_script_count_before_those_of_the_current_folder(
    tmp_path: Path,
) -> None:
    beside = tmp_path / "tools"
    beside.mkdir()
    path = site_server(tmp_path)
    manifest = (
        "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {{name: {0}}}\n"
        "spec: {{annex: {{a: {{b: '${{var.colour}}'}}}}}}\n---\napiVersion: reconciler/v1\n"
        "kind: Variables\nmetadata: {{name: v}}\n"
        "spec: {{colour: {{description: Any, default: red}}}}\n"
    )
    for folder, name in ((tmp_path, "Here"), (beside, "Beside")):
        (folder / "m.yaml").write_text(manifest.format(name))
        (folder / "gwe.toml").write_text(
            f"file = ['m.yaml']\nstate_dir = 'runs of {name}'\n[vars]\ncolour = '{name}'\n"
        )
    env = {"GWE_SCRIPT_DIR": str(beside), "GWE_STATE_DIR": ""}
    result = drop_in(*site(path), cwd=tmp_path, env=env)
    assert (result.code, last_line(result)) == (0, SUCCESS), result.err
    assert find(path, "Script", "Beside").attributes["userProperties"]["a"] == {"b": "Beside"}
    assert (beside / "runs of Beside" / "state.db").is_file()

    result = drop_in(*site(path, "-overwrite"), cwd=tmp_path, env=env)
    assert result.out.splitlines()[-2] == (
        "1 object was replaced: gwe undo last --state-dir"
        f" '{beside / 'runs of Beside'}' restores what was lost, under new DBIDs."
    )

    (beside / "gwe.toml").chmod(0o666)
    result = drop_in(*site(path), cwd=tmp_path, env=env)
    assert result.code != 0
    assert f"{beside}/gwe.toml is not used: everyone may write to it" in result.err

    (beside / "gwe.toml").unlink()
    assert drop_in(*site(path), cwd=tmp_path, env=env).code == 0
    assert find(path, "Script", "Here").attributes["userProperties"]["a"] == {"b": "Here"}


# It never asks


def test_it_never_asks_though_there_is_a_terminal(
    tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    path = site_server(tmp_path)
    drop_in(*site(path), cwd=tmp_path)
    ours, theirs = pty.openpty()
    process = warm_processes.start(
        site(path, "-overwrite"),
        tmp_path,
        environment(tmp_path, {"TERM": "xterm"}),
        program=provisioning.NAME,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            block = os.read(ours, 65536)
        except OSError as error:
            assert error.errno == errno.EIO  # noqa: PT017 - the terminal's way to say the end
            break
        shown += block
    os.close(ours)
    assert process.wait(60) == 0
    text = shown.decode().replace("\r\n", "\n")
    assert "[y/N]" not in text
    assert text.endswith(f"\n{SUCCESS}\n")


@pytest.mark.parametrize("closed", ["<&-", "<&- >&-"])
def test_it_needs_no_standard_input_and_no_output(closed: str, tmp_path: Path) -> None:
    path = site_server(tmp_path)
    line = f'"$@" {closed}'
    command = [*MODULE, *site(path)]
    result = finished(["sh", "-c", line, "sh", *command], tmp_path)
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith(f"{SUCCESS}\n" if ">" not in closed else "")
    assert find(path, "Script", "Webengagement_Chat").dbid


# The scripts


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder tools/provisioning with a name that a shell would take apart."""
    folder = tmp_path / 'We b\'s "own" $HOME' / "tools" / "provisioning"
    folder.mkdir(parents=True)
    return folder


def installed(folder: Path, cwd: Path) -> Path:
    assert gwe("drop-in", "install", folder, cwd=cwd).code == 0
    return folder / "webengagement_provisioning.sh"


ODD = "GWE \"a\" 'b' $c `d` \\e *"


def odd_server(folder: Path) -> Path:
    """A server whose path and application have names that a shell would take apart."""
    text = BARE.read_text().replace("name: GWE\n", "name: 'GWE \"a\" ''b'' $c `d` \\e *'\n")
    inner = folder / 'a server\'s "file"'
    inner.mkdir()
    return site_server(inner, text)


@pytest.mark.parametrize("how", ["sh", "itself", "link"])
def test_the_script_runs_from_another_folder_with_any_names(
    how: str, tools: Path, tmp_path: Path, warm: Environment
) -> None:
    """One of them starts a Python of its own."""
    script: str | Path = installed(tools, tmp_path)
    path = odd_server(tmp_path)
    (tools / "gwe.toml").write_text("state_dir = 'state'\n")
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    if how == "link":
        (elsewhere / "one").symlink_to(os.path.relpath(script, elsewhere))
        (elsewhere / "two").symlink_to("one")
        script = "./two"
    command = ["sh", script] if how == "sh" else [script]
    program = {"GWE_PYTHON": sys.executable} if how == "link" else warm
    env = {**program, "GWE_STATE_DIR": "", "CDPATH": str(tmp_path)}
    result = finished([*command, *site(path, app=ODD)], elsewhere, env)
    assert (result.code, result.err) == (0, "")
    assert f"Site       {ODD}" in result.out.splitlines()
    assert last_line(result) == SUCCESS
    assert (tools / "state" / "state.db").is_file()
    result = finished([*command, *site(path, app=f"{ODD} not")], elsewhere, env)
    assert_failed(result, 3, f"the application {ODD} not is absent")


def test_the_installation_folder_of_the_script_has_the_launch_files(
    tools: Path, tmp_path: Path, warm: Environment
) -> None:
    script = installed(tools, tmp_path)
    path = site_server(tmp_path)
    other = tmp_path / "other"
    third = tmp_path / "third"
    folders = [tools.parent.parent, other, third]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / "setenv.sh").write_text("# theirs\nGWE_APP_NAME=old # note\n")
    changed = "# theirs\nGWE_APP_NAME=GWE # note\nGWE_CONFIG_HOST=localhost\nGWE_CONFIG_PORT=2020\n"

    def launch_files() -> list[bool]:
        return [(one / "setenv.sh").read_text() == changed for one in folders]

    env = dict(warm)
    command = ["sh", script, *site(path)]
    assert last_line(finished(command, tmp_path, env)) == SUCCESS
    assert launch_files() == [True, False, False]
    assert gwe("undo", "last", "--auto-approve", cwd=tmp_path).code == 0
    assert launch_files() == [False, False, False]
    (tools / "gwe.toml").write_text(f"install_dir = '{other}'\n")
    assert last_line(finished(command, tmp_path, env)) == SUCCESS
    assert launch_files() == [False, True, False]
    env["GWE_INSTALL_DIR"] = str(third)
    assert last_line(finished(command, tmp_path, env)) == SUCCESS
    assert launch_files() == [False, True, True]


TELLER = """#!/bin/sh
printf '%s\\n' "$GWE_SCRIPT_DIR" "${PYTHONSAFEPATH-unset}" "$@"
exit 7
"""


def test_the_script_runs_the_program_on_the_path_and_says_where_it_stands(
    tools: Path, tmp_path: Path
) -> None:
    script = installed(tools, tmp_path)
    programs = tmp_path / "pro grams"
    programs.mkdir()
    program = programs / "webengagement_provisioning"
    program.write_text(TELLER)
    program.chmod(0o755)
    env = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    values = ["-app", "a  b", "", "*", "-host", "q'\"\n"]
    result = finished(["sh", script, *values], tmp_path, env)
    assert result.code == 7
    expected = [str(tools), "unset", *values]
    assert result.out == "".join(f"{one}\n" for one in expected)

    result = finished(["sh", script.name], tools, env)
    assert result.out.splitlines()[0] == str(tools)
    trap = tmp_path / "trap" / tools.relative_to(tmp_path)
    trap.mkdir(parents=True)
    env["CDPATH"] = str(tmp_path / "trap")
    result = finished(["sh", script.relative_to(tmp_path)], tmp_path, env)
    assert result.out.splitlines()[0] == str(tools)
    result = finished(["sh", script, "x"], tmp_path, {**env, "GWE_PYTHON": str(program)})
    assert result.out.splitlines()[1:] == ["1", "-m", "reconciler.cli.drop_in", "x"]


def test_the_script_says_so_where_the_program_is_not_there(tools: Path, tmp_path: Path) -> None:
    script = installed(tools, tmp_path)
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("sh", "dirname", "readlink"):
        found = shutil.which(name)
        assert found is not None
        (bare / name).symlink_to(found)
    result = finished(["sh", script, *site(tmp_path / "x")], tmp_path, {"PATH": str(bare)})
    assert_failed(result, 1, "webengagement_provisioning is not on PATH", "set GWE_PYTHON")
    absent = {"PATH": str(bare), "GWE_PYTHON": str(tmp_path / "absent")}
    assert_failed(finished(["sh", script], tmp_path, absent), 127)


def test_nothing_in_the_current_folder_is_run_instead(tools: Path, tmp_path: Path) -> None:
    script = installed(tools, tmp_path)
    (tmp_path / "reconciler").mkdir()
    (tmp_path / "reconciler" / "__init__.py").write_text("raise SystemExit('trap')")
    result = finished(["sh", script, "-h"], tmp_path, {"GWE_PYTHON": sys.executable})
    assert (result.code, result.err) == (0, "")


def test_the_console_script_is_installed() -> None:
    program = Path(sys.executable).parent / "webengagement_provisioning"
    done = subprocess.run([program, "-h"], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout[:33]) == (0, "Usage: webengagement_provisioning")


def test_the_batch_file_does_what_the_shell_script_does() -> None:
    data = BATCH.read_bytes()
    assert data.isascii()
    assert data.count(b"\n") == data.count(b"\r\n")
    lines = data.decode().split("\r\n")
    code = [line for line in lines if line and not line.startswith("rem")]
    assert code == [
        "@echo off",
        "setlocal EnableExtensions DisableDelayedExpansion",
        'for %%I in ("%~dp0.") do set "GWE_SCRIPT_DIR=%%~fI"',
        "if defined GWE_PYTHON goto python",
        'set "GWE_TOOL="',
        'for %%I in (webengagement_provisioning.exe) do set "GWE_TOOL=%%~$PATH:I"',
        "if not defined GWE_TOOL goto missing",
        '"%GWE_TOOL%" %*',
        "exit /b %ERRORLEVEL%",
        ":python",
        'set "PYTHONSAFEPATH=1"',
        '"%GWE_PYTHON:"=%" -m reconciler.cli.drop_in %*',
        "exit /b %ERRORLEVEL%",
        ":missing",
        "echo error: webengagement_provisioning.exe is not on PATH>&2",
        "echo   Install gwe-reconciler, or set GWE_PYTHON to the Python that it is installed"
        " in.>&2",
        "exit /b 1",
    ]


def test_both_scripts_name_every_flag() -> None:
    for script in (SCRIPT, BATCH):
        text = script.read_text()
        for flag in ("-host HOST", "-port PORT", "-user USER", "-password", "-app", "-overwrite"):
            assert flag in text, f"{script.name}: {flag}"


# Putting them in their place


def test_install_puts_both_scripts_in_place_and_says_so(tools: Path, tmp_path: Path) -> None:
    result = gwe("drop-in", "install", tools, cwd=tmp_path)
    assert result.code == 0
    assert result.out.splitlines()[:3] == [
        f"Installed {tools / SCRIPT.name}.",
        f"Installed {tools / BATCH.name}.",
        f"The installation folder is {tools.parent.parent}.",
    ]
    for script in (SCRIPT, BATCH):
        assert (tools / script.name).read_bytes() == script.read_bytes()
        assert os.access(tools / script.name, os.X_OK)
    assert sorted(one.name for one in tools.iterdir()) == [BATCH.name, SCRIPT.name]
    result = gwe("drop-in", "install", tools, cwd=tmp_path)
    assert result.code == 0
    assert result.out.splitlines()[0] == f"{tools / SCRIPT.name} is installed already."


@pytest.mark.parametrize("there", [True, False])
def test_install_says_how_the_script_finds_a_program_that_is_not_on_the_path(
    there: bool, tools: Path, tmp_path: Path
) -> None:
    (tmp_path / "webengagement_provisioning").write_text(TELLER)
    (tmp_path / "webengagement_provisioning").chmod(0o755)
    env = {"PATH": str(tmp_path) if there else str(tools)}
    out = gwe("drop-in", "install", tools, cwd=tmp_path, env=env).out
    told = (
        "webengagement_provisioning is not on PATH. In the environment that calls the script, set"
        f" GWE_PYTHON to\n  {sys.executable}\n"
    )
    assert out.endswith(told) is not there


def test_install_replaces_no_other_file_unless_forced_and_keeps_it_then(
    tools: Path, tmp_path: Path
) -> None:
    script = tools / SCRIPT.name
    script.write_text("the vendor's\n")
    script.chmod(0o750)
    result = gwe("drop-in", "install", tools, cwd=tmp_path)
    assert result.code == 3
    assert f"{script} exists and differs from gwe's script" in result.err
    assert f"--force replaces it and keeps it as {script.name}.vendor." in result.err
    assert [one.name for one in tools.iterdir()] == [script.name]
    assert script.read_text() == "the vendor's\n"

    result = gwe("drop-in", "install", tools, "--force", cwd=tmp_path)
    assert result.code == 0
    kept = tools / f"{script.name}.vendor"
    assert f"The previous file is kept as {kept}." in result.out.splitlines()
    assert kept.read_text() == "the vendor's\n"
    assert kept.stat().st_mode & 0o777 == 0o750
    assert script.read_bytes() == SCRIPT.read_bytes()

    script.write_text("the vendor's, of a later version\n")
    assert gwe("drop-in", "install", tools, "--force", cwd=tmp_path).code == 0
    assert kept.read_text() == "the vendor's\n"
    assert (tools / f"{script.name}.vendor.2").read_text() == "the vendor's, of a later version\n"
    script.write_text("the vendor's\n")
    assert gwe("drop-in", "install", tools, "--force", cwd=tmp_path).code == 0
    assert sorted(one.name for one in tools.iterdir()) == [
        BATCH.name,
        script.name,
        f"{script.name}.vendor",
        f"{script.name}.vendor.2",
    ]


def test_install_makes_no_folder_and_replaces_no_folder(tools: Path, tmp_path: Path) -> None:
    result = gwe("drop-in", "install", tmp_path / "typo", cwd=tmp_path)
    assert result.code == 64
    assert f"{tmp_path / 'typo'} is not a folder" in result.err
    assert not (tmp_path / "typo").exists()
    (tools / BATCH.name).mkdir()
    result = gwe("drop-in", "install", tools, "--force", cwd=tmp_path)
    assert result.code == 3
    assert "It is not an ordinary file: move it away first." in result.err
    assert [one.name for one in tools.iterdir()] == [BATCH.name]


def test_the_session_of_the_drop_in_is_that_of_an_apply(tmp_path: Path) -> None:
    session = provisioning.open_session(parse(site(tmp_path / "x", "-overwrite")), {})
    flags = ConnectionFlags(server=f"embedded:{tmp_path / 'x'}")
    assert session == Session(flags, Settings(), may_ask=False)
