"""The inventory as a value, and how List objects hold it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.errors import InventoryError
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import apply_delta
from reconciler.server.port import ConfObject
from reconciler.site import inventory_lists
from reconciler.site.inventory import (
    Entry,
    Inventory,
    InventoryChange,
    InventoryOwner,
    OwnedObject,
    OwnedOption,
    value_digest,
)
from reconciler.site.inventory_lists import (
    CreateList,
    DeleteList,
    StoredInventory,
    UpdateList,
    entries_of,
    list_name,
    writes_for,
)

OWNER = InventoryOwner("chat", "Web_Engagement_Server")
QUEUE = OwnedObject("Script", 1234, "Chat.Overflow")
OPTION = OwnedOption(1021, "endpoints:101", "webme")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
ENTRIES = st.one_of(
    st.builds(OwnedObject, st.sampled_from(["Script", "DN", "Person"]), st.integers(1, 99), TEXTS),
    st.builds(OwnedOption, st.integers(1, 9), TEXTS, TEXTS, st.sampled_from(["", "0" * 16])),
)


def carried_out(stored: StoredInventory, change: InventoryChange) -> StoredInventory:
    """The inventory after the writes that change it."""
    lists = {one.dbid: one for one in stored.lists}
    for write in writes_for(stored, change):
        match write:
            case CreateList():
                dbid = max(lists, default=500) + 1
                lists[dbid] = ConfObject("Transaction", dbid, write.attributes(1))
            case UpdateList():
                old = lists[write.before.dbid]
                attributes = apply_delta(OBJECT_TYPES["Transaction"], old.attributes, write.delta)
                lists[old.dbid] = replace(old, attributes=attributes)
            case DeleteList():
                del lists[write.before.dbid]
    return StoredInventory(stored.owner, tuple(lists.values()))


def made(*entries: Entry) -> StoredInventory:
    return carried_out(StoredInventory(OWNER), InventoryChange(entries))


@contextmanager
def lists_of(room: int) -> Iterator[None]:
    """Lists hold so many entries."""
    with patch.object(inventory_lists, "LIST_ENTRIES", room):
        yield


def test_an_entry_is_one_short_option_that_a_person_can_read() -> None:
    initial = replace(
        OPTION,
        option="queueKey",
        digest=value_digest((1021, "endpoints:101", "queueKey"), "101:webme"),
    )
    (one,) = made(QUEUE, OPTION, initial).lists
    assert one.attributes == {
        "tenantDBID": 1,
        "name": "gwe-reconciler.inventory.4943ee3261ac4143",
        "alias": "gwe-reconciler.inventory.4943ee3261ac4143",
        "type": 21,
        "description": "What gwe-reconciler has created and may delete",
        "userProperties": {
            "inventory": {"format": "1", "set": "chat", "application": "Web_Engagement_Server"},
            "objects": {"Script.1234": '["Chat.Overflow"]'},
            "options": {
                "1021.20a6dc7787174add": '["endpoints:101", "webme"]',
                "1021.dc73f07c3d6a8977": '["endpoints:101", "queueKey", "3fa57cac5c34a906"]',
            },
        },
    }


@given(st.lists(st.tuples(ENTRIES, st.booleans()), max_size=30), st.integers(1, 4))
def test_any_entries_are_read_back_as_they_were_however_many_lists_hold_them(
    changes: list[tuple[Entry, bool]], room: int
) -> None:
    stored, expected = StoredInventory(OWNER), dict[Any, Entry]()
    with lists_of(room):
        for entry, stays in changes:
            expected[entry.key] = entry
            stored = carried_out(stored, InventoryChange((entry,)))
            if not stays:
                del expected[entry.key]
                stored = carried_out(stored, InventoryChange(removed=(entry.key,)))
            assert dict(stored.inventory.entries) == expected
            names = [one.attributes["name"] for one in stored.lists]
            assert names == [list_name(OWNER, number) for number in range(len(names))]
            assert all(len(entries_of(one)) <= room for one in stored.lists)
            mores = [
                "more" in one.attributes["userProperties"]["inventory"] for one in stored.lists
            ]
            assert mores == [True] * (len(names) - 1) + [False] * min(len(names), 1)


def test_an_inventory_without_entries_has_no_lists() -> None:
    with lists_of(1):
        stored = made(QUEUE, OPTION)
        assert len(stored.lists) == 2
        assert carried_out(stored, InventoryChange(removed=(QUEUE.key, OPTION.key))).lists == ()


def test_the_list_that_names_another_is_written_before_it() -> None:
    with lists_of(1):
        writes = writes_for(made(QUEUE), InventoryChange((OPTION,)))
    assert [type(write) for write in writes] == [UpdateList, CreateList]


def test_what_others_keep_in_a_list_stays() -> None:
    (one,) = made(QUEUE).lists
    annex = {**one.attributes["userProperties"], "notes": {"who": "anna"}}
    annex["inventory"] = {**annex["inventory"], "remark": "do not touch"}
    one = replace(one, attributes={**one.attributes, "userProperties": annex})
    stored = carried_out(StoredInventory(OWNER, (one,)), InventoryChange((OPTION,)))
    kept = stored.lists[0].attributes["userProperties"]
    assert (kept["notes"], kept["inventory"]["remark"]) == ({"who": "anna"}, "do not touch")
    assert set(stored.inventory.entries) == {QUEUE.key, OPTION.key}


@pytest.mark.parametrize(
    ("section", "option", "value", "problem"),
    [
        ("inventory", "format", "2", "its format is 2, and this version reads 1"),
        (
            "objects",
            "Script.1234",
            "Chat.Overflow",
            "the option objects/Script.1234 is not an entry",
        ),
        ("objects", "Script.1234", 7, "the option objects/Script.1234 is not an entry"),
        ("objects", "Script.1234", '["a", "b"]', "the option objects/Script.1234 is not an entry"),
        ("objects", "Scrip.1234", '["a"]', "the option objects/Scrip.1234 is not an entry"),
        ("objects", "Script.x", '["a"]', "the option objects/Script.x is not an entry"),
        (
            "options",
            "1021.0",
            '["a", "b"]',
            "the option options/1021.0 is not an entry as gwe writes",
        ),
        ("options", "1021.0", "[[]]", "the option options/1021.0 is not an entry"),
        ("objects", "Script.9", "[" * 9999, "the option objects/Script.9 is not an entry"),
    ],
)
def test_a_damaged_inventory_is_refused_with_what_to_do(
    section: str, option: str, value: object, problem: str
) -> None:
    (one,) = made(QUEUE, OPTION).lists
    annex = one.attributes["userProperties"]
    annex = {**annex, section: {**annex[section], option: value}}
    damaged = replace(one, attributes={**one.attributes, "userProperties": annex})
    with pytest.raises(InventoryError) as caught:
        StoredInventory(OWNER, (damaged,))
    assert problem in caught.value.message
    assert "gwe-reconciler.inventory.4943ee3261ac4143 of Environment" in caught.value.message
    assert "gwe adopt --from-runs" in caught.value.hint


def test_sets_and_sites_have_inventories_of_their_own() -> None:
    owners = [
        InventoryOwner("", "GWE"),
        InventoryOwner("GWE", ""),
        InventoryOwner("a", "b"),
        InventoryOwner("a\0b", ""),
        InventoryOwner("a\\0b", ""),
    ]
    assert len({list_name(owner, 0) for owner in owners}) == len(owners)


def test_the_digest_of_a_value_tells_numbers_from_texts_and_places_from_each_other() -> None:
    digests = {
        value_digest((1, "s", "o"), "1"),
        value_digest((1, "s", "o"), 1),
        value_digest((1, "s", "p"), "1"),
        value_digest((2, "s", "o"), "1"),
        value_digest((1, "s", "o"), b"1"),
    }
    assert len(digests) == 5


def test_the_change_between_two_inventories_names_what_is_new_and_what_is_gone() -> None:
    before, after = Inventory.of([QUEUE, OPTION]), Inventory.of([OPTION, replace(QUEUE, dbid=9)])
    assert before.change_to(after) == InventoryChange((replace(QUEUE, dbid=9),), (QUEUE.key,))
    assert not before.change_to(before)
