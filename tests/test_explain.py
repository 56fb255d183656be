"""``gwe explain``: why a field is planned, kept or left alone."""

import re
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from reconciler.render.explanation import EXPLAIN
from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from tests.harness import Result, gwe, opened, plan_arguments, site_server

MANIFESTS = """\
apiVersion: reconciler/v1
kind: Variables
metadata: {name: site}
spec:
  size: {description: How many., default: "10"}
  host: {description: Which host., default: one.example}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Group}
spec:
  annex:
    s:
      size: "${var.size} at ${var.host}"
      password: {secret: true, from: env.PIN}
initial:
  annex:
    own:
      colour: red
policy:
  satisfiedBy: {/annex/own/colour: [other]}
"""
RUN = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}, [\d: -]+ UTC( by \S+)?")
ACCOUNT = {"user": "default", "password": "password"}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")


@pytest.fixture
def server(tmp_path: Path) -> Path:
    (tmp_path / "m.yaml").write_text(MANIFESTS, encoding="utf-8")
    return site_server(tmp_path)


def run(server: Path, command: str, *arguments: str) -> Result:
    options = plan_arguments(server, "-f", "m.yaml", *arguments)
    return gwe(command, *options, cwd=server.parent, env={"PIN": "hunter2", "COLUMNS": "80"})


def explain(server: Path, *arguments: str) -> str:
    done = run(server, "explain", *arguments)
    assert (done.code, done.err) == (0, "")
    return TIME.sub("TIME", RUN.sub("RUN, TIME", done.out))


def group(server: Path, **annex: dict[str, str]) -> None:
    with opened(server) as one:
        attributes = {"tenantDBID": 101, "name": "Group", "userProperties": annex}
        one.create("AgentGroup", attributes)


def test_a_field_that_is_planned_names_its_line_its_policy_and_its_variables(server: Path) -> None:
    group(server, s={"size": "9"})
    (server.parent / "gwe.toml").write_text('[vars]\nhost = "two.example"\n', encoding="utf-8")
    assert explain(server, "AgentGroup/Group/annex/s/size", "--var", "size=11") == (
        "AgentGroup/Group\n"
        "  update\n"
        "  declared in m.yaml:10\n"
        "  created at TIME\n"
        "\n"
        "  annex/s/size\n"
        "    plan          An apply writes the manifest's value.\n"
        "    live          9\n"
        "    manifest      11 at two.example\n"
        "    declared in   m.yaml:14\n"
        "    policy        enforced: a live value that differs is overwritten.\n"
        "    variable      size, set by --var\n"
        "    variable      host, set by gwe.toml\n"
        "    last run      none on record\n"
    )
    assert "    variable      host, set by gwe.toml\n" in explain(server, "AgentGroup/Group")


def test_a_value_of_the_site_is_kept_and_the_way_to_enforce_it_is_said(server: Path) -> None:
    group(server, s={"size": "10 at one.example"}, own={"colour": "blue"})
    shown = explain(server, "AgentGroup/Group/annex/own")
    assert (
        "    plan          It differs, and is left alone.\n"
        "    live          blue\n"
        "    manifest      red\n"
        "    declared in   m.yaml:19\n"
        "    policy        initial: written only where annex/own/colour is absent; after\n"
        "                  that it is the site's own; not written either where there is\n"
        "                  other.\n"
        "    hint          To enforce it, move it to spec.\n"
    ) in shown


def test_a_run_that_wrote_a_field_is_named_until_the_object_is_made_anew(server: Path) -> None:
    assert run(server, "apply", "AgentGroup/Group", "--auto-approve").code == 64  # no plan file
    assert run(server, "apply", "--auto-approve", "--quiet").code == 0
    shown = explain(server, "AgentGroup/Group/annex/s/size")
    assert "    plan          Nothing is to be written.\n" in shown
    assert "    live          10 at one.example\n" in shown
    assert "    last run      RUN, TIME\n" in shown
    undone = gwe(
        *("undo", "last", "--auto-approve", "--server", f"embedded:{server}"), cwd=server.parent
    )
    assert undone.code == 0
    shown = explain(server, "AgentGroup/Group/annex/s/size")
    assert "    live          (absent)\n" in shown
    assert "    last run      none on record\n" in shown


def test_who_changed_an_object_last_is_named_also_where_it_was_deleted(server: Path) -> None:
    assert run(server, "apply", "--auto-approve", "--quiet").code == 0
    with closing(EmbeddedServer(server, **ACCOUNT)) as other:
        (found,) = (one for one in other.read("AgentGroup") if one.attributes["name"] == "Group")
        other.update("AgentGroup", found.dbid, Delta({"state": 2}))
        assert "\n  last updated by default at TIME\n" in explain(server, "AgentGroup/Group")
        changed = run(server, "explain", "AgentGroup/Group", "--format", "json").json()
        assert TIME.fullmatch(changed["lastChange"].pop("time"))
        assert changed["lastChange"] == {"action": "updated", "user": "default"}
        other.delete("AgentGroup", found.dbid)
    assert explain(server, "AgentGroup/Group").startswith(
        "AgentGroup/Group\n  create\n  declared in m.yaml:10\n  deleted by default at TIME\n\n"
    )


def test_a_secret_is_not_shown(server: Path) -> None:
    group(server, s={"password": "old-secret"})
    for form in ("text", "json"):
        shown = explain(server, "AgentGroup/Group", "--format", form)
        assert "hunter2" not in shown
        assert "old-secret" not in shown
        assert "password" in shown


def test_a_field_that_no_manifest_declares_is_the_site_s_own(server: Path) -> None:
    group(server, theirs={"x": "1"})
    assert explain(server, "AgentGroup/Group/annex/theirs").endswith(
        "\n"
        "  annex/theirs/x\n"
        "    plan          No manifest declares it: it is the site's own.\n"
        "    live          1\n"
    )


def test_a_field_of_an_object_that_is_left_alone_says_so(server: Path) -> None:
    options = (
        "{apiVersion: reconciler/v1, kind: ApplicationOptions, metadata: {name: nowhere},"
        " target: {role: web-engagement-cluster}, spec: {options: {s: {o: v}}}}"
    )
    (server.parent / "m.yaml").write_text(options, encoding="utf-8")
    shown = explain(server, "ApplicationOptions/nowhere")
    assert shown.startswith(
        "ApplicationOptions/nowhere\n  skip: the site has no web-engagement-cluster\n"
    )
    assert "    plan          Nothing is written, since its object is left alone.\n" in shown


def test_the_reason_of_a_blocked_object_is_said_once(server: Path) -> None:
    text = MANIFESTS.replace("{name: Group}", "{name: Group, folder: No}")
    (server.parent / "m.yaml").write_text(text, encoding="utf-8")
    lines = explain(server, "AgentGroup/Group").splitlines()
    assert lines[:2] == [
        "AgentGroup/Group",
        "  blocked: there is no folder No for objects of type AgentGroup: declare it,",
    ]


def test_an_object_that_the_plan_leaves_out_is_refused_with_the_reason(server: Path) -> None:
    arguments = plan_arguments(server, "-f", "bundled")
    refused = gwe("explain", "LaunchFile/launch-linux", *arguments, cwd=server.parent)
    assert refused.code == 64
    assert refused.err == (
        "error: LaunchFile/launch-linux is declared, but is not part of the plan\n"
        "  LaunchFile/launch-linux, LaunchFile/launch-windows: skipped, no installation folder was"
        " named (--install-dir).\n"
    )


def test_json_has_what_its_schema_says(server: Path) -> None:
    group(server, s={"size": "9"})
    data = run(server, "explain", "AgentGroup/Group", "--format", "json").json()
    jsonschema.validate(data, EXPLAIN.schema())
    assert (data["address"], data["action"], data["declared"]) == (
        "AgentGroup/Group",
        "update",
        "m.yaml:10",
    )
    assert {one["path"]: one["status"] for one in data["fields"]} == {
        "/annex/s/size": "written",
        "/annex/s/password": "written",
        "/annex/own/colour": "written",
    }
    assert data["fields"][0]["variables"] == [
        {"name": "size", "setBy": "its default, m.yaml:5:34"},
        {"name": "host", "setBy": "its default, m.yaml:6:36"},
    ]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "AgentGroup/Grup",
            "error: no manifest declares AgentGroup/Grup, so gwe leaves it alone; did you mean"
            " AgentGroup/Group?\n"
            "  Write an address as gwe plan --verbose prints it, such as InteractionQueue/Sales.\n",
        ),
        (
            "AgentGroup/Group/annex/nothing",
            "error: AgentGroup/Group has no field annex/nothing, neither live nor declared\n"
            "  It has, among others: annex/s/size, annex/s/password, annex/own/colour.\n",
        ),
        (
            "Application/GWE/options/log/verbose",
            "error: no manifest declares an option of Application/GWE, so gwe leaves all of them"
            " alone\n"
            "  An ApplicationOptions manifest declares options of the applications that its"
            " target names, by role.\n",
        ),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    server: Path, address: str, message: str
) -> None:
    refused = run(server, "explain", address)
    assert (refused.code, refused.out, refused.err) == (64, "", message)
