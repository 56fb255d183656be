"""What people and machines read: the text at 80 columns, colour, JSON, pipes."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.cli import terminal
from reconciler.plan.actions import Blocked
from reconciler.plan.model import Plan, SiteMark
from reconciler.render.console import folded, styled
from reconciler.render.plan_text import summary
from tests.harness import (
    VENDOR,
    everything,
    gwe,
    gwe_process,
    plan_arguments,
    site_server,
    state_folder,
)
from tests.plan_values import subject
from tests.terminals import InTerminal
from tests.warm import WarmProcesses

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_no_line_of_a_plan_is_wider_than_the_terminal(tmp_path: Path) -> None:
    for name, site in (("fresh", None), ("vendor", VENDOR)):
        folder = tmp_path / name
        folder.mkdir()
        server = site_server(folder) if site is None else site_server(folder, site)
        for more in ((), ("--verbose",), ("--overwrite",)):
            out = gwe("plan", *plan_arguments(Path(server.name), *more), cwd=folder).out
            assert [line for line in out.splitlines() if len(line) > 80] == []


def test_a_row_of_a_long_line_ends_without_a_blank() -> None:
    """One in the column behind the last would make an empty row."""
    line = styled("  aaaa ", ("bbbb ", "bold"), "cccc dddd")
    assert [row.plain for row in folded(line, 11)] == ["  aaaa bbbb", "     cccc", "     dddd"]
    assert styled("aaaa  ", ("   ", "bold")).without_end_blanks().plain == "aaaa"


def test_a_pipe_gets_no_colour_and_a_terminal_does(
    tmp_path: Path, in_terminal: InTerminal, warm_processes: WarmProcesses
) -> None:
    command = ("plan", *plan_arguments(Path(site_server(tmp_path).name)))
    environment = {**os.environ, "COLUMNS": "80", "GWE_STATE_DIR": str(state_folder(tmp_path))}
    _, piped, _ = warm_processes.run(command, tmp_path, environment)
    code, shown = in_terminal(*command, cwd=tmp_path)
    assert code == 0
    assert "\x1b[" not in piped
    assert "\x1b[32m  + Web Engagement Chat" in shown
    assert _ESCAPE.sub("", shown) == piped


@pytest.mark.parametrize("how", ["option", "environment"])
def test_colour_can_be_turned_off(how: str, tmp_path: Path, in_terminal: InTerminal) -> None:
    server = site_server(tmp_path)
    more = ["--no-color"] if how == "option" else []
    extra = {} if how == "option" else {"NO_COLOR": "1"}
    _, shown = in_terminal("plan", *plan_arguments(server, *more), cwd=tmp_path, **extra)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown)


def test_json_is_the_same_bytes_for_the_same_input(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    options = plan_arguments(server, "--format", "json")
    # Two processes: each has an order of its own for what it keeps in sets.
    first, second = (gwe_process("plan", *options, cwd=tmp_path).out for _ in range(2))
    assert first == second


def test_json_says_what_the_text_says(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    manifest = tmp_path / "options.yaml"
    manifest.write_text(
        "apiVersion: reconciler/v1\nkind: ApplicationOptions\nmetadata: {name: log}\n"
        "target: {role: stat-server}\nspec: {options: {log: {verbose: all}}}\n"
    )
    plan = gwe(
        "plan", *plan_arguments(server, "-f", "options.yaml", "--format", "json"), cwd=tmp_path
    ).json()
    assert plan["format"] == "gwe-plan/2"
    assert plan["site"] == {
        "app": "GWE",
        "cluster": None,
        "tenant": {"name": "Resources", "dbid": 101},
        "roles": {
            "web-engagement-server": [101],
            "interaction-server": [102],
            "stat-server": [103],
            "chat-server": [104],
        },
        "siblings": [],
        "foreignKeys": {},
        "installation": None,
        "set": None,
    }
    assert (plan["empty"], plan["applyable"]) == (False, True)
    assert plan["summary"]["update"] == 1
    assert plan["actions"] == [
        {
            "address": "Application/Stat",
            "kind": "Application",
            "action": "update",
            "reason": None,
            "type": "Application",
            "name": "Stat",
            "tenant": 101,
            "dbid": 103,
            "origin": "options.yaml:5:24",
            "protect": False,
            "needs": [],
            "changes": [
                {
                    "path": "/options/log/verbose",
                    "before": None,
                    "after": "all",
                    "unit": "/options/log/verbose",
                    "source": None,
                    "origin": "options.yaml:5:24",
                    "manifest": "ApplicationOptions/log",
                    "reset": False,
                    "initial": False,
                    "hint": None,
                }
            ],
            "kept": [],
            "loses": [],
            "folder": None,
            "folderPath": None,
            "fields": {},
            "restores": [],
            "permissions": [],
            "referrers": [],
            "watched": [],
            "secrets": [],
            "fingerprint": {
                "units": ["/options/log/verbose"],
                "fields": {},
                "folder": None,
                "parent": None,
                "sources": {},
            },
        }
    ]


def test_quiet_prints_the_counts_alone(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    assert gwe("plan", *plan_arguments(server, "--quiet"), cwd=tmp_path).out == (
        "Plan: 31 to create, 3 to update, 0 to replace, 0 to delete.\n"
    )


def test_a_reader_that_goes_away_is_no_error_to_shout_about(
    tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    server = site_server(tmp_path)
    environment = {**os.environ, "GWE_STATE_DIR": str(state_folder(tmp_path))}
    arguments = ("plan", *plan_arguments(server))
    with warm_processes.start(arguments, tmp_path, environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_apply_asks_in_a_terminal_and_takes_no_for_an_answer(
    tmp_path: Path, in_terminal: InTerminal
) -> None:
    server = site_server(tmp_path)
    before = everything(server)
    code, shown = in_terminal("apply", *plan_arguments(server), cwd=tmp_path, answer="n\n")
    assert code == 1
    assert "Apply this plan? [y/N]" in shown
    assert "Declined; nothing was written." in shown
    assert everything(server) == before


def test_apply_shows_each_object_as_it_is_written(tmp_path: Path, in_terminal: InTerminal) -> None:
    server = site_server(tmp_path)
    code, shown = in_terminal("apply", *plan_arguments(server), cwd=tmp_path, answer="y\n")
    plain = _ESCAPE.sub("", shown)
    assert code == 0
    assert "[ 1/34] + AgentGroup/Web Engagement Chat\n" in plain
    assert "[34/34] ~ Application/GWE\n" in plain
    assert re.search(r"\nApply: 34 applied\.\ngwe undo \S+ reverts it\.\s*$", plain)


@pytest.mark.parametrize(
    "elsewhere",
    [{"stdout": "log"}, {"stdout": "log", "stderr": "log"}, {"stdin": "other", "stdout": "log"}],
    ids=["apply | tee", "apply > log 2>&1", "other | apply > log"],
)
def test_apply_asks_at_the_terminal_whichever_of_its_streams_leads_elsewhere(
    tmp_path: Path, in_terminal: InTerminal, elsewhere: dict[str, str]
) -> None:
    server = site_server(tmp_path)
    (tmp_path / "other").write_text("this is no answer\n")
    files = {stream: tmp_path / name for stream, name in elsewhere.items()}
    options = ("apply", *plan_arguments(server))
    code, shown = in_terminal(*options, cwd=tmp_path, answer="x\ny\n", elsewhere=files)
    logged = (tmp_path / "log").read_text(encoding="utf-8")
    assert code == 0, shown + logged
    assert shown.count("Apply this plan? [y/N]") == 2
    assert "Please answer y or n." in shown
    assert "\nPlan: " in logged
    assert "Apply: 34 applied." in logged
    assert "Apply this plan?" not in logged


def test_a_program_that_passes_the_plan_on_gets_time_before_the_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "_terminal", lambda _: (io.StringIO("y\n"), shown))
    monkeypatch.setattr(time, "sleep", lambda seconds: shown.write(f"{seconds} s. "))
    assert terminal.confirm("Sure?")
    assert shown.getvalue() == "0.3 s. Sure? [y/N]: "


@pytest.mark.parametrize(
    ("command", "code"), [(("apply", "gone.plan"), 1), (("undo", "20200101"), 64)]
)
def test_a_plan_or_run_that_is_not_there_is_told_before_there_is_a_terminal_to_ask_on(
    tmp_path: Path, command: tuple[str, str], code: int
) -> None:
    result = gwe(*command, "--server", f"embedded:{site_server(tmp_path)}", cwd=tmp_path)
    assert result.code == code
    assert command[1] in result.err
    assert "terminal" not in result.err


def test_ctrl_c_at_the_question_writes_nothing_and_says_so(
    tmp_path: Path, in_terminal: InTerminal
) -> None:
    server = site_server(tmp_path)
    before = everything(server)
    code, shown = in_terminal("apply", *plan_arguments(server), cwd=tmp_path, answer="\x03")
    assert code == 1
    assert "nothing was written" in shown
    assert "Traceback" not in shown
    assert everything(server) == before


def test_an_interrupted_apply_accounts_for_every_action(
    tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    manifests = "".join(
        f"---\napiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {{name: Q{i}}}\n"
        for i in range(500)
    )
    (tmp_path / "queues.yaml").write_text(manifests)
    server = site_server(tmp_path)
    options = plan_arguments(server, "-f", "queues.yaml", "--auto-approve")
    lines: list[str] = []
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment["GWE_STATE_DIR"] = str(state_folder(tmp_path))
    with warm_processes.start(
        ["apply", *options],
        tmp_path,
        environment,
        stderr=subprocess.STDOUT,
        pipesize=4096,  # so that it is never far ahead of its reader
    ) as process:
        assert process.stdout is not None
        for line in map(bytes.decode, process.stdout):
            lines.append(line)
            if line.startswith("[ 10/500]"):
                process.send_signal(signal.SIGINT)
    assert process.returncode == 5
    assert "Traceback" not in "".join(lines)
    done = sum("/500] + " in line and "not-started" not in line for line in lines)
    assert 10 <= done < 500
    assert f"Apply: {done} applied, {500 - done} not started.\n" in lines
    assert len([key for key in everything(server) if key[0] == "Script"]) == done


def test_a_plan_without_any_action_has_nothing_to_do_and_nothing_to_count() -> None:
    plan = Plan("embedded:x", "x", SiteMark("GWE", "T", 101), ())
    assert summary(plan) == "Nothing to do."


def test_a_plan_that_is_blocked_does_not_say_that_there_is_nothing_to_do() -> None:
    blocked = Blocked(subject("AgentGroup", "Bad"), "its type differs")
    plan = Plan("embedded:x", "x", SiteMark("GWE", "T", 101), (blocked,))
    assert summary(plan) == (
        "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete. 1 blocked."
    )


def test_a_manifest_from_standard_input_is_called_that(tmp_path: Path) -> None:
    manifest = "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: New}\n"
    site = ("--server", f"embedded:{site_server(tmp_path)}", "--app", "GWE")
    done = gwe("plan", "-f", "-", *site, cwd=tmp_path, stdin=manifest)
    assert done.out.startswith("Manifests  standard input\n")


@pytest.mark.parametrize("columns", ["0", "", "wide"])
def test_an_unknown_width_is_80_columns(columns: str, tmp_path: Path) -> None:
    options = plan_arguments(site_server(tmp_path))
    expected = gwe("plan", *options, cwd=tmp_path, env={"COLUMNS": "80"}).out
    assert "Web Engagement Chat" in expected
    assert gwe("plan", *options, cwd=tmp_path, env={"COLUMNS": columns}).out == expected


def test_output_for_machines_is_utf_8_whatever_the_terminal_is(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    (tmp_path / "q.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Müller 東京}\n",
        encoding="utf-8",
    )
    options = [*plan_arguments(server, "-f", "q.yaml"), "--out", "p.plan"]
    assert gwe("plan", *options, cwd=tmp_path).code == 0
    assert gwe("apply", "p.plan", "--auto-approve", cwd=tmp_path).code == 0
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    environment["GWE_STATE_DIR"] = str(state_folder(tmp_path))
    for command in (
        ["show", "p.plan", "--format", "json"],
        ["runs", "show", "last", "--format", "json"],
        ["embedded", "export", str(server)],
    ):
        out = subprocess.run(
            [sys.executable, "-m", "reconciler", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=True,
        ).stdout
        assert "Müller 東京" in out.decode("utf-8")


def test_json_has_escapes_of_its_own_for_what_is_invisible(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    (tmp_path / "q.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Q}\n"
        'spec: {annex: {s: {o: "a\\u202e\\x85\\U000e0041b"}}}\n',
        encoding="utf-8",
    )
    shown = gwe("plan", *plan_arguments(server, "-f", "q.yaml", "--format", "json"), cwd=tmp_path)
    assert r'"a\u202e\u0085\udb40\udc41b"' in shown.out
    assert shown.json()["actions"][0]["changes"][0]["after"] == "a\u202e\x85\U000e0041b"
