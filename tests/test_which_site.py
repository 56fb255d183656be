"""Which manifests, which settings, which server: where they come from, and that a plan says so."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.settings.search import _is_own_group, settings_folder
from tests.harness import Result, gwe, site_server

QUEUE = """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Chat}
spec: {annex: {s: {k: v}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a server file, one manifest, a gwe.toml with profiles, and a folder below."""
    folder = tmp_path / "project"
    (folder / "below" / "it").mkdir(parents=True)
    site_server(folder)
    (folder / "m.yaml").write_text(QUEUE, encoding="utf-8")
    (folder / "gwe.toml").write_text(
        'server = "embedded:gwe.db"\napp = "GWE"\nfile = ["m.yaml"]\n'
        "[profiles.test]\n"
        'server = "embedded:test.db"\n'
        "[profiles.same]\n"
        'server = "embedded:gwe.db"\napp = "GWE"\n',
        encoding="utf-8",
    )
    return folder


def head(result: Result) -> list[str]:
    return result.out.split("\n\n")[0].splitlines()


def test_a_plan_begins_with_what_it_was_made_from(project: Path) -> None:
    result = gwe("plan", "--profile", "same", cwd=project)
    assert result.code == 0, result.err
    assert head(result) == [
        "Manifests  m.yaml",
        "Settings   gwe.toml, profile same",
        "Site       GWE",
        "Tenant     Resources (DBID 101)",
        "Server     embedded:gwe.db",
    ]


def test_a_plan_from_no_named_manifests_says_that_they_are_the_bundled_ones(tmp_path: Path) -> None:
    site = ("--server", f"embedded:{site_server(tmp_path)}", "--app", "GWE")
    result = gwe("plan", *site, cwd=tmp_path)
    assert head(result)[:2] == [
        "Manifests  bundled (none named by -f, GWE_FILE or gwe.toml)",
        "Settings   no gwe.toml",
    ]
    assert head(gwe("plan", "-f", "bundled", *site, cwd=tmp_path))[0] == "Manifests  bundled"


def test_a_plan_file_says_what_it_was_made_from_when_it_is_shown(project: Path) -> None:
    assert gwe("plan", "--out", "p", cwd=project).code == 0
    shown = gwe("show", "p", cwd=project)
    assert head(shown)[:2] == ["Manifests  m.yaml", "Settings   gwe.toml"]
    inputs = {"manifests": ["m.yaml"], "named": True, "settings": "gwe.toml", "profile": None}
    assert gwe("show", "p", "--format", "json", cwd=project).json()["inputs"] == inputs


def test_gwe_toml_is_found_above_and_its_paths_are_relative_to_it(project: Path) -> None:
    result = gwe("plan", cwd=project / "below" / "it")
    assert head(result)[:2] == ["Manifests  ../../m.yaml", "Settings   ../../gwe.toml"]
    assert head(result)[-1] == "Server     embedded:../../gwe.db"


def test_mistakes_in_a_gwe_toml_above_name_it(project: Path) -> None:
    (project / "gwe.toml").write_text("sever = 1\n", encoding="utf-8")
    result = gwe("plan", cwd=project / "below")
    assert "error: ../gwe.toml: unknown setting sever" in result.err


@pytest.fixture
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder a/b/c, below one with a gwe.toml, which is also its home."""
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    (tmp_path / "gwe.toml").touch()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder


def test_the_nearest_gwe_toml_counts(below: Path, tmp_path: Path) -> None:
    assert settings_folder() == Path("../../..")
    (below.parent / "gwe.toml").touch()
    assert settings_folder() == Path("..")
    (below / "gwe.toml").touch()
    assert settings_folder() == Path()


@pytest.mark.parametrize("repository", ["a/b/c", "a"])
@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_search_does_not_leave_a_repository(
    below: Path, tmp_path: Path, repository: str, kind: str
) -> None:
    git = tmp_path / repository / ".git"
    git.mkdir() if kind == "folder" else git.touch()
    assert settings_folder() == Path()
    (git.parent / "gwe.toml").touch()
    assert settings_folder().resolve() == git.parent


def test_the_search_ends_at_the_home_folder(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "a"))
    assert settings_folder() == Path()
    (tmp_path / "a" / "gwe.toml").touch()
    assert settings_folder() == Path("../..")


def test_the_search_ends_at_a_mount(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == below.parent)
    assert settings_folder() == Path()


def test_a_gwe_toml_that_anyone_could_have_written_is_refused(below: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(UsageError, match="everyone may write to its folder") as caught:
        settings_folder()
    assert f"chmod o-w {tmp_path}" in caught.value.hint
    tmp_path.chmod(0o755)
    assert settings_folder() == Path("../../..")


@pytest.mark.parametrize("name", ["", "gwe.toml"])
@pytest.mark.parametrize(
    ("mode", "who", "letter"), [(0o002, "everyone", "o"), (0o020, "its group", "g")]
)
def test_a_gwe_toml_is_refused_where_others_may_write_to_it_or_to_its_folder(
    below: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    mode: int,
    who: str,
    letter: str,
) -> None:
    monkeypatch.setattr("reconciler.settings.search._is_own_group", lambda _: False)
    path = tmp_path / name
    path.chmod(0o700 | mode)
    what = "it" if name else "its folder"
    with pytest.raises(UsageError, match=f"gwe.toml is not used: {who} may write to {what}$") as no:
        settings_folder()
    assert f"run chmod {letter}-w {path};" in no.value.hint
    path.chmod(0o750)
    assert settings_folder() == Path("../../..")


@pytest.mark.parametrize(
    ("group", "name", "members", "own"),
    [
        (0, "root", ["root"], True),
        (1000, "ann", [], True),
        (1000, "ann", ["ann"], True),
        (1000, "ann", ["ann", "ben"], False),
        (1001, "staff", [], False),
        (1002, "", [], False),
    ],
)
def test_the_group_of_a_user_alone_is_told_from_a_group_of_several(
    monkeypatch: pytest.MonkeyPatch, group: int, name: str, members: list[str], own: bool
) -> None:
    def found(number: int) -> grp.struct_group:
        if not name:
            raise KeyError(number)
        return grp.struct_group((name, "x", number, members))

    user = pwd.struct_passwd(("ann", "x", 1000, 1000, "", "/home/ann", "/bin/sh"))
    monkeypatch.setattr(grp, "getgrgid", found)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: user)
    assert _is_own_group(group) is own


def test_a_gwe_toml_in_the_folder_of_another_user_is_refused(
    below: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (below / "gwe.toml").touch()
    owner = below.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner == 0:
        assert settings_folder() == Path()  # what is the administrator's is accepted
        os.chown(below, 65534, 65534)
    with pytest.raises(UsageError, match="the folder belongs to another user"):
        settings_folder()


def test_an_apply_that_nobody_reviews_needs_named_manifests(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    before = server.read_bytes()
    site = ("--server", f"embedded:{server}", "--app", "GWE", "--auto-approve")
    refused = gwe("apply", *site, cwd=tmp_path)
    assert refused.code == 3
    assert "Plan: " in refused.out
    assert "was not told which manifests to apply" in refused.err
    assert "-f bundled" in refused.err
    assert server.read_bytes() == before
    assert gwe("apply", "-f", "bundled", *site, cwd=tmp_path).code == 0


def test_a_reviewed_plan_and_its_undo_are_applied_whatever_they_were_made_from(
    tmp_path: Path,
) -> None:
    site = ("--server", f"embedded:{site_server(tmp_path)}", "--app", "GWE")
    assert gwe("plan", *site, "--out", "p", cwd=tmp_path).code == 0
    assert gwe("apply", "p", "--auto-approve", cwd=tmp_path).code == 0
    assert gwe("undo", "last", *site[:2], "--auto-approve", cwd=tmp_path).code == 0


def test_the_environment_names_manifests_and_the_application(project: Path) -> None:
    other = project / "other.yaml"
    other.write_text(QUEUE.replace("Chat", "Other"), encoding="utf-8")
    env = {"GWE_FILE": "m.yaml:other.yaml", "GWE_APP": "GWE"}
    (project / "gwe.toml").unlink()
    result = gwe("plan", "--server", "embedded:gwe.db", cwd=project, env=env)
    assert head(result)[0] == "Manifests  m.yaml, other.yaml"
    named = gwe("plan", "--server", "embedded:gwe.db", "-f", "m.yaml", cwd=project, env=env)
    assert head(named)[0] == "Manifests  m.yaml"
    bundled = {**env, "GWE_FILE": "bundled"}
    done = gwe("plan", "--server", "embedded:gwe.db", cwd=project, env=bundled)
    assert head(done)[0] == "Manifests  bundled"


def test_a_folder_called_bundled_is_named_by_its_path(project: Path) -> None:
    (project / "bundled").mkdir()
    (project / "m.yaml").rename(project / "bundled" / "m.yaml")
    result = gwe("validate", "-f", "./bundled", cwd=project)
    assert result.out == "1 manifest, no problem found.\n"


def server_of(result: Result) -> str:
    """The server that a command used, found or not."""
    return next(word for word in ("test.db", "env.db", "gwe.db") if word in result.out + result.err)


@pytest.mark.parametrize(
    ("options", "environment", "server"),
    [
        ([], {}, "gwe.db"),
        ([], {"GWE_SERVER": "embedded:env.db"}, "env.db"),
        ([], {"GWE_PROFILE": "test"}, "test.db"),
        (["--profile", "test"], {"GWE_SERVER": "embedded:env.db"}, "test.db"),
        (["--profile", "test"], {"GWE_PROFILE": "same"}, "test.db"),
        (
            ["--profile", "test", "--server", "embedded:gwe.db"],
            {"GWE_SERVER": "embedded:env.db"},
            "gwe.db",
        ),
        (
            ["--server", "embedded:gwe.db"],
            {"GWE_SERVER": "embedded:env.db", "GWE_PROFILE": "test"},
            "gwe.db",
        ),
    ],
)
def test_the_command_line_wins_over_the_environment_and_that_over_gwe_toml(
    project: Path, options: list[str], environment: dict[str, str], server: str
) -> None:
    assert server_of(gwe("plan", *options, cwd=project, env=environment)) == server


def test_a_profile_and_a_server_of_the_environment_must_agree(project: Path) -> None:
    env = {"GWE_PROFILE": "test", "GWE_SERVER": "embedded:gwe.db"}
    result = gwe("plan", cwd=project, env=env)
    assert result.code == 64
    assert "GWE_SERVER is embedded:gwe.db, but GWE_PROFILE is test" in result.err
    agreeing = {"GWE_PROFILE": "same", "GWE_SERVER": "embedded:./gwe.db"}
    assert gwe("plan", cwd=project, env=agreeing).code == 0


def test_single_files_are_validated_where_gwe_toml_has_variables_of_others(project: Path) -> None:
    with (project / "gwe.toml").open("a", encoding="utf-8") as file:
        file.write('[vars]\nurl = "http://gwe"\n')
    uses = QUEUE.replace("k: v", 'k: "${var.url}"').replace("Chat", "Other")
    (project / "uses.yaml").write_text(uses, encoding="utf-8")
    for name in ("m.yaml", "uses.yaml"):
        assert gwe("validate", "-f", name, cwd=project).out == "1 manifest, no problem found.\n"
        assert gwe("plan", "-f", name, cwd=project).code == 0
    whole = gwe("validate", cwd=project)
    assert whole.code == 1
    assert "no manifest declares a variable url" in whole.err


def test_validate_says_when_it_was_told_of_no_manifests(tmp_path: Path) -> None:
    result = gwe("validate", cwd=tmp_path)
    assert (result.code, result.out) == (0, "39 manifests, no problem found.\n")
    assert "They are those that come with gwe, since no others were named" in result.err
    named = gwe("validate", "-f", "bundled", cwd=tmp_path)
    assert (named.code, named.out, named.err) == (0, result.out, "")
