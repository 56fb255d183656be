"""Commands and paths that are printed can be copied."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.render.console import say, say_command
from tests.harness import gwe, opened, site_server
from tests.terminals import InTerminal

LONG = "a" * 60 + "/" + "b" * 60


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, printing: Callable[[str], None], text: str) -> str:
    """What is sent to a terminal of 40 columns."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    printing(text)
    return terminal.getvalue()


def test_a_command_to_copy_is_not_broken_in_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = "  gwe plan -f bundled --server embedded:gwe.db --app Web_Engagement_Server"
    assert shown(monkeypatch, say_command, command) == command + "\n"


def test_a_line_is_broken_between_words_and_a_long_path_is_left_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = f"Created the server in {LONG} with all of its 94 objects and folders."
    assert shown(monkeypatch, say, line) == (
        f"Created the server in {LONG}\n    with all of its 94 objects and\n    folders.\n"
    )


def test_what_follows_an_indented_line_is_indented_more(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "         done  BusinessAttribute/Case Data/Name"
    assert shown(monkeypatch, say, line) == (
        "         done  BusinessAttribute/Case\n             Data/Name\n"
    )


def test_every_command_prints_a_long_path_whole(tmp_path: Path, in_terminal: InTerminal) -> None:
    """In pipes, and in a terminal of 40 columns, which breaks it itself."""
    folder = tmp_path / LONG
    folder.mkdir(parents=True)
    server, manifest, plan = site_server(folder), folder / "m.yaml", folder / "p.plan"
    manifest.write_text(
        "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: New}\n"
        "spec: {annex: {section: {option: value}}}\n"
    )
    site = ("--server", f"embedded:{server}", "--app", "GWE")
    for expected, command in (
        (f"embedded:{server}", ("plan", *site, "-f", manifest)),
        (f"{manifest}:4", ("plan", *site, "-f", manifest)),
        (f"Saved the plan as {plan}.", ("plan", *site, "-f", manifest, "--out", plan)),
        (f"{folder}/none", ("validate", "-f", f"{folder}/none")),
        (f"{folder}/none", ("embedded", "init", f"{folder}/new.db", "--site", f"{folder}/none")),
        (f"{folder}/made", ("init", f"{folder}/made")),
        (f"{folder}/none", ("doctor", "--server", f"embedded:{folder}/none")),
    ):
        piped = gwe(*command, cwd=tmp_path)
        assert expected in piped.out + piped.err
        plan.unlink(missing_ok=True)
    arguments = ("plan", *site, "-f", manifest)
    _, narrow = in_terminal(*map(str, arguments), cwd=tmp_path, COLUMNS="40", NO_COLOR="1")
    assert f"embedded:{server}" in narrow
    assert f"{manifest}:4" in narrow


def test_the_tree_of_a_server_shows_every_value_whole(
    tmp_path: Path, in_terminal: InTerminal
) -> None:
    """In a pipe on one line, in a narrow terminal on several."""
    address = f"http://{LONG}/end.scxml"
    server = site_server(tmp_path)
    with opened(server) as one:
        annex = {"Application": {"url": address}}
        one.create("AgentGroup", {"tenantDBID": 101, "name": "New", "userProperties": annex})
    piped = gwe("embedded", "inspect", server, "--verbose", cwd=tmp_path).out
    assert f"annex/Application/url: {address}\n" in piped
    inspect = ("embedded", "inspect", server, "--verbose")
    _, narrow = in_terminal(*inspect, cwd=tmp_path, COLUMNS="40", NO_COLOR="1")
    assert address in "".join(line.strip("│├└─ ") for line in narrow.splitlines())
