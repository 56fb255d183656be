"""A wrong value in an environment variable is reported under the name of the variable."""

from pathlib import Path

import pytest

from tests.harness import APP, Result, gwe, site_server

GWE_TOML = f'server = "embedded:gwe.db"\napp = "{APP}"\nfile = ["bundled"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site_server(tmp_path)
    (tmp_path / "gwe.toml").write_text(GWE_TOML, encoding="utf-8")
    return tmp_path


def refused(folder: Path, *options: str, command: str = "plan", **env: str) -> str:
    found: Result = gwe(command, *options, cwd=folder, env={"GWE_STATE_DIR": "", **env})
    assert found.code != 0
    assert found.out == ""
    return " ".join(found.err.split())


def test_a_password_file_is_named_as_it_was_given(folder: Path) -> None:
    account = ("--user", "anna")
    text = refused(folder, *account, GWE_PASSWORD_FILE="/nope")  # noqa: S106 - a file
    assert text.startswith("error: GWE_PASSWORD_FILE /nope ")
    text = refused(folder, *account, "--password-file", "/nope")
    assert text.startswith("error: --password-file /nope ")


def test_a_number_of_seconds_is_asked_for_by_the_name_of_the_variable(folder: Path) -> None:
    text = refused(folder, command="apply", GWE_LOCK_TIMEOUT="abc")
    assert "Invalid value for GWE_LOCK_TIMEOUT: 'abc' is not a valid number of seconds." in text
    text = refused(folder, "--lock-timeout", "abc", command="apply")
    assert "Invalid value for '--lock-timeout': 'abc' is not a valid number of seconds." in text
    text = refused(folder, "-n", "many", command="runs")
    assert "'many' is not a valid whole number." in text


def test_a_profile_says_what_named_it(folder: Path) -> None:
    assert "gwe.toml has no profile x (GWE_PROFILE)" in refused(folder, GWE_PROFILE="x")
    assert "gwe.toml has no profile x Profiles: none." in refused(folder, "--profile", "x")
    (folder / "gwe.toml").unlink()
    assert "no profile x (GWE_PROFILE): there is no gwe.toml" in refused(folder, GWE_PROFILE="x")


def test_a_state_of_an_unknown_kind_is_refused_before_anything_is_done(folder: Path) -> None:
    hint = "The state is a folder, or postgresql://HOST/DATABASE."
    text = refused(folder, GWE_STATE="mysql://me:hush@db/gwe")
    assert text == f"error: GWE_STATE is a URL that is not known {hint}"
    text = refused(folder, "--state", "mysql://db/gwe")
    assert text == f"error: --state is a URL that is not known {hint}"
    (folder / "gwe.toml").write_text(f'state = "mysql://db/gwe"\n{GWE_TOML}', encoding="utf-8")
    text = refused(folder)
    assert text == f"error: state in gwe.toml is a URL that is not known {hint}"
