"""Manifests: which files are read, what is checked, and what they then ask for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError
from reconciler.kinds.fields import FieldPath
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired, DesiredObject, DesiredOptions, ManagedField
from reconciler.manifest.documents import ReadingOptions, read_documents
from reconciler.manifest.load import load_manifests
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import Setting, collect
from reconciler.resources import bundled_manifests
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions, discover
from reconciler.site.model import Site
from reconciler.yaml.strict import load_text
from tests.harness import APP, gwe, opened, plan_arguments, site_server

GROUP = "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: G}\n"
"""Three lines; what follows begins in line 4."""

OPTIONS = """\
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: o}
target: {role: chat-server}
spec:
"""
"""Five lines; what follows begins in line 6."""

SITE = """\
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant:
  - {name: Resources, dbid: 101}
  - {name: Other, dbid: 102}
Host: [{name: host.example.com}]
Application:
  - name: GWE
    type: WebEngagementBackendServer
    server: {host: host.example.com}
    ports: [{id: default, port: "9081"}]
    connections: [Ixn, Stat, Chat1, Chat2, Cluster]
  - name: Cluster
    type: ApplicationCluster
    connections: [Ixn]
    options: {chat: {queueKey: "101:webme"}}
  - {name: Ixn, type: InteractionServer}
  - {name: Stat, type: StatServer}
  - {name: Chat1, type: ChatServer}
  - {name: Chat2, type: ChatServer}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Snapshot]:
    """A site with two Chat Servers and a cluster that has a queueKey."""
    with opened(site_server(tmp_path_factory.mktemp("site"), SITE)) as server:
        everyone = server.read("Tenant", {"all_tenants": 1})
        found = Snapshot([*everyone, *server.read("Application"), *server.read("Host")])
    return discover(found, SiteOptions(APP)), found


Bound = tuple[Site, Snapshot]


def desired(text: str, site: Bound | None = None, **variables: str) -> Desired:
    """What the manifests of a text ask for. ManifestError lists what is wrong with them."""
    problems: list[Diagnostic] = []
    manifests = validate(load_text(text, "m.yaml", problems), problems)
    settings = [Setting(name, value) for name, value in variables.items()]
    collected = collect(manifests, settings, problems)
    if problems:
        raise ManifestError(problems)
    return bind(manifests, collected, {}, *(site or ()))


def places_and_problems(
    text: str, site: Bound | None = None, **variables: str
) -> list[tuple[str, str]]:
    """Where the problems of a text are, and what they say."""
    with pytest.raises(ManifestError) as caught:
        desired(text, site, **variables)
    return [(str(p.position), p.summary) for p in caught.value.diagnostics]


def only_object(text: str, site: Bound | None = None, **variables: str) -> DesiredObject:
    (one,) = desired(text, site, **variables).objects
    return one


def by_path(one: DesiredObject | DesiredOptions) -> dict[FieldPath, ManagedField]:
    assert len({field.path for field in one.fields}) == len(one.fields)
    return {field.path: field for field in one.fields}


def variable(name: str) -> str:
    """A manifest of ten lines that declares a variable, to precede another manifest."""
    head = "apiVersion: reconciler/v1\nkind: Variables\nmetadata:\n  name: v\nspec:\n"
    return f"{head}  {name}:\n    description: d\n    default: d\n\n---\n"


# Which files are read


def _write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"file: {name}\n", encoding="utf-8")


def _files_read(*paths: Path) -> list[str]:
    problems: list[Diagnostic] = []
    documents = read_documents(paths, ReadingOptions(), problems, [])
    assert problems == []
    return [document.data["file"] for document in documents]


def _problems_reading(*paths: Path) -> list[str]:
    problems: list[Diagnostic] = []
    read_documents(paths, ReadingOptions(), problems, [])
    return [f"{p.position}: {p.summary}" for p in problems]


def test_the_suffix_of_a_manifest_may_be_in_any_case(tmp_path: Path) -> None:
    _write(tmp_path, "a.YAML", "b.Yml", "c.yml")
    assert _files_read(tmp_path) == ["a.YAML", "b.Yml", "c.yml"]


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "apply"])
def test_files_that_are_passed_over_are_named_with_verbose(command: str, tmp_path: Path) -> None:
    server = site_server(tmp_path)
    folder = tmp_path / "m"
    folder.mkdir()
    queue = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Q}\n"
    for name in ("a.yaml", "b.yaml.bak", "c.json", ".hidden"):
        (folder / name).write_text(queue, encoding="utf-8")
    options = ["-f", "m"] if command == "validate" else [*plan_arguments(server), "-f", "m"]
    options += ["--auto-approve"] if command == "apply" else []
    assert "passed over" not in gwe(command, *options, cwd=tmp_path).err
    assert gwe(command, *options, "--verbose", cwd=tmp_path).err == (
        "Note: m/b.yaml.bak is passed over: it ends neither in .yaml nor in .yml.\n"
        "Note: m/c.json is passed over: it ends neither in .yaml nor in .yml.\n"
    )


def test_folders_are_read_recursively_in_the_order_of_names(tmp_path: Path) -> None:
    _write(tmp_path, "c.yaml", "a.yaml", "b/z.yml", "b/inner/x.yaml", "B.yaml", "b.yaml")
    assert _files_read(tmp_path) == [
        "B.yaml",
        "a.yaml",
        "b/inner/x.yaml",
        "b/z.yml",
        "b.yaml",
        "c.yaml",
    ]


def test_paths_are_read_in_the_order_in_which_they_are_given(tmp_path: Path) -> None:
    _write(tmp_path, "a.yaml", "z/b.yaml")
    assert _files_read(tmp_path / "z", tmp_path / "a.yaml") == ["z/b.yaml", "a.yaml"]


def test_a_folder_gives_only_files_that_end_in_yaml_or_yml(tmp_path: Path) -> None:
    _write(tmp_path, "a.yaml", "b.yml", "c.json", "d.yaml.bak", "e", "f.YAML.txt", ".g.yaml")
    assert _files_read(tmp_path) == ["a.yaml", "b.yml"]


def test_a_folder_gives_nothing_of_its_hidden_folders(tmp_path: Path) -> None:
    _write(tmp_path, "a.yaml", ".github/workflows/ci.yml", ".git/x.yaml")
    assert _files_read(tmp_path) == ["a.yaml"]


def test_a_file_that_is_named_itself_is_read_whatever_its_name(tmp_path: Path) -> None:
    _write(tmp_path, "manifest.txt", ".hidden.yaml")
    given_paths = (tmp_path / "manifest.txt", tmp_path / ".hidden.yaml")
    assert _files_read(*given_paths) == ["manifest.txt", ".hidden.yaml"]


def test_a_file_is_read_once_however_often_it_is_named(tmp_path: Path) -> None:
    _write(tmp_path, "a.yaml", "b.yaml")
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    (tmp_path / "around").symlink_to(".", target_is_directory=True)
    assert _files_read(tmp_path, tmp_path / "b.yaml", tmp_path / ".") == ["a.yaml", "b.yaml"]


def test_every_path_that_gives_nothing_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _write(tmp_path, "other/readme.md")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xfc\n")
    paths = [tmp_path / name for name in ("none", "empty", "other", "latin.yaml")]
    assert _problems_reading(*paths) == [
        f"{tmp_path}/none: no such file or folder",
        f"{tmp_path}/empty: the folder contains no manifests",
        f"{tmp_path}/other: the folder contains no manifests",
        f"{tmp_path}/latin.yaml:2:4: cannot be read: it is not UTF-8",
    ]


def test_a_link_that_leads_nowhere_is_reported(tmp_path: Path) -> None:
    _write(tmp_path, "a.yaml")
    (tmp_path / "broken.yaml").symlink_to("none")
    assert _problems_reading(tmp_path) == [
        f"{tmp_path}/broken.yaml: cannot be read: No such file or directory"
    ]


def test_files_without_any_manifest_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("# nothing yet\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="no manifest"):
        load_manifests([tmp_path])


def test_the_bundled_manifests_have_no_problem_without_a_site() -> None:
    loaded = load_manifests([bundled_manifests()])
    assert bind(loaded.manifests, loaded.variables, {}).objects


# What a document must look like


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", [("m.yaml:1:1", "a manifest must be a mapping")]),
        ("hello\n", [("m.yaml:1:1", "a manifest must be a mapping")]),
        ("null\n", [("m.yaml:1:1", "a manifest must be a mapping")]),
        (
            "apiVersion: reconciler/v1\nkind: InteractionQue\nmetadata: {name: x}\n",
            [("m.yaml:2:1", "unknown kind InteractionQue; did you mean InteractionQueue?")],
        ),
        ("apiVersion: reconciler/v1\nmetadata: {name: x}\n", [("m.yaml:1:1", "kind is missing")]),
        (
            "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {}\n",
            [("m.yaml:3:1", "name is missing from metadata")],
        ),
        (
            "apiVersion: reconciler/v1\nkind: AgentGroup\n",
            [("m.yaml:1:1", "metadata is missing from the manifest")],
        ),
        (
            "apiVersion: reconciler/v1\nkind: BusinessAttribute\nmetadata: {name: x}\nspec:\n"
            "  description: d\n",
            [
                ("m.yaml:1:1", "the manifest needs displayName in spec or initial"),
                ("m.yaml:1:1", "the manifest needs type in spec or initial"),
            ],
        ),
        (
            "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: ''}\n",
            [("m.yaml:3:12", "name is empty")],
        ),
        (
            "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: true}\n",
            [("m.yaml:3:12", "name cannot be true")],
        ),
        (
            "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: G\n",
            [("m.yaml:3:1", "metadata cannot be 'G'")],
        ),
        (GROUP + "specs: {}\n", [("m.yaml:4:1", "unknown field specs; did you mean spec?")]),
        (
            GROUP + "spec:\n  state: Enabled\n  agnts: [a]\n",
            [("m.yaml:6:3", "unknown field agnts in spec; did you mean agents?")],
        ),
        (GROUP + "spec: []\n", [("m.yaml:4:1", "spec cannot be a list")]),
        (GROUP + "spec: {state: Off}\n", [("m.yaml:4:8", "state cannot be 'Off'")]),
        (
            GROUP + "spec: {state: Enable}\n",
            [("m.yaml:4:8", "state cannot be 'Enable'; did you mean Enabled?")],
        ),
        (
            GROUP + "policy: {overwrite: replaced}\n",
            [("m.yaml:4:10", "overwrite cannot be 'replaced'; did you mean replace?")],
        ),
        (GROUP + "spec: {agents: []}\n", [("m.yaml:4:8", "agents is empty")]),
        (GROUP + "spec: {agents: one}\n", [("m.yaml:4:8", "agents cannot be 'one'")]),
        (
            GROUP + "spec: {agents: [a, b, a]}\n",
            [("m.yaml:4:8", "agents has the same item twice")],
        ),
        (GROUP + "spec: {annex: {}}\n", [("m.yaml:4:8", "annex is empty")]),
        (GROUP + "spec: {annex: {s: {}}}\n", [("m.yaml:4:16", "s is empty")]),
        (GROUP + "spec: {annex: {s: x}}\n", [("m.yaml:4:16", "s cannot be 'x'")]),
        (GROUP + "spec: {annex: {s: {o: [x]}}}\n", [("m.yaml:4:20", "o cannot be a list")]),
        (GROUP + "spec: {annex: {s: {o: {}}}}\n", [("m.yaml:4:20", "o cannot be a mapping")]),
        (GROUP + "policy: {whole: []}\n", [("m.yaml:4:10", "whole is empty")]),
        (
            GROUP + "policy: {overwrite: always}\n",
            [("m.yaml:4:10", "overwrite cannot be 'always'")],
        ),
        (
            GROUP + "policy: {whenParentMissing: skip}\n",
            [("m.yaml:4:10", "unknown field whenParentMissing in policy")],
        ),
        (OPTIONS + "  options: {}\n", [("m.yaml:6:3", "options is empty")]),
        (OPTIONS + "  sections: {s: {}}\n", [("m.yaml:6:14", "s is empty")]),
        (
            OPTIONS + "  sections: {s: {o: null}}\n",
            [("m.yaml:6:18", "o cannot be null")],
        ),
        (
            OPTIONS.replace("{role: chat-server}", "{role: chat}") + "  options: {s: {o: x}}\n",
            [("m.yaml:4:10", "role cannot be 'chat'")],
        ),
        (
            OPTIONS.replace("{role: chat-server}", "{}") + "  options: {s: {o: x}}\n",
            [("m.yaml:4:1", "target is empty")],
        ),
        (
            OPTIONS.replace("{role: chat-server}", "{role: chat-server, application: Chat}")
            + "  options: {s: {o: x}}\n",
            [("m.yaml:4:1", "target has too many fields")],
        ),
    ],
)
def test_a_wrong_document_is_explained_at_its_place(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert places_and_problems(text) == expected


@pytest.mark.parametrize("first", ["apiVersion: v1\n", "apiVersion: reconciler/v2\n", ""])
def test_another_api_version_is_refused_in_words_that_say_which_is_needed(first: str) -> None:
    text = f"{first}kind: AgentGroup\nmetadata: {{name: x}}\n"
    ((place, problem),) = places_and_problems(text)
    assert place == "m.yaml:1:1"
    assert "reconciler/v1" in problem
    wrong = first.removeprefix("apiVersion: ").strip()
    assert wrong in problem
    assert problem != "apiVersion is reconciler/v1"


@pytest.mark.parametrize("items", ["[[a]]", "[{a: b}]", "[ok, true]"])
def test_a_wrong_list_item_is_explained_by_the_name_of_its_list(items: str) -> None:
    ((place, problem),) = places_and_problems(GROUP + f"spec: {{agents: {items}}}\n")
    assert place.startswith("m.yaml:4:")
    assert "agents" in problem


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("Sales", 'Expected: a list of at least one text, such as ["Sales"].'),
        ("'the \"first\"'", r'Expected: a list of at least one text, such as ["the \"first\""].'),
        ("{a: b}", "Expected: a list of at least one text."),
    ],
)
def test_a_text_that_stands_for_a_list_is_shown_as_a_list(given: str, hint: str) -> None:
    with pytest.raises(ManifestError) as caught:
        desired(GROUP.replace("}", f", formerly: {given}}}", 1) + "spec: {agents: ['1']}\n")
    assert [one.hint for one in caught.value.diagnostics] == [hint]


def test_a_name_that_a_variable_cannot_have_is_reported_at_its_own_line() -> None:
    text = (
        "apiVersion: reconciler/v1\nkind: Variables\nmetadata: {name: v}\nspec:\n"
        "  fine: {description: d}\n  1st: {description: d}\n"
    )
    ((place, problem),) = places_and_problems(text)
    assert "1st" in problem
    assert place == "m.yaml:6:3"


def test_a_bare_spec_is_refused_as_a_key_without_a_value() -> None:
    assert places_and_problems(GROUP + "spec:\n") == [("m.yaml:4:6", "the value is missing")]


def test_problems_of_every_step_stand_in_the_order_of_the_lines(tmp_path: Path) -> None:
    bad = (
        f"{GROUP}spec:\n  agnts: [a]\n---\n"  # against the schema
        f"{GROUP}spec: {{annex: {{s: {{o: a, o: b}}}}}}\n---\n"  # against YAML
        "apiVersion: reconciler/v1\nkind: Variables\nmetadata: {name: v}\n"
        "spec: {v: {description: d}, w: {default: x}}\n"  # v has no value
    )
    for name in ("b.yaml", "a.yaml"):
        (tmp_path / name).write_text(bad, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        load_manifests([tmp_path / "b.yaml", tmp_path / "a.yaml"])
    found = [one.position for one in caught.value.diagnostics if one.position]
    lines = [(Path(one.file).name, one.line) for one in found]
    assert lines == [(name, line) for name in ("a.yaml", "b.yaml") for line in (5, 10, 15)]


def test_every_problem_of_every_document_is_reported() -> None:
    text = (
        GROUP
        + "spec:\n  agnts: [a]\n  state: Off\n---\n"
        + "apiVersion: reconciler/v1\nkind: Foo\n---\n- a\n---\n"
        + GROUP
        + "spec: {annex: {s: {}}}\n"
    )
    assert sorted(place for place, _ in places_and_problems(text)) == [
        "m.yaml:11:1",
        "m.yaml:16:16",
        "m.yaml:5:3",
        "m.yaml:6:3",
        "m.yaml:9:1",
    ]


def test_problems_of_one_document_are_in_the_order_of_its_lines() -> None:
    text = GROUP + "spec:\n  state: Off\n  managers: x\n  annex: {}\n  agents: []\n"
    lines = [int(place.split(":")[1]) for place, _ in places_and_problems(text)]
    assert lines == [5, 6, 7, 8]


# What the manifests ask for


def test_option_values_are_the_characters_that_were_written() -> None:
    text = GROUP + (
        "spec:\n  annex:\n    s:\n      a: 0123\n      b: +49891234\n      c: 22:30\n"
        "      d: on\n      e: 1_000\n      f: 7\n      g: true\n      h: ''\n      i: null\n"
        "      j: 1.50\n"
    )
    fields = by_path(only_object(text))
    assert {path[2]: field.value for path, field in fields.items()} == {
        "a": "0123",
        "b": "+49891234",
        "c": "22:30",
        "d": "on",
        "e": "1_000",
        "f": "7",
        "g": "true",
        "h": "",
        "i": None,
        "j": "1.50",
    }


def test_a_field_knows_the_manifest_and_the_place_that_it_came_from() -> None:
    fields = by_path(only_object(GROUP + "spec:\n  annex:\n    s:\n      o: x\n"))
    field = fields[("annex", "s", "o")]
    assert str(field.origin) == "m.yaml:7:7"
    assert field.manifest == "AgentGroup/G"


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x17\x18"), max_size=40)
)
def test_any_option_value_in_quotes_is_asked_for_unchanged(value: str) -> None:
    """All but the two characters that cannot be sent; see ``test_sendable_texts.py``."""
    written = "".join(
        character if character.isascii() and character.isalnum() else f"\\U{ord(character):08X}"
        for character in value.replace("${", "$${")
    )
    fields = by_path(only_object(GROUP + f'spec: {{annex: {{s: {{o: "{written}"}}}}}}\n'))
    assert fields[("annex", "s", "o")].value == value


def test_a_name_of_digits_is_a_name() -> None:
    assert only_object(GROUP.replace("{name: G}", "{name: 0123}")).address == "AgentGroup/0123"
    assert only_object(GROUP.replace("{name: G}", "{name: 7001}")).address == "AgentGroup/7001"


def test_a_slash_in_a_name_is_quoted_in_the_address() -> None:
    assert only_object(GROUP.replace("{name: G}", "{name: a/b%}")).address == "AgentGroup/a%2Fb%25"


def test_an_object_is_of_the_site_s_tenant_unless_it_names_one(site: Bound) -> None:
    own = only_object(GROUP, site)
    assert (own.tenant, own.address) == ("Resources", "AgentGroup/G")
    named = only_object(GROUP.replace("{name: G}", "{name: G, tenant: Resources}"), site)
    assert (named.tenant, named.address) == ("Resources", "AgentGroup/G")
    other = only_object(GROUP.replace("{name: G}", "{name: G, tenant: Other, folder: A/B}"), site)
    assert (other.tenant, other.address) == ("Other", "Other:AgentGroup/G")
    assert other.folder == "A/B"


def test_a_create_has_the_defaults_of_its_kind_which_are_not_managed() -> None:
    one = only_object(
        "apiVersion: reconciler/v1\nkind: BusinessAttributeValue\n"
        "metadata: {name: V, attribute: A}\nspec: {displayName: The V}\n"
    )
    assert set(by_path(one)) == {("displayName",)}
    assert one.kind.defaults == {"state": "Enabled", "isDefault": False}
    assert one.declared_fields() == {("displayName",): "The V"}


def test_an_option_that_must_be_absent_is_not_created() -> None:
    one = only_object(GROUP + "spec: {annex: {s: {a: null, b: x}}}\n")
    assert one.declared_fields() == {("annex", "s", "b"): "x"}


def test_options_are_asked_of_every_application_of_the_role(site: Bound) -> None:
    options = desired(OPTIONS + "  options: {s: {o: 'I am ${target.name}'}}\n", site).options
    assert {one.address: by_path(one)[("options", "s", "o")].value for one in options} == {
        "Application/Chat1": "I am Chat1",
        "Application/Chat2": "I am Chat2",
    }


def test_options_may_be_for_one_application_by_name(site: Bound) -> None:
    text = OPTIONS.replace("role: chat-server", "application: Ixn") + "  options: {s: {o: x}}\n"
    assert [one.address for one in desired(text, site).options] == ["Application/Ixn"]


def test_an_application_that_does_not_exist_is_a_problem(site: Bound) -> None:
    text = OPTIONS.replace("role: chat-server", "application: Nope") + "  options: {s: {o: x}}\n"
    assert places_and_problems(text, site) == [
        ("m.yaml:4:10", "there is no application Nope, or this account cannot read it")
    ]


def test_the_role_web_engagement_means_whoever_has_the_option_already(site: Bound) -> None:
    text = OPTIONS.replace("chat-server", "web-engagement")
    held = desired(text + "  options: {chat: {queueKey: '101:webme'}}\n", site).options
    assert [one.address for one in held] == ["Application/Cluster"]
    unheld = desired(text + "  options: {chat: {other: x}}\n", site).options
    assert [one.address for one in unheld] == ["Application/GWE"]


def test_a_role_that_no_application_has_leaves_the_manifest_without_a_target(
    site: Bound,
) -> None:
    discovered, found = site
    roles = {role: found for role, found in discovered.roles.items() if role != "chat-server"}
    bare = Site(**{**asdict(discovered), "roles": roles})
    result = desired(OPTIONS + "  options: {s: {o: x}}\n", (bare, found))
    assert result.options == ()
    assert [(one.address, one.role) for one in result.untargeted] == [
        ("ApplicationOptions/o", "chat-server")
    ]


@pytest.mark.parametrize("options", ["{'': {o: x}}", "{s: {'': x}}"])
def test_a_section_or_an_option_without_a_name_is_a_problem(options: str) -> None:
    ((place, problem),) = places_and_problems(OPTIONS + f"  options: {options}\n")
    assert place.startswith("m.yaml:6:")
    assert problem == "the name of a section or option is empty"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("spec: {state: '${var.v}'}", "state cannot be 'bad'"),
        (
            "policy: {overwrite: '${var.v}'}",
            "policy.overwrite must be one of replace, correct, keep, not bad",
        ),
        ("policy: {protect: '${var.v}'}", "policy.protect must be one of true, false, not bad"),
        ("policy: {preserve: ['${var.v}']}", "AgentGroup has no field bad"),
    ],
)
def test_a_value_from_a_variable_is_checked_as_if_it_were_written(line: str, problem: str) -> None:
    ((place, said),) = places_and_problems(variable("v") + GROUP + line + "\n", v="bad")
    assert said == problem
    assert place.startswith("m.yaml:14:")


def test_a_name_from_a_variable_may_be_neither_empty_nor_too_long() -> None:
    text = variable("v") + GROUP.replace("{name: G}", "{name: '${var.v}'}")
    assert places_and_problems(text, v=" ") == [("m.yaml:13:12", "metadata.name is empty")]
    assert places_and_problems(text, v="x" * 256) == [
        ("m.yaml:13:12", "metadata.name is longer than 255 characters")
    ]
    assert only_object(text, v="x" * 255).name == "x" * 255


_VALUE = (
    "apiVersion: reconciler/v1\nkind: BusinessAttributeValue\n"
    "metadata: {name: V, attribute: A}\nspec: {displayName: %s}\n"
)


def test_a_display_name_that_is_too_long_is_a_problem() -> None:
    assert places_and_problems(_VALUE % ("x" * 256)) == [
        ("m.yaml:4:8", "displayName is longer than 255 characters")
    ]


def test_a_display_name_from_a_variable_that_is_too_long_is_a_problem() -> None:
    text = variable("v") + _VALUE % "'${var.v}'"
    ((place, problem),) = places_and_problems(text, v="x" * 256)
    assert place == "m.yaml:14:8"
    assert "displayName" in problem


def test_a_list_that_variables_make_name_something_twice_is_a_problem() -> None:
    text = variable("v") + GROUP + "spec: {agents: [one, '${var.v}']}\n"
    ((place, problem),) = places_and_problems(text, v="one")
    assert place.startswith("m.yaml:14:")
    assert "twice" in problem


def test_an_agent_whose_name_a_variable_leaves_empty_is_a_problem() -> None:
    text = variable("v") + GROUP + "spec: {agents: [one, '${var.v}']}\n"
    ((place, problem),) = places_and_problems(text, v="")
    assert place.startswith("m.yaml:14:")
    assert "empty" in problem


# Policies


ANNEX = "spec: {annex: {s: {a: x, b: y}, t: {a: z}}, state: Enabled}\n"


def test_globs_that_stand_for_a_field_go_with_it_alone() -> None:
    policy = "policy: {satisfiedBy: {/annex/s/a: ['a@*', z]}}\n"
    fields = by_path(only_object(GROUP + ANNEX + policy))
    assert {path: f.satisfied_by for path, f in fields.items() if f.satisfied_by} == {
        ("annex", "s", "a"): ("a@*", "z")
    }


@pytest.mark.parametrize(
    ("kind", "policy", "overwrite"),
    [
        ("AgentGroup", "", "replace"),
        ("AgentGroup", "policy: {overwrite: correct}\n", "correct"),
        ("AgentGroup", "policy: {overwrite: keep}\n", "keep"),
        ("BusinessAttribute", "", "correct"),
        ("BusinessAttribute", "policy: {overwrite: keep}\n", "keep"),
    ],
)
def test_what_overwrite_does_has_a_default_per_kind(kind: str, policy: str, overwrite: str) -> None:
    text = GROUP.replace("AgentGroup", kind)
    if kind == "BusinessAttribute":
        text += "spec: {displayName: D, type: Custom}\n"
    assert only_object(text + policy).policy.overwrite == overwrite


def test_a_business_attribute_is_never_replaced_since_its_values_would_go_with_it() -> None:
    text = GROUP.replace("AgentGroup", "BusinessAttribute")
    text += "spec: {displayName: D, type: Custom}\npolicy: {overwrite: replace}\n"
    ((_, problem),) = places_and_problems(text)
    assert problem == "overwrite cannot be 'replace'"


# Where manifests meet


def test_manifests_that_agree_share_one_application(site: Bound) -> None:
    text = OPTIONS + "  options: {s: {a: x, b: y}}\n---\n" + OPTIONS + "  options: {s: {a: x}}\n"
    first, second = desired(text, site).options
    assert (first.name, second.name) == ("Chat1", "Chat2")
    assert {path: field.value for path, field in by_path(first).items()} == {
        ("options", "s", "a"): "x",
        ("options", "s", "b"): "y",
    }


def test_manifests_that_want_different_values_are_a_problem_with_both_places(
    site: Bound,
) -> None:
    text = OPTIONS + "  options: {s: {a: x}}\n---\n" + OPTIONS + "  options: {s: {a: y}}\n"
    assert places_and_problems(text, site) == [
        (
            "m.yaml:13:17",
            f"conflicting declarations of s/a in {name}, first at m.yaml:6:17",
        )
        for name in ("Chat1", "Chat2")
    ]


def test_present_and_absent_are_different_values(site: Bound) -> None:
    text = OPTIONS + "  options: {s: {a: ''}}\n---\n" + OPTIONS + "  options: {s: {a: null}}\n"
    assert [place for place, _ in places_and_problems(text, site)] == ["m.yaml:13:17"] * 2


def test_manifests_that_disagree_about_who_owns_a_value_are_a_problem(site: Bound) -> None:
    text = OPTIONS + "  options: {s: {a: x}}\n---\n"
    initial = OPTIONS.replace("spec:", "initial:") + "  options: {s: {a: x}}\n"
    found = places_and_problems(text + initial, site)
    assert [place for place, _ in found] == ["m.yaml:13:17"] * 2


def test_a_section_under_options_and_under_sections_is_a_problem_with_both_places(
    site: Bound,
) -> None:
    text = OPTIONS + "  options: {s: {a: x}}\n  sections: {s: {b: y}}\n"
    found = places_and_problems(text, site)
    assert [place for place, _ in found] == ["m.yaml:7:18"] * 2
    assert "[s] in Chat1 is declared under both options and sections" in found[0][1]
    assert "first at m.yaml:6:17" in found[0][1]


def test_that_problem_is_found_without_a_site_in_whole_words() -> None:
    text = OPTIONS + "  options: {s: {a: x}}\n  sections: {s: {b: y}}\n"
    ((place, problem),) = places_and_problems(text)
    assert place == "m.yaml:7:18"
    assert "is declared under both options and sections, first at m.yaml:6:17" in problem
    assert "  " not in problem


def test_an_object_that_is_described_twice_is_a_problem_with_both_places() -> None:
    assert places_and_problems(GROUP + "---\n" + GROUP) == [
        ("m.yaml:7:12", "AgentGroup/G is declared twice, first at m.yaml:3:12")
    ]


def test_scripts_of_different_kinds_share_one_scope_of_names() -> None:
    queue, routing = (
        GROUP.replace("AgentGroup", "InteractionQueue"),
        GROUP.replace("AgentGroup", "EnhancedRouting"),
    )
    assert places_and_problems(queue + "---\n" + routing) == [
        (
            "m.yaml:7:12",
            "EnhancedRouting/G is declared twice, first as InteractionQueue/G at m.yaml:3:12",
        )
    ]


def test_names_that_differ_in_case_only_are_a_problem_with_both_places() -> None:
    queue = GROUP.replace("AgentGroup", "InteractionQueue")
    ((place, problem),) = places_and_problems(queue + "---\n" + queue.replace("G}", "g}"))
    assert place == "m.yaml:7:12"
    assert "m.yaml:3:12" in problem


def test_names_that_differ_in_their_unicode_form_only_are_a_problem() -> None:
    composed = GROUP.replace("name: G", "name: Caf\u00e9")
    ((place, problem),) = places_and_problems(
        composed + "---\n" + GROUP.replace("G}", "Cafe\u0301}")
    )
    assert place == "m.yaml:7:12"
    assert "is declared twice" in problem


@pytest.mark.parametrize("value", ["webme", "101:", ":webme", "x:webme", ""])
def test_a_queue_key_that_names_no_tenant_and_endpoint_is_a_problem(value: str) -> None:
    text = OPTIONS + f"  options: {{chat: {{queueKey: '{value}'}}}}\n"
    ((place, problem),) = places_and_problems(text)
    assert place.startswith("m.yaml:6:")
    assert (
        "chat/queueKey must be the DBID of a tenant, a colon and the name of an endpoint" in problem
    )


def test_a_queue_key_of_a_site_that_is_not_known_yet_is_no_problem() -> None:
    text = OPTIONS + "  options: {chat: {queueKey: '${site.tenant.dbid}:webme'}}\n"
    assert desired(text).options == ()


def test_the_same_name_in_two_scopes_is_two_objects(site: Bound) -> None:
    other = GROUP.replace("{name: G}", "{name: G, tenant: Other}")
    first, second = _VALUE % "D", _VALUE.replace("attribute: A", "attribute: B") % "D"
    text = "---\n".join([GROUP, other, GROUP.replace("AgentGroup", "InteractionQueue")])
    objects = desired("---\n".join([text, first, second]), site).objects
    assert sorted(one.address for one in objects) == [
        "AgentGroup/G",
        "BusinessAttributeValue/A/V",
        "BusinessAttributeValue/B/V",
        "InteractionQueue/G",
        "Other:AgentGroup/G",
    ]


def test_problems_of_binding_are_reported_together(site: Bound) -> None:
    text = "---\n".join(
        [
            GROUP + "spec: {annex: {s: {a: '${var.no}'}}}\n",
            GROUP + "policy: {satisfiedBy: {/annex/s/a: [x]}}\n",
            OPTIONS.replace("role: chat-server", "application: No") + "  options: {s: {o: x}}\n",
        ]
    )
    places = [place for place, _ in places_and_problems(text, site)]
    assert sorted(places) == ["m.yaml:14:10", "m.yaml:4:20", "m.yaml:8:12", "m.yaml:9:24"]
