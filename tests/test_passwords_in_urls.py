"""A password in a URL is refused where it has no place, and repeated nowhere."""

from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.server.connect import adapter_for
from reconciler.state.opening import open_store
from tests.harness import APP, BARE, Result, gwe, site_server

PASSWORD = "hunter2"  # noqa: S105 - of nothing
URLS = [
    f"confserv://anna:{PASSWORD}@host",
    f"confserv://anna:{PASSWORD}@host:2020",
    f"confservs://anna:{PASSWORD}@host1,host2:2021",
    f"confserv://host1,anna:{PASSWORD}@host2",
    f"confserv://anna:{PASSWORD}/x@host",
    f"confserv:anna:{PASSWORD}@host",
    f"ldap://anna:{PASSWORD}@host",
    f"anna:{PASSWORD}@host",
    f"{PASSWORD}@host",
    f"//{PASSWORD}@host",
]
COMMANDS = {
    "plan": ["plan", "--app", APP, "-f", "m.yaml"],
    "drift": ["drift", "--app", APP, "-f", "m.yaml", "--format", "json"],
    "apply": ["apply", "--app", APP, "-f", "m.yaml", "--auto-approve"],
    "recover": ["recover"],
    "lock": ["lock", "show"],
    "doctor": ["doctor"],
}
MANIFEST = "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: G}\n"


def refused(result: Result) -> None:
    assert result.code == 64
    assert "has no place for a user or a password" in result.err
    assert PASSWORD not in result.out + result.err


@pytest.mark.parametrize("url", URLS)
def test_a_password_in_the_url_of_a_server_is_refused_and_not_repeated(
    url: str, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    refused(gwe(*COMMANDS["plan"], "--server", url, cwd=tmp_path))
    with pytest.raises(UsageError) as caught:
        adapter_for(url)
    assert PASSWORD not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_it_wherever_it_comes_from(command: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    arguments = COMMANDS[command]
    refused(gwe(*arguments, "--server", URLS[0], "--user", "anna", cwd=tmp_path))
    refused(gwe(*arguments, cwd=tmp_path, env={"GWE_SERVER": URLS[0], "GWE_USER": "anna"}))
    (tmp_path / "gwe.toml").write_text(f'server = "{URLS[0]}"\n', encoding="utf-8")
    refused(gwe(*arguments, cwd=tmp_path))


def test_the_path_of_a_server_in_a_file_may_have_an_at_sign(tmp_path: Path) -> None:
    server = site_server(tmp_path, BARE.read_text(encoding="utf-8"))
    server = server.rename(tmp_path / "a@b.db")
    assert gwe("lock", "show", "--server", f"embedded:{server}", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    "where",
    [
        f"postgres:anna:{PASSWORD}@host/db",
        f"postgresql:anna:{PASSWORD}@host/db",
        f"postgresql://anna:{PASSWORD}@host",
        f"postgresql://anna:{PASSWORD}@x@host/db",
        f"POSTGRESQL://anna:{PASSWORD}@host/db",
        f"mysql://anna:{PASSWORD}@host/db",
    ],
)
def test_a_url_of_the_state_that_cannot_be_read_is_not_repeated(where: str, tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(UsageError) as caught:
        open_store(where)
    assert PASSWORD not in caught.value.message + caught.value.hint
    result = gwe("runs", cwd=tmp_path, env={"GWE_STATE": where, "GWE_STATE_DIR": ""})
    assert result.code == 64
    assert PASSWORD not in result.out + result.err
    assert [one.name for one in tmp_path.iterdir()] == []
