"""Accounts: passwords, and who may write in which operational mode."""

from collections.abc import Callable

import pytest

from reconciler.server.delta import Delta
from reconciler.server.errors import (
    ReadOnlyModeError,
    UserMustChangePasswordError,
    ValueOutOfRangeError,
)
from reconciler.server.port import AccessEntry, Permission, Server
from reconciler.testing.contract.fixtures import Connect
from reconciler.testing.contract.server_under_test import ServerUnderTest
from reconciler.testing.contract.site import (
    LEAST,
    RIGHT,
    annex,
    dbids,
    get,
    script,
    to_anna,
)


def test_a_password_is_never_read(server: Server) -> None:
    created = server.create("Person", {**LEAST["Person"], "password": RIGHT})
    updated = server.update("Person", 102, Delta(values={"password": RIGHT}))
    found = [created, updated, *server.read("Person"), get(server, "Person", 101)]
    assert len(found) == 9
    for one in found:
        assert "password" not in one.attributes
        assert RIGHT not in repr(one)
        assert "scrypt" not in repr(one)


def test_a_wrong_password_is_not_shown(server: Server) -> None:
    for wrong in (1234567, "battery-staple" * 6):
        with pytest.raises(ValueOutOfRangeError) as caught:
            server.create("Person", {**LEAST["Person"], "password": wrong})
        assert str(wrong) not in str(caught.value)


def test_who_must_change_the_password_does_not_log_in_with_the_old_one(
    server: Server, connect: Connect
) -> None:
    assert connect("anna", RIGHT).info().user == "anna"
    server.update("Person", 101, Delta(values={"changePasswordOnNextLogin": True}))
    with pytest.raises(UserMustChangePasswordError) as caught:
        connect("anna", RIGHT)
    assert (caught.value.number, caught.value.object_type) == (40, "Person")
    server.update("Person", 101, Delta(values={"changePasswordOnNextLogin": False}))
    assert connect("anna", RIGHT).info().user == "anna"


# Permissions. anna is person 101, the administrator person 100; 97 is EVERYONE, 99 the
# super administrators. Script 101 is in tenant 101.


@pytest.mark.parametrize("user", ["", "default", "anna"])
def test_nobody_writes_in_mode_read_only(
    server_under_test: ServerUnderTest, connect: Connect, user: str
) -> None:
    passwords = {"": "", "default": "password", "anna": RIGHT}
    session = connect(user, passwords[user])
    before = session.read("Script")
    server_under_test.change_mode("ReadOnly")
    assert session.info().mode == "ReadOnly"
    attempts: list[Callable[[], object]] = [
        lambda: session.create("Script", script("New")),
        lambda: session.update("Script", 101, annex("s", {"k": "v"})),
        lambda: session.delete("Script", 101),
        lambda: session.set_permissions("Script", 101, []),
    ]
    for attempt in attempts:
        with pytest.raises(ReadOnlyModeError) as caught:
            attempt()
        assert caught.value.number == 29
    assert session.read("Script") == before
    server_under_test.change_mode("Full")
    assert session.info().mode == "Full"


def test_only_super_administrators_write_in_an_emergency(
    server_under_test: ServerUnderTest, server: Server, administrator: Server, anna: Server
) -> None:
    server.set_permissions("Tenant", 101, to_anna(Permission.FULL))
    server.set_permissions("Script", 101, [*to_anna(127), AccessEntry("Person", 100, 127)])
    server_under_test.change_mode("Emergency")
    with pytest.raises(ReadOnlyModeError):
        anna.update("Script", 101, annex("s", {"k": "v"}))
    administrator.update("Script", 101, annex("s", {"k": "v"}))
    assert dbids(anna) == [101, 102, 103]
    server_under_test.change_mode("Full")
    anna.update("Script", 101, annex("s", {"more": "v"}))
