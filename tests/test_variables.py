"""Variables: declared, set by the site, filled in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import ManifestError, UsageError
from reconciler.kinds.fields import FieldPath
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired, Initial, ManagedField
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import GivenValues, Setting, collect, parse_setting
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions, discover
from reconciler.site.model import Site
from reconciler.yaml.strict import load_text
from tests.harness import APP, BARE, VENDOR, gwe, opened, plan_arguments, site_server

VARIABLES = """\
apiVersion: reconciler/v1
kind: Variables
metadata: {name: v}
spec:
"""
"""Four lines; what follows begins in line 5."""

GROUP = "---\napiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: G}\n"
"""Four lines, to stand after the variables."""

Bound = tuple[Site, Snapshot]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Bound:
    """The bare site: tenant Resources (101), server GWE on host.example.com, no cluster."""
    with opened(site_server(tmp_path_factory.mktemp("site"), BARE)) as server:
        everyone = server.read("Tenant", {"all_tenants": 1})
        found = Snapshot([*everyone, *server.read("Application"), *server.read("Host")])
    return discover(found, SiteOptions(APP)), found


def desired(
    text: str,
    *settings: Setting,
    site: Bound | None = None,
    environment: Mapping[str, str] | None = None,
) -> Desired:
    """What the manifests of a text ask for. ManifestError lists what is wrong with them."""
    problems: list[Diagnostic] = []
    manifests = validate(load_text(text, "m.yaml", problems), problems)
    variables = collect(manifests, settings, problems)
    if problems:
        raise ManifestError(problems)
    return bind(manifests, variables, environment or {}, *(site or ()))


def fields(text: str, *settings: Setting, **more: Any) -> dict[FieldPath, ManagedField]:
    """The fields of the one object of a text."""
    (one,) = desired(text, *settings, **more).objects
    return {field.path: field for field in one.fields}


def filled(value: str, *settings: Setting, declared: str = "", **more: Any) -> object:
    """What an option of the written value becomes. ``declared``: lines of Variables."""
    head = VARIABLES + declared if declared else ""
    text = head + GROUP + f"spec: {{annex: {{s: {{o: '{value}'}}}}}}\n"
    return fields(text, *settings, **more)[("annex", "s", "o")].value


def problems_of(text: str, *settings: Setting, **more: Any) -> list[tuple[str, str, str]]:
    """Place, summary and hint of every problem."""
    with pytest.raises(ManifestError) as caught:
        desired(text, *settings, **more)
    return [(str(p.position), p.summary, p.hint) for p in caught.value.diagnostics]


def option_problem(value: str, declared: str = "", **more: Any) -> tuple[str, str, str]:
    """The one problem of a value, which stands in line 1 of its own."""
    text = f"{VARIABLES}{declared}{GROUP}" if declared else GROUP
    text += f"spec:\n  annex:\n    s:\n      o: '{value}'\n"
    ((place, summary, hint),) = problems_of(text, **more)
    assert place == f"m.yaml:{text.count(chr(10))}:7"
    return place, summary, hint


A = "  a: {description: d, default: from manifest}\n"


# Values


def test_a_variable_has_its_default_until_the_site_sets_it() -> None:
    assert filled("<${var.a}>", declared=A) == "<from manifest>"
    assert filled("<${var.a}>", Setting("a", "from site"), declared=A) == "<from site>"


def test_the_last_setting_wins() -> None:
    settings = [Setting("a", "first"), Setting("a", "second"), Setting("a", "last")]
    assert filled("${var.a}", *settings, declared=A) == "last"


def test_a_setting_may_be_empty() -> None:
    assert filled("<${var.a}>", Setting("a", ""), declared=A) == "<>"


@pytest.mark.parametrize(
    ("default", "value"),
    [("0123", "0123"), ("22:30", "22:30"), ("7", "7"), ("true", "true"), ("''", ""), ("on", "on")],
)
def test_a_default_keeps_its_characters(default: str, value: str) -> None:
    assert filled("${var.a}", declared=f"  a: {{description: d, default: {default}}}\n") == value


def test_several_names_stand_in_one_value() -> None:
    declared = A + "  b: {description: d, default: '2'}\n"
    assert filled("${var.b}-${var.a}-${var.b}", declared=declared) == "2-from manifest-2"


def test_a_value_that_the_site_set_is_not_looked_into_again() -> None:
    for written in ("${var.a}", "${site.tenant.name}", "$${x}", "${"):
        assert filled("${var.a}", Setting("a", written), declared=A) == written


def test_a_default_may_use_the_site_and_the_environment(site: Bound) -> None:
    declared = "  a: {description: d, default: 'http://${site.server.host}/${env.PAGE}'}\n"
    more: dict[str, Any] = {"site": site, "environment": {"PAGE": "start"}}
    assert filled("${var.a}", declared=declared, **more) == "http://host.example.com/start"


def test_a_default_cannot_use_a_variable_even_where_nothing_uses_it() -> None:
    declared = A + "  b: {description: d, default: 'x${var.a}'}\n"
    assert problems_of(VARIABLES + declared + GROUP) == [
        ("m.yaml:6:23", "a default cannot use another variable: ${var.a}", "")
    ]


def test_dollar_dollar_brace_is_a_literal() -> None:
    assert (
        filled("$${var.a} $${} $$${var.a} $1 $ {x}", declared=A)
        == "${var.a} ${} $${var.a} $1 $ {x}"
    )


def test_what_the_site_gives_is_filled_in(site: Bound) -> None:
    value = "${site.tenant.name} ${site.tenant.dbid} ${site.server.name} ${site.server.host}"
    assert filled(value, site=site) == "Resources 101 GWE host.example.com"
    assert filled("${site.server.port}", site=site) == "9081"


def test_without_a_site_its_values_stay_as_they_are_written() -> None:
    assert filled("${site.tenant.dbid}:${var.a}", declared=A) == "${site.tenant.dbid}:from manifest"


def test_a_value_that_this_site_lacks_is_a_problem(site: Bound) -> None:
    _, summary, hint = option_problem("${site.cluster.name}", site=site)
    assert summary == "the site has no cluster.name"
    assert "use a variable instead" in hint


def test_a_default_that_this_site_cannot_fill_asks_for_a_value(site: Bound) -> None:
    declared = "  a: {description: d, default: '${site.cluster.name}'}\n"
    text = f"{VARIABLES}{declared}{GROUP}spec:\n  annex: {{s: {{o: '${{var.a}}'}}}}\n"
    ((place, summary, hint),) = problems_of(text, site=site)
    assert (place, summary) == ("m.yaml:5:23", "the site has no cluster.name")
    assert "give the variable a value (--var, gwe.toml) instead" in hint


def test_the_environment_gives_a_value_or_it_is_a_problem() -> None:
    assert filled("${env.PLACE}", environment={"PLACE": "here"}) == "here"
    assert filled("<${env.PLACE}>", environment={"PLACE": ""}) == "<>"
    _, summary, hint = option_problem("${env.PLACE}", environment={"OTHER": "x"})
    assert summary == "the environment variable PLACE is not set"
    assert hint == "Set it in the environment of this command."


# Places where names may stand


def test_names_stand_in_keys_names_and_policies() -> None:
    declared = A + "  e: {description: d, default: keep}\n"
    group = GROUP.replace("{name: G}", "{name: '<${var.a}>'}")
    text = (
        f"{VARIABLES}{declared}{group}"
        "initial: {annex: {'s ${var.a}': {'o ${var.a}': x}}}\n"
        "policy: {whole: ['/annex/s ${var.a}'], overwrite: '${var.e}'}\n"
    )
    (one,) = desired(text).objects
    assert one.name == "<from manifest>"
    assert one.policy.overwrite == "keep"
    assert [(field.path, field.ownership) for field in one.fields] == [
        (("annex", "s from manifest", "o from manifest"), Initial(("annex", "s from manifest")))
    ]


def test_names_stand_in_the_target(site: Bound) -> None:
    text = (
        f"{VARIABLES}  r: {{description: d, default: stat-server}}\n---\n"
        "apiVersion: reconciler/v1\nkind: ApplicationOptions\nmetadata: {name: o}\n"
        "target: {role: '${var.r}'}\nspec: {options: {s: {o: x}}}\n"
    )
    assert [one.name for one in desired(text, site=site).options] == ["Stat"]
    set_by_site = desired(text, Setting("r", "chat-server"), site=site)
    assert [one.name for one in set_by_site.options] == ["Chat"]
    assert problems_of(text, Setting("r", "chat"), site=site)[0][:2] == (
        "m.yaml:10:10",
        "unknown role chat",
    )


def test_two_keys_that_become_one_are_a_problem() -> None:
    text = VARIABLES + A + GROUP + "spec:\n  annex:\n    '${var.a}': {o: x}\n    s: {o: y}\n"
    ((place, summary, _),) = problems_of(text, Setting("a", "s"))
    assert place == "m.yaml:13:5"
    assert summary == "duplicate key 's' after its variables are filled in"


def test_every_place_of_an_unknown_name_is_reported() -> None:
    text = (
        GROUP
        + "spec: {annex: {'${var.x}': {'${var.y}': '${var.z}'}}}\n"
        + "policy: {preserve: ['${env.W}']}\n"
    )
    found = {(place, summary) for place, summary, _ in problems_of(text)}
    assert found >= {
        ("m.yaml:5:16", "undefined variable ${var.x}"),
        ("m.yaml:5:29", "undefined variable ${var.y}"),
        ("m.yaml:5:29", "undefined variable ${var.z}"),
        ("m.yaml:6:21", "the environment variable W is not set"),
    }


def test_a_mistake_that_a_text_repeats_is_reported_once() -> None:
    text = GROUP + "spec: {annex: {s: {o: '${var.x}, ${env.W}, ${var.x}, ${ ${', p: '${var.x}'}}}\n"
    assert [(place, summary) for place, summary, _ in problems_of(text)] == [
        ("m.yaml:5:20", "undefined variable ${var.x}"),
        ("m.yaml:5:20", "the environment variable W is not set"),
        ("m.yaml:5:20", "${ without a closing }"),
        ("m.yaml:5:62", "undefined variable ${var.x}"),
    ]


def test_a_value_that_a_text_names_several_times_stands_there_each_time() -> None:
    assert filled("${var.a}$${a}${var.a}", Setting("a", "x"), declared=A) == "x${a}x"


# Mistakes


@pytest.mark.parametrize(
    ("value", "ending", "hint"),
    [
        ("${var.aa}", "; did you mean var.a?", "Known: var.a."),
        ("${site.tenant.dbi}", "; did you mean site.tenant.dbid?", "site.server.host"),
        ("${site.zzz}", "", "site.server.host"),
        ("${a}", "", "var.NAME"),
        ("${}", "", "var.NAME"),
        ("${target.name}", "", "var.NAME"),
        ("${VAR.a}", "", "var.NAME"),
    ],
)
def test_an_unknown_name_is_a_problem_with_a_way_out(value: str, ending: str, hint: str) -> None:
    _, summary, shown = option_problem(value, declared=A)
    assert summary == f"undefined variable {value}{ending}"
    assert hint in shown


def test_an_unknown_variable_where_none_is_declared_has_a_sensible_hint() -> None:
    _, summary, hint = option_problem("${var.a}")
    assert summary == "undefined variable ${var.a}"
    assert hint
    assert hint != "Known: ."


@pytest.mark.parametrize("value", ["${var.a", "x ${", "${var.{a}}"])
def test_a_brace_that_is_not_closed_is_a_problem(value: str) -> None:
    _, summary, hint = option_problem(value, declared=A)
    assert summary == "${ without a closing }"
    assert hint == "Write $${ for a literal ${."


def test_a_required_variable_without_a_value_is_a_problem_that_says_how_to_give_it() -> None:
    text = VARIABLES + "  fine: {description: d, default: ''}\n  need: {description: d}\n" + GROUP
    assert problems_of(text) == [
        (
            "m.yaml:6:3",
            "variable need needs a value",
            "Set it with --var need=VALUE or in gwe.toml.",
        )
    ]
    assert desired(text, Setting("need", "x")).objects


def test_a_variable_that_is_declared_twice_is_a_problem_with_both_places() -> None:
    assert problems_of(VARIABLES + A + "---\n" + VARIABLES + A) == [
        ("m.yaml:11:3", "variable a is declared twice, first at m.yaml:5:3", "")
    ]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{default: x}", "description is missing from a"),
        ("{description: d, defualt: x}", "unknown field defualt in a; did you mean default?"),
        ("{description: d, default: null}", "default cannot be null"),
        ("{description: d, default: [x]}", "default cannot be a list"),
        ("x", "a cannot be 'x'"),
    ],
)
def test_a_wrong_declaration_is_a_problem(entry: str, problem: str) -> None:
    ((place, summary, _),) = problems_of(VARIABLES + f"  a: {entry}\n")
    assert place.startswith("m.yaml:5:")
    assert summary == problem


def test_a_setting_of_a_file_that_names_no_variable_is_a_problem_at_its_place() -> None:
    settings = [
        Setting("aa", "x", Position("gwe.toml")),
        Setting("zzz", "x", Position("vars.yaml", 3, 1)),
    ]
    assert problems_of(VARIABLES + A, *settings) == [
        ("gwe.toml", "no manifest declares a variable aa; did you mean a?", "Declared: a."),
        ("vars.yaml:3:1", "no manifest declares a variable zzz", "Declared: a."),
    ]


def test_a_setting_of_the_command_line_that_names_no_variable_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="a variable aa; did you mean a") as caught:
        desired(VARIABLES + A, Setting("aa", "x"))
    assert caught.value.hint == "Declared: a."


# --var and --vars


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [("a=b", "a", "b"), ("a=", "a", ""), ("a=b=c", "a", "b=c"), ("a= b ", "a", " b ")],
)
def test_var_is_split_at_its_first_equals_sign(text: str, name: str, value: str) -> None:
    assert parse_setting(text) == Setting(name, value)


@pytest.mark.parametrize("text", ["", "a", "=b", "="])
def test_var_without_a_name_or_an_equals_sign_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is not NAME=VALUE"):
        parse_setting(text)


def _vars_file(folder: Path, text: str) -> tuple[list[Setting], list[str]]:
    path = folder / "vars.yaml"
    path.write_text(text, encoding="utf-8")
    problems: list[Diagnostic] = []
    settings = GivenValues(files=[path]).read(problems)
    return settings, [str(p).replace(f"{folder}/", "") for p in problems]


def test_a_vars_file_is_a_mapping_of_texts(tmp_path: Path) -> None:
    settings, problems = _vars_file(tmp_path, "a: 0123\nb: true\nc: 7\nd: ''\n---\ne: x\n")
    assert problems == []
    assert [(one.name, one.value) for one in settings] == [
        ("a", "0123"),
        ("b", "true"),
        ("c", "7"),
        ("d", ""),
        ("e", "x"),
    ]
    assert str(settings[1].position) == f"{tmp_path}/vars.yaml:2:1"


def test_what_is_wrong_in_a_vars_file_is_reported_with_its_place(tmp_path: Path) -> None:
    settings, problems = _vars_file(tmp_path, "a: null\nb: [x]\nc: {d: e}\nf: x\nf: y\n")
    assert sorted(problems) == [
        "vars.yaml:1:1: the value of a must be a string, number or boolean",
        "vars.yaml:2:1: the value of b must be a string, number or boolean",
        "vars.yaml:3:1: the value of c must be a string, number or boolean",
        "vars.yaml:5:1: duplicate key 'f', first at vars.yaml:4:1",
    ]
    assert [(one.name, one.value) for one in settings] == [("f", "x")]


def test_a_vars_file_that_is_no_mapping_is_a_problem(tmp_path: Path) -> None:
    assert _vars_file(tmp_path, "- a\n") == (
        [],
        ["vars.yaml:1:1: a mapping from variables to values is needed"],
    )


# Initial values and the site's own variables

INITIAL = (
    f"{VARIABLES}{A}{GROUP}"
    "initial: {annex: {s: {o: '<${var.a}>', p: x, '${var.a}': y}}}\n"
)


def _initial(text: str, *settings: Setting, **more: Any) -> dict[str, bool]:
    """Option -> whether it is initial; the others are enforced."""
    found = fields(text, *settings, **more)
    return {path[2]: isinstance(field.ownership, Initial) for path, field in found.items()}


def test_a_field_is_initial_while_its_variable_has_the_default() -> None:
    assert _initial(INITIAL) == {"o": True, "p": True, "from manifest": True}


def test_it_is_enforced_where_the_value_or_its_key_is_the_site_s_own() -> None:
    own = Setting("a", "own")
    assert _initial(INITIAL, own) == {"o": False, "p": True, "own": False}
    assert fields(INITIAL, own)[("annex", "s", "o")].value == "<own>"


def test_it_is_enforced_even_where_the_site_sets_what_the_default_is() -> None:
    assert _initial(INITIAL, Setting("a", "from manifest"))["o"] is False


def test_it_stays_initial_where_it_is_a_part_of_a_unit(site: Bound) -> None:
    own = Setting("a", "own")
    whole = f"{INITIAL}policy: {{whole: [/annex]}}\n"
    assert _initial(whole, own) == {"o": True, "p": True, "own": True}
    agents = fields(f"{VARIABLES}{A}{GROUP}initial: {{agents: [x, '${{var.a}}']}}\n", own)
    assert {field.ownership for field in agents.values()} == {Initial(("agents",))}


@pytest.mark.parametrize("block", ["options", "sections"])
def test_it_stays_initial_in_applications(site: Bound, block: str) -> None:
    text = (
        f"{VARIABLES}{A}---\napiVersion: reconciler/v1\nkind: ApplicationOptions\n"
        f"metadata: {{name: o}}\ntarget: {{role: stat-server}}\n"
        f"initial: {{{block}: {{s: {{o: '${{var.a}}'}}}}}}\n"
    )
    (one,) = desired(text, Setting("a", "own"), site=site).options
    (field,) = one.fields
    assert isinstance(field.ownership, Initial)
    assert field.ownership.hint.startswith("Setting the variable a does not change what is there.")


def test_a_value_of_the_site_or_the_environment_is_no_variable_that_was_set(site: Bound) -> None:
    text = INITIAL.replace("<${var.a}>", "${site.tenant.name} ${env.E}")
    found = _initial(text, Setting("a", "own"), site=site, environment={"E": "x"})
    assert found["o"] is True


# The whole program

MANIFEST = f"{VARIABLES}{A}  b: {{description: d, default: b}}\n{GROUP}" + (
    "spec: {annex: {s: {a: '${var.a}', b: '${var.b}'}}}\n"
)


def _planned(folder: Path, *arguments: str | Path, **environment: str) -> dict[str, str]:
    """The option values that a plan for the one group has."""
    result = gwe("plan", "--format", "json", *arguments, cwd=folder, env=environment)
    assert result.code == 0, result.err
    (action,) = result.json()["actions"]
    return {change["path"].rpartition("/")[2]: change["after"] for change in action["changes"]}


def test_var_wins_over_vars_over_gwe_toml_over_the_default(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    options = plan_arguments(server, "--file", "m.yaml")
    assert _planned(tmp_path, *options) == {"a": "from manifest", "b": "b"}
    (tmp_path / "gwe.toml").write_text("[vars]\na = 'toml'\nb = 'toml'\n", encoding="utf-8")
    (tmp_path / "v1.yaml").write_text("a: vars1\n", encoding="utf-8")
    (tmp_path / "v2.yaml").write_text("a: vars2\n", encoding="utf-8")
    assert _planned(tmp_path, *options) == {"a": "toml", "b": "toml"}
    files = ["--vars", "v1.yaml", "--vars", "v2.yaml"]
    assert _planned(tmp_path, *options, *files) == {"a": "vars2", "b": "toml"}
    # However the options are ordered.
    mixed = ["--var", "a=var1", *files, "--var", "a=var2"]
    assert _planned(tmp_path, *options, *mixed) == {"a": "var2", "b": "toml"}


def test_gwe_toml_names_the_server_the_application_and_the_files(tmp_path: Path) -> None:
    site_server(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "gwe.toml").write_text(
        "server = 'embedded:nowhere.db'\napp = 'GWE'\nfile = ['mine']\n"
        "[profiles.here]\nserver = 'embedded:gwe.db'\n[profiles.here.vars]\nb = 'profile'\n",
        encoding="utf-8",
    )
    by_option = _planned(tmp_path, "--profile", "here")
    assert by_option == {"a": "from manifest", "b": "profile"}
    assert _planned(tmp_path, GWE_PROFILE="here") == by_option
    # The environment, and the command line, win over the file.
    assert _planned(tmp_path, GWE_SERVER="embedded:gwe.db")["b"] == "b"
    assert _planned(tmp_path, "--server", "embedded:gwe.db", GWE_SERVER="embedded:x")["b"] == "b"
    unmoved = gwe("plan", cwd=tmp_path)
    assert unmoved.code == 1
    assert "nowhere.db does not exist" in unmoved.err


URL = "http://own.example.com/chat.scxml"
ADDRESS = "EnhancedRouting/Webengagement_Chat.Routing"


def _routing(folder: Path, server: Path, *more: str) -> dict[str, Any]:
    options = plan_arguments(server, "--target", ADDRESS, "--format", "json", *more)
    result = gwe("plan", *options, cwd=folder)
    assert result.code == 0, result.err
    (action,) = result.json()["actions"]
    assert action["address"] == ADDRESS
    return dict(action)


@pytest.mark.parametrize("way", ["gwe.toml", "--vars", "--var"])
def test_an_initial_url_is_corrected_once_the_site_sets_it(tmp_path: Path, way: str) -> None:
    server = site_server(tmp_path, VENDOR)
    kept = _routing(tmp_path, server)
    assert (kept["action"], kept["changes"]) == ("keep", [])
    (tmp_path / "vars.yaml").write_text(f"chat_routing_strategy_url: {URL}\n", encoding="utf-8")
    more: list[str] = []
    match way:
        case "gwe.toml":
            text = f"[vars]\nchat_routing_strategy_url = '{URL}'\n"
            (tmp_path / "gwe.toml").write_text(text, encoding="utf-8")
        case "--vars":
            more = ["--vars", "vars.yaml"]
        case "--var":
            more = ["--var", f"chat_routing_strategy_url={URL}"]
    corrected = _routing(tmp_path, server, *more)
    assert corrected["action"] == "update"
    assert [(c["path"], c["before"], c["after"]) for c in corrected["changes"]] == [
        ("/annex/Application/url", "http://vendor/Chat.scxml", URL)
    ]


def test_a_variable_of_manifests_that_are_not_loaded_is_told_what_to_do() -> None:
    with pytest.raises(UsageError, match="no manifest declares a variable nope") as caught:
        collect([], [Setting("nope", "x")], [])
    assert "name those that do with -f" in str(caught.value.hint)
