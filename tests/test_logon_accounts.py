"""Accounts of the embedded server: those that applications run under, and changed passwords."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconciler.errors import ManifestError
from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.export import export_site
from reconciler.server.embedded.store import Store
from reconciler.server.errors import (
    AccessDeniedError,
    DependentObjectsError,
    EmptyPasswordDeniedError,
    IncorrectReferencesError,
    LoginIncorrectError,
    NoPermissionError,
    ObjectNotFoundError,
    ReadOnlyModeError,
    UserMustChangePasswordError,
    ValueOutOfRangeError,
)
from reconciler.testing.contract.site import RIGHT, SITE, application
from tests.harness import BARE, find, opened, site_server

IXN, STAT, ANNA = 101, 102, 101
NEWER, WRONG = "battery-staple", "wrong"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return site_server(tmp_path, SITE)


@pytest.fixture
def server(path: Path) -> Iterator[EmbeddedServer]:
    opened = EmbeddedServer(path)
    yield opened
    opened.close()


# Accounts of applications


def test_a_server_application_runs_under_system_until_another_account_is_set(
    server: EmbeddedServer, path: Path
) -> None:
    assert server.accounts.of_application(IXN) == ("AccessGroup", 98)
    server.accounts.set_of_application(IXN, ("Person", ANNA))
    again = EmbeddedServer(path)
    assert again.accounts.of_application(IXN) == ("Person", ANNA)
    assert again.accounts.of_application(STAT) == ("AccessGroup", 98)
    again.accounts.set_of_application(IXN, ("AccessGroup", 98))
    again.close()
    assert server.accounts.of_application(IXN) == ("AccessGroup", 98)


@pytest.mark.parametrize("account", [("Person", 999), ("Application", 101), ("", 0)])
def test_an_account_is_a_person_or_an_access_group(
    server: EmbeddedServer, account: tuple[str, int]
) -> None:
    with pytest.raises(IncorrectReferencesError):
        server.accounts.set_of_application(IXN, account)
    assert server.accounts.of_application(IXN) == ("AccessGroup", 98)


def test_only_a_server_that_exists_has_an_account(server: EmbeddedServer) -> None:
    with pytest.raises(ObjectNotFoundError):
        server.accounts.of_application(999)
    client = {"name": "Client", "type": 108, "version": "1"}
    dbid = server.create("Application", client).dbid
    with pytest.raises(ValueOutOfRangeError, match="only a server application"):
        server.accounts.of_application(dbid)


def test_who_may_not_change_an_application_does_not_set_its_account(path: Path) -> None:
    anna = EmbeddedServer(path, user="anna", password=RIGHT)
    assert anna.accounts.of_application(IXN) == ("AccessGroup", 98)
    with pytest.raises(NoPermissionError):
        anna.accounts.set_of_application(IXN, ("Person", ANNA))
    anna.close()


def test_an_account_in_use_is_not_deleted_nor_is_its_tenant(server: EmbeddedServer) -> None:
    server.accounts.set_of_application(IXN, ("Person", ANNA))
    with pytest.raises(DependentObjectsError, match="Application 101 logs on as it"):
        server.delete("Person", ANNA)
    with pytest.raises(DependentObjectsError):
        server.delete("Tenant", 101)
    assert len(server.read("Person", {"dbid": ANNA})) == 1
    server.accounts.set_of_application(IXN, ("AccessGroup", 98))
    server.delete("Person", ANNA)


def test_a_deleted_application_frees_its_account(server: EmbeddedServer) -> None:
    dbid = server.create("Application", application("Gone")).dbid
    server.accounts.set_of_application(dbid, ("Person", ANNA))
    server.delete("Application", dbid)
    server.delete("Person", ANNA)
    assert server.read("Person", {"dbid": ANNA}) == []


# Passwords


def test_a_changed_password_is_the_one_that_counts(path: Path) -> None:
    anna = EmbeddedServer(path, user="anna", password=RIGHT)
    anna.accounts.change_password("anna", RIGHT, NEWER)
    anna.close()
    with pytest.raises(LoginIncorrectError):
        EmbeddedServer(path, user="anna", password=RIGHT)
    EmbeddedServer(path, user="anna", password=NEWER).close()


@pytest.mark.parametrize(
    ("user", "old", "new", "expected"),
    [
        ("anna", "wrong", "newer", LoginIncorrectError),
        ("nobody", "", "newer", LoginIncorrectError),
        ("kai", RIGHT, NEWER, AccessDeniedError),
        ("anna", RIGHT, "", EmptyPasswordDeniedError),
    ],
)
def test_a_password_is_changed_only_by_who_knows_it(
    server: EmbeddedServer, path: Path, user: str, old: str, new: str, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        server.accounts.change_password(user, old, new)
    EmbeddedServer(path, user="anna", password=RIGHT).close()


def test_no_password_is_changed_while_the_server_is_read_only(server: EmbeddedServer) -> None:
    server.change_mode("ReadOnly")
    with pytest.raises(ReadOnlyModeError):
        server.accounts.change_password("anna", RIGHT, NEWER)


def test_who_must_change_the_password_logs_in_only_after_that(
    server: EmbeddedServer, path: Path
) -> None:
    server.update("Person", ANNA, Delta({"changePasswordOnNextLogin": True}))
    with pytest.raises(UserMustChangePasswordError, match="anna must change the password"):
        EmbeddedServer(path, user="anna", password=RIGHT)
    with pytest.raises(LoginIncorrectError):
        EmbeddedServer(path, user="anna", password=WRONG)
    server.accounts.change_password("anna", RIGHT, NEWER)
    EmbeddedServer(path, user="anna", password=NEWER).close()
    (anna,) = server.read("Person", {"dbid": ANNA})
    assert anna.attributes["changePasswordOnNextLogin"] is False


def test_a_changed_password_is_in_no_notification(server: EmbeddedServer, path: Path) -> None:
    subscription = server.subscribe("Person")
    server.accounts.change_password("anna", RIGHT, NEWER)
    (change,) = subscription.receive()
    assert change.delta is not None
    assert (change.action, dict(change.delta.values)) == ("updated", {})
    store = Store(path, 1.0)
    with store.reading():
        assert NEWER not in str(store.changes(0))
    store.close()


# The log of changes


def test_a_subscription_can_go_back_in_the_log(server: EmbeddedServer) -> None:
    subscription = server.subscribe("Person")
    before = subscription.position
    server.delete("Person", 102)
    server.delete("Person", 103)
    first, second = (one for one in subscription.receive() if one.action == "deleted")
    assert subscription.position >= second.sequence > first.sequence > before
    subscription.rewind(first.sequence)
    assert [one.dbid for one in subscription.receive()] == [103]
    subscription.rewind(before)
    assert [one.dbid for one in subscription.receive() if one.action == "deleted"] == [102, 103]


# Accounts in a site file

LOGGED_ON = f"""\
apiVersion: reconciler/v1
kind: Site
extends: {BARE}
tenant: Resources
AccessGroup: [{{name: Servers}}]
Person: [{{employeeID: "1", userName: engine}}]
Application:
  - {{name: ByPerson, type: ChatServer, logOnAs: {{person: "Resources:1"}}}}
  - {{name: ByGroup, type: ChatServer, logOnAs: {{group: "Resources:Servers"}}}}
  - {{name: BySystem, type: ChatServer, logOnAs: {{group: SYSTEM}}}}
"""


def test_a_site_file_says_under_which_account_a_server_runs(tmp_path: Path) -> None:
    path = site_server(tmp_path, LOGGED_ON)
    group, person = find(path, "AccessGroup", "Servers"), find(path, "Person", "1")
    with opened(path) as made:
        accounts = {
            one.attributes["name"]: made.accounts.of_application(one.dbid)
            for one in made.read("Application", {"app_type": 59})
            if one.attributes["name"].startswith("By")
        }
    assert accounts == {
        "ByPerson": ("Person", person.dbid),
        "ByGroup": ("AccessGroup", group.dbid),
        "BySystem": ("AccessGroup", 98),
    }


def test_an_export_says_it_and_makes_the_same_server_again(tmp_path: Path) -> None:
    path = site_server(tmp_path, LOGGED_ON)
    with opened(path) as made:
        text = export_site(made)
    words = {one["name"]: one.get("logOnAs") for one in yaml.safe_load(text)["Application"]}
    assert words["ByPerson"] == {"person": "Resources:1"}
    assert words["ByGroup"] == {"group": "Resources:Servers"}
    assert words["BySystem"] is None
    (tmp_path / "again").mkdir()
    with opened(site_server(tmp_path / "again", text)) as again:
        assert export_site(again) == text


@pytest.mark.parametrize(
    ("application", "said"),
    [
        ("type: ChatServer, logOnAs: engine", "logOnAs must be a mapping with person or group"),
        ("type: ChatServer, logOnAs: {person: nobody}", "no Person is named nobody"),
        (
            "type: ChatServer, logOnAs: {person: a, group: b}",
            "logOnAs must be a mapping with person or group",
        ),
        (
            "type: GenericClient, logOnAs: {group: SYSTEM}",
            "only a server application has an account",
        ),
    ],
)
def test_a_mistake_in_an_account_is_named_at_its_word(
    tmp_path: Path, application: str, said: str
) -> None:
    site = LOGGED_ON + f"  - {{name: Wrong, {application}}}\n"
    with pytest.raises(ManifestError) as caught:
        site_server(tmp_path, site)
    (problem,) = caught.value.diagnostics
    assert problem.summary == f"Application Wrong: {said}"
    assert problem.position is not None
    assert problem.position.line == 11


def test_only_an_application_logs_on(tmp_path: Path) -> None:
    site = LOGGED_ON + "Script: [{name: S, type: VoiceFile, logOnAs: {group: SYSTEM}}]\n"
    with pytest.raises(ManifestError) as caught:
        site_server(tmp_path, site)
    assert "Script has no logOnAs" in caught.value.diagnostics[0].summary
