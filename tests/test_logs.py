"""The log of a command: every call to the server with its duration, and no value of a secret."""

import re
from pathlib import Path

import pytest

from reconciler.server.errors import ConfigurationServerError
from reconciler.server.logged import LoggedServer
from tests.harness import APP, gwe, opened, site_server

SECRET = "hunter2-correct-horse"  # noqa: S105 - made up
MANIFEST = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Q}
spec:
  annex:
    s: {key: {secret: true, from: env.CHAT_KEY}, plain: visible-value}
"""
_LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO|WARNING) +reconciler\.server: (.+)"
)


@pytest.fixture
def arguments(tmp_path: Path) -> tuple[str, ...]:
    site_server(tmp_path)
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    return ("-f", "m.yaml", "--server", "embedded:gwe.db", "--app", APP)


def test_a_log_file_has_every_call_with_its_duration(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    env = {"CHAT_KEY": SECRET}
    apply = ("apply", *arguments, "--auto-approve", "--log-file", "log")
    done = gwe(*apply, cwd=tmp_path, env=env)
    assert (done.code, done.err) == (0, "")
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    found = [_LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    calls = [one[2] for one in found if one]
    assert re.fullmatch(r"connected to embedded:gwe\.db without a user: [\d.]+ ms", calls[0])
    assert any(re.fullmatch(r"read Application: [\d.]+ ms, \d+ objects", one) for one in calls)
    assert any(re.fullmatch(r"create Script Q.*: [\d.]+ ms", one) for one in calls)
    assert SECRET not in "".join(lines)
    assert "visible-value" not in "".join(lines)


def test_a_log_level_logs_on_standard_error_and_leaves_the_output_alone(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    env = {"CHAT_KEY": SECRET}
    plain = gwe("plan", *arguments, cwd=tmp_path, env=env)
    debug = gwe("plan", *arguments, "--log-level", "debug", cwd=tmp_path, env=env)
    info = gwe("plan", *arguments, "--log-level", "info", cwd=tmp_path, env=env)
    assert debug.out == plain.out == info.out
    assert "read Application" in debug.err
    assert [_LINE.fullmatch(line) is not None for line in info.err.splitlines()] == [True]
    assert gwe("plan", *arguments, cwd=tmp_path, env=env).err == ""


def test_a_refused_call_is_a_warning_without_the_text_of_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(site_server(tmp_path)) as server, caplog.at_level("WARNING", "reconciler.server"):
        refused = {"name": "Q", "tenantDBID": 101, "type": SECRET}
        with pytest.raises(ConfigurationServerError):
            LoggedServer(server).create("Script", refused)
    (record,) = caplog.records
    assert re.fullmatch(r"create Script Q: \w+Error after [\d.]+ ms", record.getMessage())


def test_a_log_file_that_cannot_be_written_is_said(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    result = gwe("plan", *arguments, "--log-file", "no/log", cwd=tmp_path)
    assert result.code == 1
    assert "--log-file no/log cannot be written: No such file or directory" in result.err
