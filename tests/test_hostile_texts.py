"""Whatever names, values and messages of others hold, no command prints it as it is: nothing
moves the cursor, hides a character or begins a line of its own."""

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.apply.lock.lock_object import LIST, LOCK_NAME, SECTION
from tests.harness import Result, gwe, opened, plan_arguments, site_server

HOSTILE = "x\nFORGED_y\r\x1b[2J\x1b]0;title\x07\x85\u202e\u2066\u200b\u00ad\ufeff\u2028z"
MANIFEST = f"""\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {{name: New}}
spec: {{annex: {{section: {{option: {json.dumps(HOSTILE)}}}}}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {{name: Group}}
spec:
  annex: {{section: {{option: {json.dumps(HOSTILE + "2")}}}}}
policy: {{overwrite: replace}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A server whose objects and lock have hostile names and values; a manifest beside it."""
    path = site_server(tmp_path)
    name = HOSTILE.replace("\x1b", "\x9b")  # the server has no ESC in the name of an option
    annex = {"section": {"option": HOSTILE, name: HOSTILE}, name: {"option": HOSTILE}}
    with opened(path) as one:
        for name, held in (("Group", annex), (f"Group {HOSTILE}", annex)):
            one.create("AgentGroup", {"tenantDBID": 101, "name": name, "userProperties": held})
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    return path


def lock(server: Path) -> None:
    held = dict.fromkeys(("owner", "host", "run", "place", "since", "until", "state"), HOSTILE)
    with opened(server) as one:
        one.create(
            "Transaction",
            {
                "tenantDBID": 1,
                "name": LOCK_NAME,
                "alias": LOCK_NAME,
                "type": LIST,
                "userProperties": {SECTION: held},
            },
        )


def harmless(result: Result) -> Result:
    """The result, after a look at every line that was printed."""
    for line in (*result.out.split("\n"), *result.err.split("\n")):
        bad = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        assert not bad, f"{bad} in {line!r}"
        assert not line.lstrip(" -|│├└─").startswith("FORGED")
    return result


def ways_to_show_a_plan() -> Iterator[tuple[str, ...]]:
    for more in (
        (),
        ("--verbose",),
        ("--quiet",),
        ("--overwrite",),
        ("--format", "json"),
        ("--format", "markdown"),
    ):
        yield ("plan", *more)
    yield ("drift",)
    yield ("drift", "--verbose")
    yield ("drift", "--format", "junit")


@pytest.mark.parametrize("how", list(ways_to_show_a_plan()), ids=" ".join)
def test_a_plan_shows_hostile_names_and_values_as_escapes(
    how: tuple[str, ...], server: Path, tmp_path: Path
) -> None:
    command, *more = how
    shown = harmless(gwe(command, *plan_arguments(server, "-f", "m.yaml", *more), cwd=tmp_path))
    if "--quiet" not in more:
        assert r"x\nFORGED_y\r" in shown.out


def test_a_run_from_plan_file_to_undo_prints_escapes(server: Path, tmp_path: Path) -> None:
    options = plan_arguments(server, "-f", "m.yaml")
    harmless(gwe("plan", *options, "--overwrite", "--out", "p.plan", cwd=tmp_path))
    for more in ((), ("--verbose",), ("--format", "json"), ("--format", "markdown")):
        assert harmless(gwe("show", "p.plan", *more, cwd=tmp_path)).code == 0
    done = harmless(gwe("apply", "p.plan", "--auto-approve", "--verbose", cwd=tmp_path))
    assert done.code == 0
    assert harmless(gwe("runs", cwd=tmp_path)).code == 0
    for more in ((), ("--format", "json"), ("--format", "markdown")):
        assert harmless(gwe("runs", "show", "last", *more, cwd=tmp_path)).code == 0
    undone = harmless(gwe("undo", "last", *options[:2], "--auto-approve", cwd=tmp_path))
    assert undone.code == 0


def test_a_stale_plan_prints_escapes_and_no_endless_line(server: Path, tmp_path: Path) -> None:
    options = plan_arguments(server, "-f", "m.yaml")
    harmless(gwe("plan", *options, "--out", "p.plan", cwd=tmp_path))
    with opened(server) as one:
        group = next(g for g in one.read("AgentGroup") if g.attributes["name"] == "Group")
        one.delete("AgentGroup", group.dbid)
        one.create(
            "AgentGroup",
            {
                "tenantDBID": 101,
                "name": "New",
                "userProperties": {"section": {"option": HOSTILE * 200}},
            },
        )
    stale = harmless(gwe("apply", "p.plan", "--auto-approve", cwd=tmp_path))
    assert stale.code == 4
    assert max(map(len, stale.err.split("\n"))) < 400


@pytest.mark.parametrize("command", [("show",), ("release",), ("release", "--abandon", HOSTILE)])
def test_the_lock_of_a_hostile_owner_is_shown_as_escapes(
    command: tuple[str, ...], server: Path, tmp_path: Path
) -> None:
    lock(server)
    done = harmless(gwe("lock", *command, "--server", f"embedded:{server}", cwd=tmp_path))
    assert "FORGED" in done.out + done.err


def test_who_holds_the_lock_is_told_by_apply_and_recover_in_escapes(
    server: Path, tmp_path: Path
) -> None:
    lock(server)
    options = plan_arguments(server, "-f", "m.yaml", "--auto-approve")
    refused = harmless(gwe("apply", *options, cwd=tmp_path))
    assert refused.code == 4
    harmless(gwe("recover", "--server", f"embedded:{server}", cwd=tmp_path))


def test_arguments_and_file_names_are_repeated_as_escapes(server: Path, tmp_path: Path) -> None:
    name = f"m{HOSTILE}.yaml"
    text = """apiVersion: "a\\nb\\e[2J"\nkind: "\\u202e"\n"""
    (tmp_path / name).write_text(text, encoding="utf-8")
    at = ("--server", f"embedded:{server}")
    for arguments in (
        ("validate", "-f", name),
        ("validate", "-f", HOSTILE),
        *(("validate", "-f", name, "--format", form) for form in ("json", "junit", "sarif")),
        ("validate", "-f", ".", "--var", f"{HOSTILE}=1", "--verbose"),
        ("plan", *at, "--app", HOSTILE, "-f", "m.yaml"),
        ("plan", *at, "--app", "GWE", "--target", HOSTILE, "-f", "m.yaml"),
        ("plan", *at, f"--{HOSTILE}"),
        ("plan", *at, "--format", HOSTILE),
        ("plan", "--server", f"embedded:{HOSTILE}"),
        ("plan", "--server", f"{HOSTILE}://host"),
        ("show", HOSTILE),
        ("runs", "show", HOSTILE),
        ("undo", HOSTILE, *at),
        (HOSTILE,),
        ("embedded", "init", HOSTILE),
        ("embedded", "inspect", HOSTILE),
        ("init", "m.yaml"),
        ("doctor", *at, "--app", HOSTILE),
    ):
        harmless(gwe(*arguments, cwd=tmp_path))


def test_the_tree_of_a_server_shows_escapes(server: Path, tmp_path: Path) -> None:
    lock(server)
    for more in ((), ("--verbose",)):
        inspect = ("embedded", "inspect", server, *more)
        harmless(gwe(*inspect, cwd=tmp_path))
        shown = harmless(gwe(*inspect, cwd=tmp_path, env={"COLUMNS": "400"}))
        assert r"x\nFORGED_y\r\x1b[2J" in shown.out
