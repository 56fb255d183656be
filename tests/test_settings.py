"""``gwe.toml``: what it gives a run, and what is said of mistakes in it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields, replace

from reconciler.diagnostics import Position
from reconciler.errors import ManifestError, UsageError
from reconciler.kinds.secret_names import SecretNames
from reconciler.manifest.variables import Setting
from reconciler.plan.guards import Limits
from reconciler.settings.gwe_toml import Settings, read_settings
from reconciler.settings.schema import settings_schema


def _toml(folder: Path, text: str, profile: str = "") -> Settings:
    (folder / "gwe.toml").write_text(text, encoding="utf-8")
    return read_settings(folder, profile)


TOML = """\
server = "embedded:gwe.db"
app = "GWE"
tenant = "Resources"
cluster = "C"
file = ["manifests", "more/one.yaml"]

[vars]
a = "one"
b = "two"

[profiles.test]
server = "embedded:test.db"
file = ["test"]

[profiles.test.vars]
b = "three"
c = "four"

[profiles.empty]
"""


def _values(settings: Settings) -> dict[str, str]:
    return {one.name: one.value for one in settings.variables}


def test_without_a_gwe_toml_there_are_no_settings(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


def test_gwe_toml_gives_what_it_says(tmp_path: Path) -> None:
    settings = _toml(tmp_path, TOML)
    assert (settings.server, settings.app) == (f"embedded:{tmp_path}/gwe.db", "GWE")
    assert (settings.tenant, settings.cluster) == ("Resources", "C")
    assert settings.file == (tmp_path / "manifests", tmp_path / "more/one.yaml")
    assert _values(settings) == {"a": "one", "b": "two"}
    assert {one.position for one in settings.variables} == {Position(f"{tmp_path}/gwe.toml")}


def test_a_profile_stands_over_the_rest_of_gwe_toml(tmp_path: Path) -> None:
    settings = _toml(tmp_path, TOML, "test")
    assert (settings.server, settings.app) == (f"embedded:{tmp_path}/test.db", "GWE")
    assert settings.file == (tmp_path / "test",)
    assert _values(settings) == {"a": "one", "b": "three", "c": "four"}


def test_an_empty_profile_changes_nothing(tmp_path: Path) -> None:
    empty, none = _toml(tmp_path, TOML, "empty"), _toml(tmp_path, TOML)
    assert replace(empty, origin=none.origin) == none


def test_a_profile_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gwe\.toml has no profile tset") as caught:
        _toml(tmp_path, TOML, "tset")
    assert caught.value.hint == "Profiles: test, empty."


def test_a_profile_without_a_gwe_toml_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no profile test"):
        read_settings(tmp_path, "test")


def _toml_problems(folder: Path, text: str, profile: str = "") -> list[str]:
    with pytest.raises(ManifestError) as caught:
        _toml(folder, text, profile)
    assert {p.position for p in caught.value.diagnostics} == {Position(f"{folder}/gwe.toml")}
    return [p.summary for p in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server = 1\n", "server must be a string"),
        ("app = true\n", "app must be a string"),
        ("tenant = ['x']\n", "tenant must be a string"),
        ("[cluster]\n", "cluster must be a string"),
        ("file = 'manifests'\n", "file must be a list of paths"),
        ("file = ['a', 1]\n", "item 2 of file must be a string"),
        ("vars = 'x'\n", "vars must be a table of strings"),
        ("[vars]\na = 1\n", "vars.a must be a string"),
        ("[vars.a]\nb = 'x'\n", "vars.a must be a string"),
        ("profiles = 'x'\n", "profiles must be a table of tables"),
        ("[profiles]\nx = 'y'\n", "profiles.x must be a table"),
        ("[profiles.x]\nserver = 1\n", "profiles.x.server must be a string"),
        ("[profiles.x]\nfile = 'y'\n", "profiles.x.file must be a list of paths"),
        ("[profiles.x.vars]\na = 1\n", "profiles.x.vars.a must be a string"),
    ],
)
def test_a_wrong_type_in_gwe_toml_is_a_problem(tmp_path: Path, text: str, problem: str) -> None:
    assert _toml_problems(tmp_path, text) == [problem]


@pytest.mark.parametrize(
    ("text", "summary", "hint"),
    [
        (
            "sever = 'x'",
            "unknown setting sever; did you mean server?",
            "Known here: server, app, tenant",
        ),
        ("nope = 2", "unknown setting nope", "Known here: server, app, tenant"),
        (
            "[profiles.x]\napps = 1",
            "unknown setting profiles.x.apps; did you mean app?",
            "Known here: server",
        ),
        ("[connection]\nport = 2", "unknown setting connection.port", "Known here: psdk, client,"),
        (
            "[profiles.x.connection]\ninstall-dir = 'i'",
            "unknown setting profiles.x.connection.install-dir",
            "Write install_dir outside [profiles.x.connection].",
        ),
        ("'my key' = 1", 'unknown setting "my key"', "Known here: server"),
        ("[connection]\n'a.b' = 1", 'unknown setting connection."a.b"', "Known here: psdk"),
    ],
)
def test_an_unknown_setting_is_a_problem_that_lists_the_known_ones(
    tmp_path: Path, text: str, summary: str, hint: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        _toml(tmp_path, text)
    (problem,) = caught.value.diagnostics
    assert problem.summary == summary
    assert problem.hint.startswith(hint)


def test_a_profile_has_no_profiles_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        _toml(tmp_path, "nope = 1\n[profiles.x]\nnope = 1\n")
    outside, inside = (problem.hint for problem in caught.value.diagnostics)
    assert outside == inside.removesuffix(".") + ", profiles."


def test_all_mistakes_of_gwe_toml_are_reported(tmp_path: Path) -> None:
    text = "server = 1\nnope = 2\nfile = 3\n[vars]\na = 4\n[profiles.p]\napp = 5\n"
    assert _toml_problems(tmp_path, text) == [
        "unknown setting nope",
        "file must be a list of paths",
        "profiles.p.app must be a string",
        "server must be a string",
        "vars.a must be a string",
    ]


@pytest.mark.parametrize("profiles", ["'test'", "3", "['test']", "true"])
def test_profiles_of_a_wrong_type_are_a_problem_also_when_one_is_chosen(
    tmp_path: Path, profiles: str
) -> None:
    assert _toml_problems(tmp_path, f"profiles = {profiles}\n", "test") == [
        "profiles must be a table of tables"
    ]


def test_bad_toml_is_a_problem_with_its_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        _toml(tmp_path, "app = 'x'\nserver = \n")
    (problem,) = caught.value.diagnostics
    assert problem.position == Position(f"{tmp_path}/gwe.toml", 2, 10)
    assert problem.summary == "not valid TOML: invalid value"


@pytest.mark.parametrize(
    ("text", "place", "summary", "hint"),
    [
        ("server = embedded:x\n", ":1:10", "invalid value", "with a text in quotes: app = "),
        ("app = 'x", "", 'expected "\'" at the end of the file', "A setting is written NAME = "),
        ("app = 'x'\napp = 'y'\n", ":2:10", "cannot overwrite a value", "remove it in one place"),
        ("[vars\n", ":1:6", "expected ']' at the end of a table declaration", "in brackets"),
        ('state = "C:\\gwe"\n', ":1:14", "unescaped '\\' in a string", "in single quotes"),
    ],
)
def test_bad_toml_is_told_with_what_to_do(
    tmp_path: Path, text: str, place: str, summary: str, hint: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        _toml(tmp_path, text)
    (problem,) = caught.value.diagnostics
    assert str(problem.position) == f"{tmp_path}/gwe.toml{place}"
    assert problem.summary == f"not valid TOML: {summary}"
    assert hint in problem.hint


def test_a_gwe_toml_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").mkdir()
    with pytest.raises(ManifestError, match=r"gwe\.toml: cannot be read: Is a directory"):
        read_settings(tmp_path)


def test_a_gwe_toml_that_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_bytes(b"app = '\xfc'\n")
    with pytest.raises(ManifestError, match=r"gwe\.toml.*cannot be read: it is not UTF-8"):
        read_settings(tmp_path)


def test_a_byte_order_mark_in_gwe_toml_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_bytes(b"\xef\xbb\xbfapp = 'GWE'\n")
    assert read_settings(tmp_path).app == "GWE"


@pytest.mark.parametrize(
    "text",
    [
        "server = {password = 'hush-hush'}",
        "server = ['hush-hush']",
        "trust-store-password = 'hush-hush'",
        "[connection]\ntrust-store-password = 'hush-hush'",
        "[connection]\nin-flight = 'hush-hush'",
        "[vars]\npassword = ['hush-hush']",
        "[secrets]\nwords = 'hush-hush'",
    ],
)
def test_no_value_of_gwe_toml_is_in_a_message(tmp_path: Path, text: str) -> None:
    with pytest.raises(ManifestError) as caught:
        _toml(tmp_path, text)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("9" * 5_000, "a number has too many digits"),
        ("0x" + "f" * 100_000, "a number has too many digits"),
        ("[" * 100_000, "values are nested too deeply"),
        ("{a = " * 20_000, "values are nested too deeply"),
        ("[" * 100 + "]" * 100, "server must be a string"),
        ("{" + "a." * 50_000 + "a = 1}", "a key has more than 100 parts"),
        ("{" + "'a' . " * 20_000 + "a = 1}", "a key has more than 100 parts"),
        ("'" + "x" * 131_072 + "'", "cannot be read: it is larger than 128 KiB"),
    ],
    ids=["digits", "hex", "lists", "tables", "shallow", "dotted", "quoted", "large"],
)
def test_a_monstrous_value_is_a_problem_and_no_crash(
    tmp_path: Path, value: str, problem: str
) -> None:
    assert _toml_problems(tmp_path, f"server = {value}\n") == [problem]


@pytest.mark.parametrize("escape", ["\\u0000", "\\n", "\\u001b"])
@pytest.mark.parametrize("name", ["server", "state_dir", "app"])
def test_a_setting_holds_no_control_character(tmp_path: Path, name: str, escape: str) -> None:
    (problem,) = _toml_problems(tmp_path, f'{name} = "a{escape}"\n')
    assert problem == f"{name} must be a string without control characters"


def test_a_long_string_with_dots_is_no_long_key(tmp_path: Path) -> None:
    text = "A sentence. Another one... " * 1_000 + "." * 1_000
    assert _toml(tmp_path, f"# {text}\ntenant = '{text}'\n").tenant == text


def test_of_many_mistakes_a_hundred_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    many = "".join(f"key{number} = 1\n" for number in range(9_000))
    problems = _toml_problems(tmp_path, many)
    assert len(problems) == 101
    assert problems[0] == "unknown setting key0"
    assert problems[99:] == ["unknown setting key99", "and 8900 more"]


def test_a_long_key_is_shortened_in_messages(tmp_path: Path) -> None:
    (problem,) = _toml_problems(tmp_path, f"{'k' * 10_000} = 1\n")
    assert problem == f'unknown setting "{"k" * 80}"'


NUMBERS = ["1.0", "true", "'1'", "-1", "nan", "inf", "[1]"]


@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("name", ["percent", "at_least", "count"])
def test_a_limit_is_an_integer(tmp_path: Path, name: str, value: str) -> None:
    problems = _toml_problems(tmp_path, f"[guards]\n{name} = {value}\n")
    expected = "from 0 to 100" if name == "percent" else "0 or more"
    assert [one.replace(",", "") for one in problems] == [
        f"guards.{name} must be an integer {expected}"
    ]


def test_a_limit_beyond_all_objects_is_a_mistake(tmp_path: Path) -> None:
    (problem,) = _toml_problems(tmp_path, "[guards]\npercent = 300\n")
    assert problem == "guards.percent must be an integer from 0 to 100"
    assert _toml(tmp_path, "[guards]\npercent = 100\n").limits.percent == 100


@pytest.mark.parametrize("value", [*NUMBERS, "0", "257"])
def test_a_number_of_requests_is_in_the_range_of_its_option(tmp_path: Path, value: str) -> None:
    problems = _toml_problems(tmp_path, f"[connection]\nin-flight = {value}\n")
    assert problems == ["connection.in-flight must be an integer from 1 to 256"]


@pytest.mark.parametrize("value", ["true", "'1'", "-1", "nan", "inf", "0", "86401", "86400.5"])
def test_a_time_limit_is_a_finite_number_in_the_range_of_its_option(
    tmp_path: Path, value: str
) -> None:
    problems = _toml_problems(tmp_path, f"[connection]\nconnect-timeout = {value}\n")
    expected = "a number greater than 0 and at most 86400"
    assert problems == [f"connection.connect-timeout must be {expected}"]


def test_a_date_is_no_string(tmp_path: Path) -> None:
    assert _toml_problems(tmp_path, "app = 2024-01-01\n") == ["app must be a string"]


# The schema and the loader


def _leaves(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The settings that a schema knows: tables of fixed keys are walked through."""
    for name, inner in schema["properties"].items():
        if inner.get("properties"):
            yield from _leaves(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}"


EXAMPLES: dict[str, tuple[str, str, Any]] = {
    "name": ("'chat'", "name", "chat"),
    "server": ("'embedded:s'", "server", "embedded:HERE/s"),
    "app": ("'a'", "app", "a"),
    "tenant": ("'t'", "tenant", "t"),
    "cluster": ("'c'", "cluster", "c"),
    "state": ("'kept'", "state", "HERE/kept"),
    "state_dir": ("'kept'", "state_dir", Path("HERE/kept")),
    "install_dir": ("'/opt/gwe'", "install_dir", Path("/opt/gwe")),
    "file": ("['m', '/n']", "file", (Path("HERE/m"), Path("/n"))),
    "vars": ("{a = 'b'}", "variables", (Setting("a", "b", Position("HERE/gwe.toml")),)),
    "max_file_mib": ("1024", "max_file_mib", 1024),
    "guards.percent": ("1", "limits", Limits(percent=1)),
    "guards.at_least": ("2", "limits", Limits(at_least=2)),
    "guards.count": ("0", "limits", Limits(count=0)),
    "secrets.words": ("['pin']", "secret_names", SecretNames(("pin",))),
    "secrets.except": ("['token-timeout']", "secret_names", SecretNames((), ("token-timeout",))),
    "connection.psdk": ("'p'", "connection", {"psdk": "HERE/p"}),
    "connection.client": ("'c'", "connection", {"client": "c"}),
    "connection.client-type": ("'107'", "connection", {"client_type": "107"}),
    "connection.ca-file": ("'ca.pem'", "connection", {"ca_file": "HERE/ca.pem"}),
    "connection.trust-store": ("'ts'", "connection", {"trust_store": "HERE/ts"}),
    "connection.certificate": ("'c.pem'", "connection", {"certificate": "HERE/c.pem"}),
    "connection.key": ("'k.pem'", "connection", {"key": "HERE/k.pem"}),
    "connection.encoding": ("'cp1252'", "connection", {"encoding": "cp1252"}),
    "connection.addp": ("false", "connection", {"addp": False}),
    "connection.tls-upgrade": ("true", "connection", {"tls_upgrade": True}),
    "connection.addp-timeout": ("1", "connection", {"addp_timeout": 1}),
    "connection.addp-remote-timeout": ("86400", "connection", {"addp_remote_timeout": 86400}),
    "connection.in-flight": ("256", "connection", {"in_flight": 256}),
    "connection.connect-timeout": ("0.5", "connection", {"connect_timeout": 0.5}),
}
"""Setting -> what TOML says, the field of ``Settings`` that it becomes, and its value there."""


def test_the_examples_are_every_setting_of_the_schema_and_every_field_of_the_loader() -> None:
    schema = settings_schema()
    profiles = schema["properties"].pop("profiles")
    assert sorted(EXAMPLES) == sorted(_leaves(schema))
    assert sorted(EXAMPLES) == sorted(_leaves(profiles["additionalProperties"]))
    assert {field for _, field, _ in EXAMPLES.values()} == {
        one.name for one in fields(Settings) if one.name != "origin"
    }


def _in(folder: Path, value: Any) -> Any:
    """An expected value with the folder of the file in place of HERE."""
    if isinstance(value, tuple):
        return tuple(_in(folder, part) for part in value)
    if isinstance(value, dict):
        return {key: _in(folder, part) for key, part in value.items()}
    if isinstance(value, Setting):
        return Setting(value.name, value.value, Position(f"{folder}/gwe.toml"))
    if isinstance(value, str):
        return value.replace("HERE", str(folder))
    if isinstance(value, Path) and value.parts[0] == "HERE":
        return folder.joinpath(*value.parts[1:])
    return value


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("prefix", ["", "profiles.p."])
def test_a_setting_of_the_schema_reaches_the_run_and_no_other_field_changes(
    tmp_path: Path, prefix: str, name: str
) -> None:
    value, field, expected = EXAMPLES[name]
    settings = _toml(tmp_path, f"{prefix}{name} = {value}\n", "p" if prefix else "")
    changed = {
        one.name: getattr(settings, one.name)
        for one in fields(Settings)
        if one.name != "origin" and getattr(settings, one.name) != getattr(Settings(), one.name)
    }
    assert changed == {field: _in(tmp_path, expected)}


def test_a_table_of_a_profile_is_merged_with_the_one_outside(tmp_path: Path) -> None:
    text = "[guards]\npercent = 1\ncount = 2\n[profiles.p.guards]\ncount = 3\n"
    assert _toml(tmp_path, text, "p").limits == Limits(percent=1, count=3)
    assert _toml(tmp_path, text).limits == Limits(percent=1, count=2)


def test_an_empty_setting_of_a_profile_takes_the_one_outside_away(tmp_path: Path) -> None:
    text = "cluster = 'C'\nstate_dir = 'kept'\nfile = ['m']\n"
    profile = "[profiles.p]\ncluster = ''\nstate_dir = ''\nfile = []\n"
    settings = _toml(tmp_path, text + profile, "p")
    assert settings == Settings(origin=settings.origin)


def test_every_part_of_the_schema_is_described_to_editors() -> None:
    def undescribed(schema: dict[str, Any], path: str) -> Iterator[str]:
        if not re.fullmatch(r"[A-Z].*\.", schema.get("description", "")):
            yield path
        inner = schema.get("properties", {}) | {"*": schema.get("additionalProperties")}
        for name, each in (inner | {"[]": schema.get("items")}).items():
            if each:
                yield from undescribed(each, f"{path}/{name}")

    assert list(undescribed(settings_schema(), "")) == []
