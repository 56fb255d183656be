"""Accounts of an embedded server's file: passwords that stand in no file, and log-in."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta, ListDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import (
    AccessDeniedError,
    LoginIncorrectError,
    NoPermissionError,
    ObjectNotFoundError,
)
from reconciler.server.port import AccessEntry, Permission
from reconciler.testing.contract.site import LEAST, RIGHT, SITE
from tests.harness import opened, site_server


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_server(tmp_path_factory.mktemp("site"), SITE)


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """A server file of its own for every test: a copy of one that was made once."""
    return Path(shutil.copy(made, tmp_path / "gwe.db"))


def test_a_password_stands_in_no_file(path: Path) -> None:
    with opened(path) as server:
        server.create("Person", {**LEAST["Person"], "password": "battery-staple"})
        server.update("Person", 102, Delta(values={"password": "staple-gun"}))
        files = sorted(path.parent.glob(f"{path.name}*"))
        contents = b"".join(one.read_bytes() for one in files)
    contents += path.read_bytes()
    assert b'"userName":"jun"' in contents
    for plain in (b"correct-horse", b"battery-staple", b"staple-gun"):
        assert plain not in contents


def test_two_persons_with_one_password_have_two_hashes(path: Path) -> None:
    hashes = {part[:60] for part in path.read_bytes().split(b"scrypt:")[1:]}
    assert len(hashes) == 3  # anna, kai and the administrator


def test_the_right_password_opens_the_server(path: Path) -> None:
    server = EmbeddedServer(path, user="anna", password=RIGHT)
    try:
        assert server.info().user == "anna"
        assert len(server.read("Script")) == 3
    finally:
        server.close()


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ("anna", "Correct-horse"),
        ("anna", ""),
        ("Anna", RIGHT),
        ("1001", RIGHT),
        ("nobody", RIGHT),
        ("jun", ""),
    ],
)
def test_a_wrong_user_or_password_is_refused(path: Path, user: str, text: str) -> None:
    with pytest.raises(LoginIncorrectError) as caught:
        EmbeddedServer(path, user=user, password=text)
    assert caught.value.number == 4
    assert not text or text not in str(caught.value)


def test_a_disabled_person_is_refused_after_the_right_password_only(path: Path) -> None:
    with pytest.raises(AccessDeniedError, match="kai") as caught:
        EmbeddedServer(path, user="kai", password=RIGHT)
    assert caught.value.number == 8
    with pytest.raises(LoginIncorrectError):
        EmbeddedServer(path, user="kai", password=RIGHT + "!")


def test_a_changed_password_replaces_the_old_one(path: Path) -> None:
    new = "battery-staple"
    with opened(path) as server:
        server.update("Person", 101, Delta(values={"password": new}))
        server.update("Person", 101, Delta(values={"firstName": "Anna"}))
    EmbeddedServer(path, user="anna", password=new).close()
    with pytest.raises(LoginIncorrectError):
        EmbeddedServer(path, user="anna", password=RIGHT)


def test_neither_passwords_nor_their_hashes_stand_in_the_log_of_changes(path: Path) -> None:
    with opened(path) as server:
        server.create("Person", {**LEAST["Person"], "password": "battery-staple"})
        server.update("Person", 102, Delta(values={"password": "staple-gun", "lastName": "J"}))
        server.update("Person", 101, Delta(values={"lastName": "A"}))
        server.delete("Person", 101)
    connection = sqlite3.connect(path)
    log = repr(connection.execute("SELECT * FROM change").fetchall())
    connection.close()
    assert "'deleted', 'Person', 101" in log
    for secret in ("scrypt", "battery-staple", "staple-gun", RIGHT):
        assert secret not in log


def test_an_emptied_password_lets_nobody_in(path: Path) -> None:
    with opened(path) as server:
        server.update("Person", 101, Delta(values={"password": ""}))
    for text in ("", RIGHT):
        with pytest.raises(LoginIncorrectError):
            EmbeddedServer(path, user="anna", password=text)


# What a session may do, which it remembers between calls


ANNA = 101


def test_a_session_knows_at_once_what_it_may_no_longer_do(path: Path) -> None:
    """Whether it has changed that itself, or another session has."""
    mine, theirs = 101, 102
    with opened(path) as other:
        for script in (mine, theirs):
            other.set_permissions("Script", script, to_anna(Permission.FULL))
    anna = EmbeddedServer(path, user="anna", password=RIGHT)
    try:
        anna.update("Script", mine, Delta({"name": "Mine"}))
        anna.update("Script", theirs, Delta({"name": "Theirs"}))
        anna.set_permissions("Script", mine, to_anna(Permission.READ))
        with pytest.raises(NoPermissionError):
            anna.update("Script", mine, Delta({"name": "Again"}))
        with opened(path) as other:
            other.set_permissions("Script", theirs, to_anna(Permission.READ))
        with pytest.raises(NoPermissionError):
            anna.update("Script", theirs, Delta({"name": "Again"}))
    finally:
        anna.close()


def test_a_session_knows_at_once_which_group_it_has_left(path: Path) -> None:
    member = {"type": OBJECT_TYPES["Person"].number, "DBID": ANNA}
    joins, leaves = ListDelta((member,)), ListDelta(deleted=((member["type"], ANNA),))
    with opened(path) as other:
        group = other.create("AccessGroup", {"tenantDBID": 101, "name": "Group"}).dbid
        other.update("AccessGroup", group, Delta(lists={"memberIDs": joins}))
        everything = [AccessEntry("AccessGroup", group, Permission.FULL)]
        other.set_permissions("Script", 101, everything)
        other.set_permissions("AccessGroup", group, everything)
    anna = EmbeddedServer(path, user="anna", password=RIGHT)
    try:
        anna.update("Script", 101, Delta({"name": "Renamed"}))
        anna.update("AccessGroup", group, Delta(lists={"memberIDs": leaves}))
        with pytest.raises(ObjectNotFoundError):
            anna.update("Script", 101, Delta({"name": "Again"}))
    finally:
        anna.close()


def to_anna(mask: int) -> list[AccessEntry]:
    return [AccessEntry("Person", ANNA, mask)]
