"""Whatever a user gets wrong ends in a clear message and its exit code, and writes nothing.

An error that is no error of ours comes out of ``gwe`` and fails the test.
"""

import importlib
import os
import pkgutil
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import reconciler
from tests.harness import (
    Result,
    everything,
    gwe,
    gwe_process,
    plan_arguments,
    site_server,
    state_folder,
)

SITE = """\
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}]
Host: [{name: host.example.com}]
Application:
  - name: GWE
    type: WebEngagementBackendServer
    server: {host: host.example.com}
    ports: [{id: default, port: "9081"}]
    connections: [Ixn, Stat, Chat]
  - {name: Ixn, type: InteractionServer}
  - {name: Stat, type: StatServer}
  - {name: Chat, type: ChatServer}
Enumerator:
  - {name: CaseData, displayName: Case Data, type: Custom}
  - {name: Twin1, displayName: The Twins, type: Custom, dbid: 701}
  - {name: Twin2, displayName: The Twins, type: Custom, dbid: 702}
Script:
  - {name: Taken, type: BusinessProcess, dbid: 500, folder: Composer}
"""

GROUP = "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: G}\n"
"""Three lines; what follows begins in line 4."""

OPTIONS = (
    "apiVersion: reconciler/v1\nkind: ApplicationOptions\nmetadata: {name: o}\n"
    "target: {role: stat-server}\nspec:\n"
)
"""Five lines; what follows begins in line 6."""

APPLICATION = (
    "apiVersion: reconciler/v1\nkind: Application\nmetadata: {name: A}\n"
    "spec:\n  type: StatServer\n  version: '8.5'\n"
)
"""Six lines; what follows begins in line 7."""

VARIABLES = "apiVersion: reconciler/v1\nkind: Variables\nmetadata: {name: v}\nspec:\n"
VALUE = (
    "apiVersion: reconciler/v1\nkind: BusinessAttributeValue\n"
    "metadata: {name: V, attribute: %s}\nspec: {displayName: V}\n"
)

Refused = Callable[..., str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server that no test of this module may change."""
    return site_server(tmp_path_factory.mktemp("server"), SITE)


def said(result: Result) -> str:
    """All that a run said, without line breaks of its layout."""
    return " ".join((result.out + result.err).split())


@pytest.fixture
def refused(server: Path, tmp_path: Path) -> Iterator[Refused]:
    """Runs ``apply``, which must end with a code and leave the server as it was; what
    it said. ``manifest``: the text of m.yaml, which --file then names."""

    def run(code: int, *arguments: str | Path, manifest: str | bytes | None = None) -> str:
        more = list(arguments)
        if manifest is not None:
            text = manifest.encode() if isinstance(manifest, str) else manifest
            (tmp_path / "m.yaml").write_bytes(text)
            more = ["--file", "m.yaml", *more]
        result = gwe("apply", *plan_arguments(server, *more), "--auto-approve", cwd=tmp_path)
        assert result.code == code, said(result)
        return said(result)

    before = everything(server)
    yield run
    assert everything(server) == before


def test_the_server_of_these_tests_can_be_written(tmp_path: Path) -> None:
    """Otherwise nothing here would prove that a refusal writes nothing."""
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(GROUP, encoding="utf-8")
    options = plan_arguments(server, "--file", "m.yaml", "--auto-approve")
    before = everything(server)
    assert gwe("apply", *options, cwd=tmp_path).code == 0
    # The group, and the inventory that says that it is ours.
    assert len(everything(server)) == len(before) + 2


# Files


def test_every_path_that_gives_no_manifest_is_named(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xfc\n")
    (tmp_path / "big.yaml").touch()
    os.truncate(tmp_path / "big.yaml", 10 * 1024 * 1024 + 1)
    paths = ("none", "empty", "latin.yaml", "big.yaml")
    text = refused(1, *[f"--file={path}" for path in paths])
    assert "error: none: no such file or folder" in text
    assert "error: empty: the folder contains no manifests" in text
    assert "error: latin.yaml:2:4: cannot be read: it is not UTF-8" in text
    assert "error: big.yaml: cannot be read: it is larger than 10 MiB" in text
    assert "4 problems." in text


LONG = "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: Chat}\n#"


@pytest.mark.parametrize("command", [("validate", "-f"), ("fmt", "--check")])
def test_how_large_a_file_of_manifests_may_be_is_a_setting(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "long.yaml").write_text(LONG + "x" * 2**20 + "\n")
    (tmp_path / "gwe.toml").write_text("max_file_mib = 1\n")
    done = gwe(*command, "long.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert (
        "error: long.yaml: cannot be read: it is larger than 1 MiB\n"
        "  If it is the right file, split it, or raise max_file_mib in gwe.toml.\n"
    ) in done.err
    (tmp_path / "gwe.toml").write_text("max_file_mib = 2\n")
    assert gwe(*command, "long.yaml", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("manifest", "messages"),
    [
        (
            GROUP + "spec:\n\tagents: [a]\n",
            ["m.yaml:5:1: tabs are not allowed as indentation", "Indent with spaces."],
        ),
        (GROUP + "spec: {agents: [a]\n", ["m.yaml:5:1: not valid YAML"]),
        (
            GROUP + "spec: {}\nkind: InteractionQueue\n",
            ["m.yaml:5:1: duplicate key 'kind', first at m.yaml:2:1"],
        ),
        (
            GROUP + "spec:\n  state:\n",
            [
                "m.yaml:5:9: the value is missing",
                "Write the value.",
            ],
        ),
        (GROUP.replace("AgentGroup", "AgentGruop"), ["m.yaml:2:1: unknown kind AgentGruop; did"]),
        (
            GROUP.replace("AgentGroup", "agentGroup"),
            ["m.yaml:2:1: unknown kind agentGroup; did you mean AgentGroup?"],
        ),
        (
            GROUP.replace("AgentGroup", "DN"),
            ["m.yaml:2:1: unknown kind DN", "write kind: Object, with type: DN in metadata."],
        ),
        (
            GROUP.replace("AgentGroup", "Enumerator"),
            ["m.yaml:2:1: unknown kind Enumerator", "write kind: BusinessAttribute."],
        ),
        (GROUP + "spec: {agnts: [a]}\n", ["m.yaml:4:8: unknown field agnts in spec; did you"]),
        (
            GROUP + "spec: {annex: {s: {o: '${var.nope}'}}}\n",
            ["m.yaml:4:20: undefined variable ${var.nope}"],
        ),
        (
            VARIABLES + "  need: {description: d}\n---\n" + GROUP,
            ["m.yaml:5:3: variable need needs a value", "--var need=VALUE"],
        ),
        (GROUP + "spec: {state: 3}\n", ["m.yaml:4:8: state cannot be 3", "Enabled, Disabled"]),
        (GROUP + "spec: {annex: {s: {}}}\n", ["m.yaml:4:16: s is empty"]),
        (GROUP + "spec: {agents: []}\n", ["m.yaml:4:8: agents is empty"]),
        (
            APPLICATION + "  ports: [default]\n",
            [
                "m.yaml:7:11: item 1 of ports cannot be 'default'",
                "Expected: a mapping with port.",
            ],
        ),
        (
            APPLICATION + "  ports: [{id: a}]\n",
            ["m.yaml:7:11: port is missing from item 1 of ports"],
        ),
        (
            APPLICATION + "  connections: [[a]]\n",
            [
                "m.yaml:7:17: item 1 of connections cannot be a list",
                "Expected: a mapping of fields, or the server alone.",
            ],
        ),
        (OPTIONS + "  sections: {s: {}}\n", ["m.yaml:6:14: s is empty"]),
        (
            GROUP + "---\n" + GROUP,
            ["m.yaml:7:12: AgentGroup/G is declared twice, first at m.yaml:3:12"],
        ),
        (
            f"{OPTIONS}  options: {{s: {{o: x}}}}\n---\n{OPTIONS}  options: {{s: {{o: y}}}}\n",
            ["m.yaml:13:17: conflicting declarations of s/o in Stat", "m.yaml:6:17"],
        ),
        (
            f"{OPTIONS}  options: {{s: {{o: x}}}}\n  sections: {{s: {{p: y}}}}\n",
            ["m.yaml:7:18: [s] in Stat is declared under both options and sections", "m.yaml:6:17"],
        ),
        ("# nothing\n", ["m.yaml: contains no manifest: there is nothing in it but comments"]),
    ],
    ids=[
        "tab",
        "syntax",
        "duplicate key",
        "bare key",
        "unknown kind",
        "kind in other case",
        "object type for a kind",
        "object type with a kind of another name",
        "unknown field",
        "unknown variable",
        "required variable",
        "wrong type",
        "empty annex section",
        "empty list",
        "text for an entry that needs more",
        "entry without a field",
        "list for an entry",
        "empty section",
        "object twice",
        "different values",
        "options and sections",
        "no manifest",
    ],
)
def test_a_mistake_in_a_manifest_is_told_with_its_place(
    refused: Refused, manifest: str, messages: list[str]
) -> None:
    text = refused(1, manifest=manifest)
    for message in messages:
        assert message in text


def test_the_problems_of_all_files_are_reported_together(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GROUP + "spec: {agnts: [a], state: 3}\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("kind: [\n", encoding="utf-8")
    (tmp_path / "v.yaml").write_text("nope: x\n", encoding="utf-8")
    paths = ["--file=a.yaml", "--file=b.yaml", "--file=c.yaml", "--vars=v.yaml"]
    text = refused(1, *paths)
    for place in ("a.yaml:4:8", "a.yaml:4:20", "b.yaml:2:1", "c.yaml", "v.yaml:1:1"):
        assert f"error: {place}: " in text
    assert "5 problems." in text


def test_a_file_name_that_is_not_utf_8_is_no_reason_to_fail(server: Path, tmp_path: Path) -> None:
    name = b"m\xff.yaml"
    (tmp_path / os.fsdecode(name)).write_text(
        GROUP + "spec: {annex: {s: {o: x}}}\n", encoding="utf-8"
    )
    # As in a locale that is not C.
    environment = {"PYTHONIOENCODING": "utf-8:strict"}
    options = plan_arguments(server, "--file", os.fsdecode(name))
    result = gwe_process("plan", *options, cwd=tmp_path, env=environment)
    assert result.code == 0
    assert "AgentGroup" in result.out


def test_a_manifest_cannot_send_control_sequences_to_the_terminal(
    server: Path, tmp_path: Path
) -> None:
    manifest = GROUP + 'spec: {annex: {s: {o: "x\\e[2K\\e[1A\\e[31m"}}}\n'
    (tmp_path / "m.yaml").write_text(manifest, encoding="utf-8")
    result = gwe("plan", *plan_arguments(server, "--file", "m.yaml"), cwd=tmp_path)
    assert result.code == 0
    assert "AgentGroup" in result.out
    assert "\x1b" not in result.out
    names = GROUP + 'spec: {annex: {"s\\e[2K": {"o\\e[1A": v}}}\n'
    (tmp_path / "m.yaml").write_text(names, encoding="utf-8")
    refused = gwe("plan", *plan_arguments(server, "--file", "m.yaml"), cwd=tmp_path)
    assert refused.code == 1
    assert r"'s\x1b[2K'" in refused.err
    assert "\x1b" not in refused.err


# What the server holds


@pytest.mark.parametrize(
    ("manifest", "messages"),
    [
        (
            "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Q}\n"
            "spec: {annex: {Orchestration: {application: 'script:Nope'}}}\n",
            ["annex/Orchestration/application at m.yaml:4:32 refers to EnhancedRouting 'Nope'"],
        ),
        (
            "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Taken}\n",
            ["the name is taken", "BusinessProcess", "DBID 500", "Scripts/Composer"],
        ),
        (
            "apiVersion: reconciler/v1\nkind: BusinessAttribute\nmetadata: {name: The Twins}\n"
            "spec: {displayName: The Twins, type: Custom}\n",
            ["'Twin1'", "DBID 701", "'Twin2'", "DBID 702"],
        ),
        (
            VALUE % "CaseData" + "---\n" + VALUE % "Case Data",
            ["BusinessAttributeValue", "at m.yaml:3:12 describes the same object"],
        ),
        (VALUE % "The Twins", ["'Twin1'", "DBID 701", "'Twin2'", "DBID 702"]),
        (VALUE % "Nope", ["Business Attribute 'Nope'", "absent, or not readable"]),
        (GROUP.replace("name: G", "name: G, tenant: Nope"), ["tenant Nope", "absent"]),
        (
            GROUP.replace("name: G", "name: G, folder: No/Such"),
            ["there is no folder No/Such for objects of type AgentGroup"],
        ),
        (GROUP + "spec: {agents: ['7001']}\n", ["7001"]),
        (GROUP + "spec: {managers: [nobody]}\n", ["nobody"]),
    ],
    ids=[
        "script reference",
        "other script type",
        "two attributes",
        "value by two names of its attribute",
        "value of two attributes",
        "no attribute",
        "no tenant",
        "no folder",
        "no agent",
        "no manager",
    ],
)
def test_what_the_server_does_not_allow_is_refused(
    refused: Refused, manifest: str, messages: list[str]
) -> None:
    text = refused(3, manifest=manifest)
    for message in messages:
        assert message in text


def test_one_attribute_under_two_names_is_refused_with_both_names(refused: Refused) -> None:
    first = VALUE.replace("BusinessAttributeValue", "BusinessAttribute").replace(
        "{name: V, attribute: %s}", "{name: %s}"
    )
    first = first.replace("displayName: V", "displayName: Case Data, type: Custom")
    text = refused(3, manifest=first % "CaseData" + "---\n" + first % "Case Data")
    assert "BusinessAttribute/CaseData" in text
    assert "Case Data" in text
    assert "same object" in text


def test_an_application_that_does_not_exist_is_refused(server: Path, tmp_path: Path) -> None:
    result = gwe("plan", *plan_arguments(server, app="GEW"), cwd=tmp_path)
    assert result.code == 3
    assert "the application GEW is absent, or not readable by this account" in result.err
    assert "GWE" in result.err


# The command line


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["--target", "AgentGroup/Gg"], ["--target AgentGroup/Gg selects nothing", "AgentGroup/G"]),
        (["--exclude", "Nope/*"], ["--exclude Nope/* selects nothing"]),
        (["--overwrite-only", "x"], ["--overwrite-only x selects nothing"]),
        (["--var", "a"], ["--var a is not NAME=VALUE"]),
        (["--var", "=a"], ["--var =a is not NAME=VALUE"]),
        (["--var", "nope=1"], ["no manifest declares a variable nope"]),
        (["--nope"], ["No such option", "--nope"]),
        (["stray"], ["--file cannot be used with a saved plan"]),
        (["--timeout", "soon"], ["--timeout", "soon"]),
        (["--timeout", "0"], ["--timeout", "0"]),
        (["--tenant", "Nope"], ["GWE does not serve a tenant Nope", "Resources"]),
        (["--cluster", "Nope"], ["GWE has no connection to a cluster Nope"]),
        (["--profile", "nope"], ["no profile nope"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith("-") else "",
)
def test_an_option_that_means_nothing_is_wrong_usage(
    refused: Refused, arguments: list[str], messages: list[str]
) -> None:
    text = refused(64, *arguments, manifest=GROUP)
    for message in messages:
        assert message in text


@pytest.mark.parametrize(
    ("url", "messages"),
    [
        ("gwe.db", ["'gwe.db' is not a server URL", "embedded:PATH"]),
        ("embedded:", ["'embedded:' is not a server URL"]),
        ("http://host", ["http:", "embedded:PATH"]),
        ("", ["which server?", "--server", "GWE_SERVER"]),
    ],
)
def test_a_server_url_of_no_known_form_is_wrong_usage(
    tmp_path: Path, url: str, messages: list[str]
) -> None:
    result = gwe("plan", "--app", "GWE", "--server", url, cwd=tmp_path)
    assert result.code == 64
    for message in messages:
        assert message in said(result)


def test_a_run_without_an_application_or_a_server_is_wrong_usage(
    server: Path, tmp_path: Path
) -> None:
    no_app = gwe("plan", "--server", f"embedded:{server}", cwd=tmp_path)
    assert (no_app.code, "--app" in no_app.err) == (64, True)
    no_server = gwe("plan", "--app", "GWE", cwd=tmp_path)
    assert (no_server.code, "--server" in no_server.err) == (64, True)


def test_a_folder_with_profiles_says_how_to_choose_one(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text(
        'app = "GWE"\n[profiles.north]\nserver = "embedded:n.db"\n[profiles.empty]\n'
    )
    assert said(gwe("plan", cwd=tmp_path)).endswith(
        "or in gwe.toml; or choose a profile of gwe.toml, with --profile: north, empty."
    )
    chosen = gwe("plan", "--profile", "empty", cwd=tmp_path)
    assert said(chosen).endswith("with GWE_SERVER, or in gwe.toml.")


@pytest.mark.parametrize("command", ["validate", "plan", "drift"])
def test_manifests_that_are_named_without_their_option_get_its_name(
    tmp_path: Path, command: str
) -> None:
    result = gwe(command, "queue.yaml", cwd=tmp_path)
    assert result.code == 64
    assert result.err.endswith(
        "Error: Got unexpected extra argument (queue.yaml)\n"
        "Manifests are named with -f, such as -f queues.yaml.\n"
    )
    assert "-f, such as" not in gwe("doctor", "queue.yaml", cwd=tmp_path).err


def test_an_unknown_command_is_wrong_usage(tmp_path: Path) -> None:
    result = gwe("aply", cwd=tmp_path)
    assert result.code == 64
    assert "aply" in result.err
    assert result.out == ""


def test_apply_without_a_terminal_needs_auto_approve(server: Path, tmp_path: Path) -> None:
    before = everything(server)
    # An answer on standard input is no terminal either.
    result = gwe("apply", *plan_arguments(server), cwd=tmp_path, stdin="y\n")
    assert result.code == 64
    assert (
        "error: there is no terminal to ask on\n  Review gwe plan, then use --auto-approve.\n"
    ) in result.err
    assert everything(server) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "-f", ""),
        ("plan", "-f", "m.yaml", "--vars", ""),
        ("plan", "--out", ""),
        ("export", ""),
        ("runs", "--state-dir", ""),
    ],
)
def test_an_empty_path_is_not_the_working_folder(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    result = gwe(*arguments, cwd=tmp_path)
    assert result.code == 64
    assert "the path is empty; is a variable of the shell not set?" in " ".join(result.err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "said"), [("", "the value is missing"), ("~", "~ is not allowed")]
)
def test_a_value_that_yaml_does_not_have_is_reported_once(
    value: str, said: str, tmp_path: Path
) -> None:
    head = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Q}\n"
    text = f"{head}spec:\n  annex:\n    A: {value}\n"
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    result = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert result.err.count("error:") == 1
    assert said in result.err


def test_a_manifest_given_as_a_plan_is_told_how_manifests_are_applied(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("apiVersion: reconciler/v1\n", encoding="utf-8")
    result = gwe("apply", "m.yaml", cwd=tmp_path)
    assert result.code == 1
    assert "Manifests are applied with gwe apply -f." in result.err


def test_a_path_that_does_not_exist_is_all_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text("[vars]\nurl = 'http://gwe'\n", encoding="utf-8")
    result = gwe("validate", "-f", "nope", cwd=tmp_path)
    assert result.code == 1
    assert "nope: no such file or folder" in result.err
    assert "variable" not in result.err


def test_a_broken_variables_file_is_what_a_run_with_var_complains_about(refused: Refused) -> None:
    text = refused(1, "--var", "a=1", manifest=VARIABLES + "  a: {description: d\n")
    assert "m.yaml:6:1: not valid YAML" in text


def test_a_missing_file_is_what_a_run_with_var_complains_about(refused: Refused) -> None:
    assert "none.yaml: no such file" in refused(1, "--file", "none.yaml", "--var", "a=1")


# gwe.toml and --vars


@pytest.mark.parametrize(
    ("toml", "code", "messages"),
    [
        ("app = 1\nnope = 2\n", 1, ["gwe.toml: app must be a string", "unknown setting nope"]),
        ("app = \n", 1, ["gwe.toml", "not valid TOML", "gwe.toml:1:7"]),
        ("[vars]\nnope = 'x'\n", 1, ["gwe.toml", "no manifest declares a variable nope"]),
        ("file = ['none']\n", 1, ["none: no such file or folder"]),
        ("profiles = 3\n", 1, ["gwe.toml: profiles must be a table of tables"]),
    ],
)
def test_a_mistake_in_gwe_toml_is_told(
    refused: Refused, tmp_path: Path, toml: str, code: int, messages: list[str]
) -> None:
    (tmp_path / "gwe.toml").write_text(toml, encoding="utf-8")
    text = refused(code)
    for message in messages:
        assert message in text


@pytest.mark.parametrize("toml", ["profiles = 3\n", "profiles = 'test'\n"])
def test_profiles_of_a_wrong_type_are_told_when_one_is_asked_for(
    refused: Refused, tmp_path: Path, toml: str
) -> None:
    (tmp_path / "gwe.toml").write_text(toml, encoding="utf-8")
    assert "gwe.toml: profiles must be a table of tables" in refused(1, "--profile", "test")


def test_a_profile_that_gwe_toml_lacks_is_wrong_usage(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text("[profiles.test]\n", encoding="utf-8")
    text = refused(64, "--profile", "tset")
    assert "gwe.toml has no profile tset" in text
    assert "test" in text


def test_a_mistake_in_a_vars_file_is_told_with_its_place(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("nope: 1\nbad: [x]\n", encoding="utf-8")
    text = refused(1, "--vars", "v.yaml", "--vars", "none.yaml", manifest=GROUP)
    assert "v.yaml:1:1: no manifest declares a variable nope" in text
    assert "v.yaml:2:1: the value of bad must be a string, number or boolean" in text
    assert "none.yaml: cannot be read: No such file or directory" in text


# The server file


def test_a_server_file_that_does_not_exist_is_told_and_not_made(tmp_path: Path) -> None:
    result = gwe("apply", "--auto-approve", *plan_arguments(Path("none.db")), cwd=tmp_path)
    assert result.code == 1
    assert "none.db does not exist" in said(result)
    assert "gwe embedded init none.db" in said(result)
    assert list(tmp_path.iterdir()) == []


def test_a_server_file_that_is_a_folder_is_told_without_advice_that_cannot_work(
    tmp_path: Path,
) -> None:
    (tmp_path / "folder").mkdir()
    result = gwe("plan", *plan_arguments(Path("folder")), cwd=tmp_path)
    assert result.code == 1
    assert "folder is a folder" in said(result)
    assert "gwe embedded init folder" not in said(result)


def _other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (a)")
    connection.execute("INSERT INTO mine VALUES (1)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("just a text\n" * 100, encoding="utf-8"),
        lambda path: path.touch(),
        _other_database,
    ],
    ids=["text", "empty", "other database"],
)
def test_a_file_that_is_no_server_is_told_and_left_alone(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    path = tmp_path / "other.db"
    make(path)
    before = path.read_bytes()
    result = gwe("apply", "--auto-approve", *plan_arguments(path), cwd=tmp_path)
    assert result.code == 1
    assert "other.db is not an embedded Configuration Server" in said(result)
    assert "gwe embedded init" in said(result)
    assert path.read_bytes() == before


def test_a_server_path_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    result = gwe("plan", *plan_arguments(Path("x" * 300)), cwd=tmp_path)
    assert result.code == 1
    assert "error: " in result.err


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_server_that_another_process_writes_is_waited_for_and_then_told(
    tmp_path: Path, begin: str
) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(GROUP, encoding="utf-8")
    before = everything(server)
    options = plan_arguments(server, "--file", "m.yaml", "--timeout", "0.2")
    other = sqlite3.connect(server, isolation_level=None)
    other.execute(begin)
    try:
        result = gwe("apply", "--auto-approve", *options, cwd=tmp_path)
        planned = gwe("plan", *options, cwd=tmp_path)
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert result.code == 1
    assert f"another process has held {server} for 0.2 s" in said(result)
    assert "--timeout" in said(result)
    # Reading needs no one's leave.
    assert planned.code == 0
    assert everything(server) == before


# Without the rights of root


def gwe_without_rights(*arguments: str | Path, cwd: Path) -> Result:
    """Runs ``gwe`` as a user who is not root, whoever runs the tests."""
    _import_everything()
    if os.geteuid() != 0:
        return gwe(*arguments, cwd=cwd)
    os.seteuid(65534)
    try:
        return gwe(*arguments, cwd=cwd)
    finally:
        os.seteuid(0)


@cache
def _import_everything() -> None:
    """What is imported inside functions may be where only root can read."""
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for file in ("bundled", "/nonexistent"):
        gwe("validate", "--quiet", "--file", file, cwd=Path("/"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that every user may enter; pytest's own are root's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for path in folder.rglob("*"):
            path.chmod(0o755)
        shutil.rmtree(state_folder(folder), ignore_errors=True)


def test_a_read_only_server_can_be_planned_but_not_applied(open_folder: Path) -> None:
    server = site_server(open_folder, SITE)
    (open_folder / "m.yaml").write_text(GROUP, encoding="utf-8")
    before = everything(server)
    server.chmod(0o444)
    open_folder.chmod(0o555)
    options = plan_arguments(server, "--file", "m.yaml")
    planned = gwe_without_rights("plan", *options, cwd=open_folder)
    applied = gwe_without_rights("apply", "--auto-approve", *options, cwd=open_folder)
    open_folder.chmod(0o755)
    server.chmod(0o644)
    assert planned.code == 0, planned.err
    assert "1 to create" in planned.out
    assert applied.code == 1
    assert f"{server} cannot be written" in said(applied)
    assert everything(server) == before


def test_a_server_file_that_cannot_be_read_is_told_as_such(open_folder: Path) -> None:
    server = site_server(open_folder, SITE)
    server.chmod(0)
    result = gwe_without_rights("plan", *plan_arguments(server), cwd=open_folder)
    assert result.code == 1
    assert str(server) in said(result)
    # Nobody asked to write it.
    assert "cannot be written" not in said(result)


def test_manifests_that_cannot_be_read_fail_the_run_and_are_all_named(open_folder: Path) -> None:
    server = site_server(open_folder, SITE)
    before = everything(server)
    (open_folder / "secret.yaml").write_text(GROUP, encoding="utf-8")
    (open_folder / "folder").mkdir()
    (open_folder / "folder" / "inner").mkdir()
    (open_folder / "folder" / "a.yaml").write_text(GROUP, encoding="utf-8")
    (open_folder / "secret.yaml").chmod(0)
    (open_folder / "folder" / "inner").chmod(0)
    server.chmod(0o666)
    options = plan_arguments(server, "--file", "secret.yaml", "--file", "folder")
    result = gwe_without_rights("apply", "--auto-approve", *options, cwd=open_folder)
    assert result.code == 1, said(result)
    assert "secret.yaml: cannot be read: Permission denied" in said(result)
    assert "error: folder" in said(result)
    assert said(result).count("Permission denied") == 2
    assert everything(server) == before


def test_what_binding_finds_is_told_with_what_validation_finds(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        GROUP + "spec: {annex: {s: {o: '${var.nowhere}'}}}\n---\n"
        "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {nmae: X}\n"
    )
    result = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert result.code == 1
    assert "unknown field nmae in metadata" in result.err
    assert "undefined variable ${var.nowhere}" in result.err
