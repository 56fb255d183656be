"""One string of options, as a CI job keeps it, works for every command that knows a site."""

from pathlib import Path

import pytest

from tests.harness import APP, Result, gwe, site_server

MANIFEST = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Q}
"""


def said(result: Result) -> str:
    """All that a run said, without line breaks of its layout."""
    return " ".join((result.out + result.err).split())


@pytest.fixture
def site(tmp_path: Path) -> tuple[str, ...]:
    """The options, in a folder with a server, a manifest, a password file and a saved plan."""
    site_server(tmp_path)
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "password").write_text("password\n", encoding="utf-8")
    options = ("--server", "embedded:gwe.db", "--app", APP, "--tenant", "Resources")
    options += ("--timeout", "20", "--psdk", "none", "--in-flight", "4", "--state-dir", "runs")
    assert gwe("plan", "-f", "m.yaml", *options, "--out", "p", cwd=tmp_path).code == 0
    return options


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "-f", "m.yaml"),
        ("drift", "-f", "m.yaml"),
        ("validate", "-f", "m.yaml"),
        ("show", "p"),
        ("runs",),
        ("runs", "show", "last"),
        ("runs", "prune", "--older-than", "1d"),
        ("undo", "last", "--auto-approve"),
        ("recover",),
        ("lock", "show"),
        ("lock", "release"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_the_options_of_a_site_work_for_every_command(
    site: tuple[str, ...], command: tuple[str, ...], tmp_path: Path
) -> None:
    assert gwe("apply", "p", *site, "--auto-approve", cwd=tmp_path).code == 0
    result = gwe(*command, *site, cwd=tmp_path)
    assert result.code == 0, result.err


def test_help_says_that_it_takes_what_it_does_not_list(tmp_path: Path) -> None:
    text = gwe("show", "--help", cwd=tmp_path).out
    assert "The options of gwe plan for site, connection and state are accepted too." in text
    assert "--psdk" not in text


@pytest.mark.parametrize(
    "command",
    [
        ("apply", "gone"),
        ("show", "gone"),
        ("validate", "-f", "gone"),
        ("validate", "-f", "m.yaml", "--vars", "gone"),
        ("plan", "-f", "m.yaml", "--server", "embedded:gone", "--app", APP),
        ("plan", "-f", "m.yaml", "--password-file", "gone", "--user", "default"),
        ("embedded", "inspect", "gone"),
        ("embedded", "init", "new.db", "--site", "gone"),
    ],
    ids=" ".join,
)
def test_a_file_that_is_not_there_has_one_exit_code(
    site: tuple[str, ...], command: tuple[str, ...], tmp_path: Path
) -> None:
    more = site if command[0] == "plan" and "--server" not in command else ()
    result = gwe(*command, *more, cwd=tmp_path)
    assert (result.code, "gone" in result.err) == (1, True)


def _with_password(folder: Path, site: tuple[str, ...], *more: str, **env: str) -> Result:
    (folder / "wrong").write_text("hunter2\n", encoding="utf-8")
    return gwe("plan", "-f", "m.yaml", *site, "--user", "default", *more, cwd=folder, env=env)


def test_a_wrong_password_is_said_to_be_that_of_its_file(
    site: tuple[str, ...], tmp_path: Path
) -> None:
    user = "The user is default (--user or GWE_USER)."
    hint = f"{user} The password is that in wrong (--password-file or GWE_PASSWORD_FILE)."
    by_option = _with_password(tmp_path, site, "--password-file", "wrong")
    assert (by_option.code, hint in said(by_option)) == (1, True)
    by_variable = _with_password(tmp_path, site, GWE_PASSWORD_FILE="wrong")  # noqa: S106 - a file
    assert hint in said(by_variable)
    doctor = gwe("doctor", *site, "--user", "default", "--password-file", "wrong", cwd=tmp_path)
    assert (doctor.code, hint in said(doctor)) == (1, True)
    in_clear = _with_password(tmp_path, site, GWE_PASSWORD="hunter2")  # noqa: S106 - made up
    assert f"{user} The password is that in GWE_PASSWORD;" in said(in_clear)
    without = _with_password(tmp_path, site)
    nothing = "No password was found: set GWE_PASSWORD, or name a file with --password-file."
    assert f"{user} {nothing}" in said(without)
    assert "hunter2" not in by_option.err + by_variable.err + in_clear.err


def test_a_target_of_launch_files_without_their_folder_says_what_is_missing(
    site: tuple[str, ...], tmp_path: Path
) -> None:
    target = gwe("plan", "-f", "bundled", *site, "--target", "LaunchFile/*", cwd=tmp_path)
    assert target.code == 64
    assert "LaunchFile/launch-linux, LaunchFile/launch-windows" in said(target)
    assert "no installation folder was named (--install-dir)" in said(target)
    out = gwe("plan", "-f", "bundled", *site, "--exclude", "LaunchFile/*", cwd=tmp_path)
    assert out.code == 0, out.err
