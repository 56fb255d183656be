"""What an account may not read is not there for it, and is never taken for absent in
silence; what it may not write is refused with the permission that is missing."""

from pathlib import Path

import pytest

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import AccessEntry, Permission
from tests.harness import everything, find, gwe, opened, plan_arguments, site_server

SITE = """\
apiVersion: reconciler/v1
kind: Site
extends: {bare}
tenant: Resources
Application:
  - name: GWE
    type: WebEngagementBackendServer
    server: {{host: host.example.com}}
    ports: [{{id: default, port: "9081"}}]
    connections: [Ixn, Stat, Chat, Chat2]
  - {{name: Stat, type: StatServer, server: {{backup: Stat_B}}}}
  - {{name: Stat_B, type: StatServer}}
  - {{name: Chat2, type: ChatServer}}
Person:
  - {{employeeID: P1, userName: planner, password: open-sesame}}
"""
BARE = Path(__file__).parent / "sites" / "bare.yaml"
PLANNER = {"GWE_USER": "planner", "GWE_PASSWORD": "open-sesame"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return site_server(tmp_path, SITE.format(bare=BARE))


def hide(path: Path, object_type: str, name: str) -> int:
    """Takes an object out of the planner's sight; its DBID."""
    one = find(path, object_type, name)
    person = find(path, "Person", "P1").dbid
    with opened(path) as server:
        server.set_permissions(object_type, one.dbid, [AccessEntry("Person", person, 0)])
    return one.dbid


def test_case_data_that_the_account_cannot_read_is_skipped_with_a_notice(
    site: Path, tmp_path: Path
) -> None:
    hide(site, "Enumerator", "CaseData")
    options = plan_arguments(site, "--format", "json")
    plan = gwe("plan", *options, cwd=tmp_path, env=PLANNER).json()
    skipped = {a["address"]: a["reason"] for a in plan["actions"] if a["action"] == "skip"}
    reason = "the Business Attribute 'Case Data' is absent, or not readable by this account"
    assert skipped == {
        "BusinessAttributeValue/Case Data/WebEngagement.CurrentWebPage": reason,
        "BusinessAttributeValue/Case Data/WebEngagement.EngagementStartPage": reason,
    }


def test_a_connected_application_that_cannot_be_read_is_a_warning(
    site: Path, tmp_path: Path
) -> None:
    dbid = hide(site, "Application", "Chat2")
    options = plan_arguments(site, "--format", "json")
    plan = gwe("plan", *options, cwd=tmp_path, env=PLANNER).json()
    warning = (
        f"GWE connects to the application with DBID {dbid}, which this account cannot read:"
        " it is left out."
    )
    assert plan["warnings"] == [warning]


def test_nothing_kept_is_added_while_the_other_member_of_a_pair_cannot_be_read(
    site: Path, tmp_path: Path
) -> None:
    dbid = hide(site, "Application", "Stat_B")
    options = plan_arguments(site, "--format", "json")
    result = gwe("plan", *options, cwd=tmp_path, env=PLANNER)
    assert result.code == 3
    blocked = {
        a["address"]: a["reason"] for a in result.json()["actions"] if a["action"] == "blocked"
    }
    assert list(blocked) == ["Application/Stat"]
    assert (
        f"its pair, the application with DBID {dbid}, is not readable"
        in blocked["Application/Stat"]
    )


def test_an_account_without_rights_writes_nothing_and_is_told_which_permission_is_missing(
    site: Path, tmp_path: Path
) -> None:
    before = everything(site)
    options = plan_arguments(site, "-f", "bundled", "--auto-approve")
    result = gwe("apply", *options, cwd=tmp_path, env=PLANNER)
    assert result.code == 3
    assert "this account may not create the lock" in " ".join(result.err.split())
    assert "Create on the folder Transactions" in " ".join(result.err.split())
    assert everything(site) == before
    result = gwe("apply", *options, "--no-lock", cwd=tmp_path, env=PLANNER)
    assert result.code == 1
    assert "the permission to create is missing (NoPermission, error 9" in result.out
    assert everything(site) == before


def test_creating_over_an_object_that_cannot_be_read_says_that_it_may_be_there(
    site: Path, tmp_path: Path
) -> None:
    with opened(site) as server:
        server.create("AgentGroup", {"tenantDBID": 101, "name": "Web Engagement Chat"})
    hide(site, "AgentGroup", "Web Engagement Chat")
    person = find(site, "Person", "P1").dbid
    with opened(site) as server:
        server.set_permissions("Tenant", 101, [AccessEntry("Person", person, Permission.FULL)])
    options = plan_arguments(site, "--target", "AgentGroup/*", "-f", "bundled", "--auto-approve")
    result = gwe("apply", *options, cwd=tmp_path, env=PLANNER)
    assert result.code == 1
    assert "perhaps by an object that this account cannot read" in result.out


def test_the_default_user_may_do_everything(site: Path, tmp_path: Path) -> None:
    env = {"GWE_USER": "default", "GWE_PASSWORD": "password"}
    options = plan_arguments(site, "-f", "bundled", "--auto-approve", "--quiet")
    assert gwe("apply", *options, cwd=tmp_path, env=env).code == 0


def test_a_read_only_server_refuses_the_run_at_its_first_write(site: Path, tmp_path: Path) -> None:
    server = EmbeddedServer(site)
    server.change_mode("ReadOnly")
    server.close()
    options = plan_arguments(site, "-f", "bundled", "--auto-approve", "--quiet")
    result = gwe("apply", *options, cwd=tmp_path)
    assert result.code == 1
    assert "the server is in mode ReadOnly" in result.err
    assert result.out == "Plan: 31 to create, 5 to update, 0 to replace, 0 to delete.\n"
    result = gwe("apply", *options, "--no-lock", "--in-flight", "1", cwd=tmp_path)
    assert result.code == 1
    assert "the server is in mode ReadOnly" in result.out
    assert "35 not started" in result.out


def test_a_wrong_password_is_refused_without_repeating_it(site: Path, tmp_path: Path) -> None:
    env = {**PLANNER, "GWE_PASSWORD": "wrong-guess"}
    result = gwe("plan", *plan_arguments(site), cwd=tmp_path, env=env)
    assert result.code == 1
    assert "login of planner was refused" in result.err
    assert "wrong-guess" not in result.out + result.err


def test_the_password_can_come_from_a_file(site: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open-sesame\n")
    options = plan_arguments(site, "--user", "planner", "--password-file", "password", "--quiet")
    assert gwe("plan", *options, cwd=tmp_path).code == 0
