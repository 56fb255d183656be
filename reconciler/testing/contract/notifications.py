"""Notifications: who gets which changes, in which order, and with what content."""

import time

import pytest

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import (
    HistoryLogExpiredError,
    UniquenessViolationError,
    UnsupportedObjectError,
)
from reconciler.server.port import AccessEntry, Notification, Permission, Server
from reconciler.testing.contract.fixtures import Connect
from reconciler.testing.contract.server_under_test import Gap, ServerUnderTest
from reconciler.testing.contract.site import (
    LEAST,
    RIGHT,
    annex,
    script,
    value,
)

KEPT = 1000
"""How many changes a server keeps for subscriptions that have not read them yet."""


def summary(found: list[Notification]) -> list[tuple[str, str, int]]:
    return [(one.action, one.object_type, one.dbid) for one in found]


def test_a_create_an_update_and_a_delete_are_told_in_order(
    server: Server, server_under_test: ServerUnderTest
) -> None:
    tenant = 0 if Gap.TENANT in server_under_test.gaps else 101
    subscription = server.subscribe()
    assert subscription.receive() == []
    server.create("Script", script("New"))
    change = annex("s", {"k": "v", "n": 7, "b": b"\x00\xff"})
    server.update("Script", 104, change)
    server.delete("Script", 104)
    created, updated, deleted = subscription.receive()
    assert created == Notification(
        created.sequence,
        "created",
        "Script",
        104,
        101,
        "",
        attributes={"tenantDBID": 101, "name": "New", "type": 23, "state": 1},
    )
    assert updated == Notification(
        updated.sequence, "updated", "Script", 104, tenant, "", delta=change
    )
    assert deleted == Notification(deleted.sequence, "deleted", "Script", 104, tenant, "")
    assert created.sequence < updated.sequence < deleted.sequence
    assert subscription.receive() == []


def test_a_delta_arrives_as_it_was_sent(server: Server) -> None:
    subscription = server.subscribe()
    sent = [
        Delta(values={"version": "9.0", "autoRestart": False}),
        Delta(values={"startupTimeout": 0, "redundancyType": 2}),
        Delta(
            key_values={
                "options": KeyValueDelta(
                    added={"New": {"k": b"", "$binary": "00ff"}},
                    changed={"Filters": {"a": "A2"}},
                    deleted={"Filters": ("b",), "Other": ()},
                )
            }
        ),
        Delta(lists={"appServerDBIDs": ListDelta(added=({"appServerDBID": 101, "id": "x"},))}),
        Delta(
            lists={
                "appServerDBIDs": ListDelta(changed=({"appServerDBID": 101, "id": "y"},)),
                "tenantDBIDs": ListDelta(added=(102,), deleted=(101,)),
            }
        ),
    ]
    for delta in sent:
        server.update("Application", 102, delta)
    found = [one for one in subscription.receive() if one.dbid == 102]
    assert [one.delta for one in found] == sent


def test_a_subscription_tells_of_what_happens_after_it(server: Server) -> None:
    server.create("Script", script("Before"))
    subscription = server.subscribe("Script")
    server.create("Script", script("After"))
    assert summary(subscription.receive()) == [("created", "Script", 105)]


def test_a_subscription_can_be_narrowed_to_a_type_a_tenant_and_an_object(server: Server) -> None:
    by_type = server.subscribe("Enumerator")
    by_tenant = server.subscribe(tenant=102)
    by_object = server.subscribe("Script", 101, 102)
    nothing = server.subscribe("Script", 102, 101)
    server.update("Script", 101, annex("s", {"k": "v"}))
    server.update("Script", 102, annex("s", {"k": "v"}))
    server.update("Script", 103, annex("s", {"k": "v"}))
    server.update("Enumerator", 101, annex("s", {"k": "v"}))
    server.update("Person", 104, annex("s", {"k": "v"}))
    assert summary(by_type.receive()) == [("updated", "Enumerator", 101)]
    assert summary(by_tenant.receive()) == [("updated", "Script", 103), ("updated", "Person", 104)]
    assert summary(by_object.receive()) == [("updated", "Script", 102)]
    assert nothing.receive() == []


def test_an_unknown_type_has_no_notifications(server: Server) -> None:
    with pytest.raises(UnsupportedObjectError, match="Skript"):
        server.subscribe("Skript")


def test_one_session_is_told_what_another_did_and_who_it_was(
    connect: Connect, server_under_test: ServerUnderTest
) -> None:
    watcher = connect().subscribe("Script")
    administrator = connect("default", "password")
    administrator.create("Script", script("New"))
    connect().update("Script", 104, annex("s", {"k": "v"}))
    administrator.delete("Script", 104)
    found = watcher.receive(timeout=5)
    assert summary(found) == [
        ("created", "Script", 104),
        ("updated", "Script", 104),
        ("deleted", "Script", 104),
    ]
    who = ["", "", ""] if Gap.AUTHOR in server_under_test.gaps else ["default", "", "default"]
    assert [one.user for one in found] == who


def test_the_history_of_an_object_says_who_changed_it_and_when(
    connect: Connect, server_under_test: ServerUnderTest
) -> None:
    administrator = connect("default", "password")
    earliest = int(time.time())
    made = administrator.create("Script", script("New")).dbid
    connect().update("Script", made, annex("s", {"k": "v"}))
    administrator.create("Script", script("Another"))
    administrator.delete("Script", made)
    found = connect().history("Script", made)
    if Gap.HISTORY in server_under_test.gaps:
        assert found == []
        return
    assert [(one.action, one.user) for one in found] == [
        ("created", "default"),
        ("updated", ""),
        ("deleted", "default"),
    ]
    assert all(earliest <= one.time <= time.time() for one in found)
    assert connect().history("Script", made + 1000) == []


def test_a_refused_change_is_not_told(server: Server) -> None:
    subscription = server.subscribe()
    with pytest.raises(UniquenessViolationError):
        server.create("Enumerator", {**LEAST["Enumerator"], "name": "CaseData"})
    with pytest.raises(UniquenessViolationError):
        server.update("Script", 102, Delta(values={"name": "Queue"}))
    assert subscription.receive() == []


def test_a_closed_subscription_hinders_nobody(server: Server) -> None:
    closed, other = server.subscribe(), server.subscribe()
    closed.close()
    server.delete("Script", 101)
    assert summary(other.receive()) == [("deleted", "Script", 101)]


def test_what_follows_from_a_change_is_told_too(server: Server) -> None:
    subscription = server.subscribe()
    server.delete("Enumerator", 101)
    assert ("deleted", "EnumeratorValue", 101) in (found := summary(subscription.receive()))
    assert found[-1] == ("deleted", "Enumerator", 101)
    server.delete("Person", 102)
    assert summary(subscription.receive()) == [
        ("updated", "AgentGroup", 101),
        ("deleted", "Person", 102),
    ]


def test_a_deletion_tells_of_each_changed_object_once(server: Server) -> None:
    subscription = server.subscribe("AgentGroup")
    server.delete("Person", 101)  # an agent and the manager of the group
    assert summary(subscription.receive()) == [("updated", "AgentGroup", 101)]


def test_what_a_deletion_takes_out_of_another_object_is_told_as_a_delta(server: Server) -> None:
    subscription = server.subscribe("AgentGroup")
    server.delete("Person", 102)
    (one,) = subscription.receive()
    assert one.delta == Delta(lists={"agentDBIDs": ListDelta(deleted=(102,))})


def test_each_object_that_is_disabled_with_its_owner_is_told(server: Server) -> None:
    server.create("EnumeratorValue", value("Other"))
    subscription = server.subscribe()
    server.update("Enumerator", 101, Delta(values={"state": 2}))
    found = subscription.receive()
    assert summary(found) == [
        ("updated", "Enumerator", 101),
        ("updated", "EnumeratorValue", 101),
        ("updated", "EnumeratorValue", 102),
    ]
    assert [one.delta for one in found] == [Delta(values={"state": 2})] * 3


def test_what_a_backup_takes_over_is_told(server: Server) -> None:
    subscription = server.subscribe("Application")
    server.update("Application", 102, Delta(lists={"tenantDBIDs": ListDelta(added=(102,))}))
    found = subscription.receive()
    assert summary(found) == [("updated", "Application", 102), ("updated", "Application", 103)]
    assert found[1].delta is not None


def test_a_move_is_told(server: Server) -> None:
    owner = {"type": 7, "DBID": 101}
    folder = server.create("Folder", {"name": "Chat", "type": 12, "ownerID": owner}).dbid
    subscription = server.subscribe()
    sent = Delta(lists={"objectIDs": ListDelta(added=({"type": 12, "DBID": 101},))})
    server.update("Folder", folder, sent)
    found = {(one.object_type, one.dbid): one for one in subscription.receive()}
    assert found["Folder", folder].action == "updated"
    assert found["Folder", folder].delta == sent


def test_missed_changes_are_an_error_and_then_the_subscription_goes_on(server: Server) -> None:
    subscription = server.subscribe()
    for number in range(KEPT + 200):
        server.update("Script", 101, Delta(values={"index": number + 1}))
    with pytest.raises(HistoryLogExpiredError) as caught:
        subscription.receive()
    assert caught.value.number == 27
    assert subscription.receive() == []
    server.update("Enumerator", 101, annex("s", {"k": "v"}))
    assert summary(subscription.receive()) == [("updated", "Enumerator", 101)]


def test_the_last_thousand_changes_are_kept(server: Server) -> None:
    subscription = server.subscribe()
    for number in range(KEPT):
        server.update("Script", 101, Delta(values={"index": number + 1}))
    found = subscription.receive()
    deltas = [one.delta for one in found]
    assert (len(found), deltas[0]) == (1000, Delta(values={"index": 1}))
    assert deltas[-1] == Delta(values={"index": 1000})


def test_a_password_and_its_hash_are_in_no_notification(server: Server) -> None:
    subscription = server.subscribe("Person")
    server.create("Person", {**LEAST["Person"], "password": "battery-staple"})
    server.update("Person", 101, Delta(values={"password": "staple-gun", "lastName": "B"}))
    server.update("Person", 102, Delta(values={"password": "staple-gun"}))
    server.update("Person", 101, annex("s", {"k": "v"}))
    server.delete("Person", 101)
    found = subscription.receive()
    assert summary(found) == [
        ("created", "Person", 105),
        ("updated", "Person", 101),
        ("updated", "Person", 102),
        ("updated", "Person", 101),
        ("deleted", "Person", 101),
    ]
    assert found[1].delta == Delta(values={"lastName": "B"})
    for secret in ("battery-staple", "staple-gun", RIGHT, "password", "scrypt"):
        assert secret not in repr(found)


def test_an_account_is_not_told_of_what_it_may_not_read(connect: Connect) -> None:
    server, anna = connect(), connect("anna", RIGHT)
    subscription = anna.subscribe("Script")
    server.set_permissions("Script", 101, [AccessEntry("Person", 100, Permission.FULL)])
    server.update("Script", 101, annex("s", {"k": "hidden"}))
    server.update("Script", 102, annex("s", {"k": "shown"}))
    assert summary(subscription.receive()) == [("updated", "Script", 102)]
