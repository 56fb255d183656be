"""Deltas: whatever is live and whatever is wanted, an update carries that and no more."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.fields import FieldValueError, UnknownReferenceError
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta, apply_delta
from reconciler.server.differences import delta_for, difference
from reconciler.server.errors import (
    ListItemNotFoundError,
    UniquenessViolationError,
    UnspecifiedModificationError,
)
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

APPLICATION = OBJECT_TYPES["Application"]
AGENT_GROUP = OBJECT_TYPES["AgentGroup"]
ENUMERATOR = OBJECT_TYPES["Enumerator"]
ENUMERATOR_VALUE = OBJECT_TYPES["EnumeratorValue"]

PERSONS = Snapshot(
    ConfObject("Person", 100 + number, {"tenantDBID": 101, "employeeID": f"E{number}"})
    for number in range(6)
)

# Few names, so that live and wanted meet often; some that need care in a path.
words = st.sampled_from(["a", "b", "a/b", "a~b", "ä", " "]) | st.text(min_size=1, max_size=3)
values = st.text(max_size=5) | st.integers() | st.binary(max_size=5) | st.sampled_from(["", "1", 1])
key_value_lists = st.dictionaries(words, st.dictionaries(words, values, min_size=1, max_size=4))
Live = dict[str, dict[str, str | int | bytes]]
Changes = dict[tuple[str, str, str], str | int | bytes | None]


@st.composite
def live_and_changes(draw: st.DrawFn, word: str = "options") -> tuple[Live, Changes]:
    """A live key-value list and wanted changes, of options that are there and that are not."""
    live: Live = draw(key_value_lists)
    there = [(word, section, key) for section, options in live.items() for key in options]
    paths = st.tuples(st.just(word), words, words)
    if there:
        paths = st.sampled_from(there) | paths
    changes: Changes = draw(st.dictionaries(paths, st.none() | values, max_size=8))
    for _, section, key in draw(st.lists(st.sampled_from(there), max_size=2)) if there else ():
        changes[word, section, key] = live[section][key]
    return live, changes


def wanted(live: Live, changes: Changes) -> Live:
    """The list with the changes made, option by option."""
    flat = {
        (section, key): one for section, options in live.items() for key, one in options.items()
    }
    for (_, section, key), one in changes.items():
        if one is None:
            flat.pop((section, key), None)
        else:
            flat[section, key] = one
    result: Live = {}
    for (section, key), one in flat.items():
        result.setdefault(section, {})[key] = one
    return result


def exact(tree: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], tuple[type, Any]]:
    """Every option with the type of its value: 1 and "1" are two values."""
    return {(s, k): (type(v), v) for s, options in tree.items() for k, v in options.items()}


@given(live_and_changes())
def test_an_update_makes_exactly_the_wanted_changes(case: tuple[Live, Changes]) -> None:
    live, changes = case
    attributes = {"name": "Stat", "options": live, "userProperties": {"own": {"k": "v"}}}
    before = repr(attributes)
    delta = delta_for(APPLICATION, attributes, changes, PERSONS, 101)
    expected = wanted(live, changes)
    if exact(expected) == exact(live):
        assert not delta
        assert delta == Delta()
        return
    after = apply_delta(APPLICATION, attributes, delta)
    assert exact(after["options"]) == exact(expected)
    assert all(after["options"].values()), "an empty section was left"
    assert after["userProperties"] == {"own": {"k": "v"}}
    assert after["name"] == "Stat"
    assert repr(attributes) == before, "the live attributes were changed in place"


@given(live_and_changes())
def test_a_delta_names_only_what_differs_and_each_in_its_bucket(
    case: tuple[Live, Changes],
) -> None:
    live, changes = case
    delta = delta_for(APPLICATION, {"options": live}, changes, PERSONS, 101)
    assert not delta.values
    assert not delta.lists
    bucket = delta.key_values.get("options", KeyValueDelta())
    for section, options in bucket.added.items():
        assert options
        for key, one in options.items():
            assert key not in live.get(section, {})
            assert changes["options", section, key] == one
    for section, options in bucket.changed.items():
        assert options
        for key, one in options.items():
            assert live[section][key] != one
            assert changes["options", section, key] == one
    for section, keys in bucket.deleted.items():
        assert keys, "a section without keys would be deleted whole"
        assert len(set(keys)) == len(keys)
        for key in keys:
            assert key in live[section]
            assert changes["options", section, key] is None


@given(live_and_changes(), st.text(min_size=4, max_size=6))
def test_an_option_that_somebody_adds_meanwhile_survives_the_update(
    case: tuple[Live, Changes], name: str
) -> None:
    live, changes = case
    delta = delta_for(APPLICATION, {"options": live}, changes, PERSONS, 101)
    if not delta:
        return
    meanwhile = {section: {**options, name: "theirs"} for section, options in live.items()}
    after = apply_delta(APPLICATION, {"options": meanwhile}, delta)["options"]
    assert {section: after[section][name] for section in live} == dict.fromkeys(live, "theirs")


@given(live_and_changes("annex"), live_and_changes("options"))
def test_annex_and_options_of_one_application_do_not_mix(
    annex: tuple[Live, Changes], options: tuple[Live, Changes]
) -> None:
    live = {"userProperties": annex[0], "options": options[0]}
    delta = delta_for(APPLICATION, live, {**annex[1], **options[1]}, PERSONS, 101)
    after = apply_delta(APPLICATION, live, delta) if delta else live
    assert exact(after["userProperties"]) == exact(wanted(*annex))
    assert exact(after["options"]) == exact(wanted(*options))


@given(st.sets(st.integers(100, 105)), st.lists(st.integers(0, 5), unique=True))
def test_a_list_of_references_gets_what_it_lacks_and_loses_nothing(
    live: set[int], numbers: list[int]
) -> None:
    attributes = {"tenantDBID": 101, "name": "Chat", "agentDBIDs": sorted(live)}
    changes = {("agents", f"E{number}"): f"E{number}" for number in numbers}
    delta = delta_for(AGENT_GROUP, attributes, changes, PERSONS, 101)
    lacking = [100 + number for number in numbers if 100 + number not in live]
    if not lacking:
        assert delta == Delta()
        return
    assert delta == Delta(lists={"agentDBIDs": ListDelta(added=tuple(lacking))})
    assert apply_delta(AGENT_GROUP, attributes, delta) == {
        **attributes,
        "agentDBIDs": sorted(live) + lacking,
    }


def test_plain_values_that_differ_are_sent_as_the_server_holds_them() -> None:
    live = {"name": "CaseData", "displayName": "Old", "type": 4, "state": 2, "description": "same"}
    changes = {
        ("displayName",): "New",
        ("type",): "Custom",
        ("state",): "Enabled",
        ("description",): "same",
    }
    delta = delta_for(ENUMERATOR, live, changes, PERSONS, 101)
    assert delta == Delta(values={"displayName": "New", "state": 1})
    assert apply_delta(ENUMERATOR, live, delta) == {**live, "displayName": "New", "state": 1}


def test_a_flag_that_the_live_object_lacks_is_sent() -> None:
    changes = {("isDefault",): False}
    assert delta_for(ENUMERATOR_VALUE, {}, changes, PERSONS, 101).values == {"isDefault": False}
    for unchanged in (False, "false"):
        live = {"isDefault": False}
        assert not delta_for(ENUMERATOR_VALUE, live, {("isDefault",): unchanged}, PERSONS, 101)


def test_a_number_and_a_flag_are_taken_away_as_0_and_false_and_an_enumeration_as_its_default() -> (
    None
):
    kind = OBJECT_TYPES["DN"]
    live = {"trunks": 3, "registerAll": 1, "switchSpecificType": 7}
    changes = {("trunks",): None, ("registerAll",): None, ("switchSpecificType",): None}
    delta = delta_for(kind, live, changes, Snapshot(), 101)
    assert delta.values == {"trunks": 0, "registerAll": 2, "switchSpecificType": 1}
    zone = {("daylightSaving",): None}
    delta = delta_for(OBJECT_TYPES["TimeZone"], {"isDSTObserved": True}, zone, Snapshot(), 101)
    assert delta.values == {"isDSTObserved": False}


def test_the_type_of_a_group_is_sent_with_the_group_even_where_both_groups_have_one_dbid() -> None:
    kind = OBJECT_TYPES["CampaignGroup"]
    live = {"groupDBID": 101, "groupType": 5}
    names = Snapshot([ConfObject("PlaceGroup", 101, {"tenantDBID": 101, "name": "Places"})])
    changes = {("group",): "Places", ("groupType",): "PlaceGroup"}
    expected = {"groupDBID": 101, "groupType": 6}
    assert delta_for(kind, live, changes, names, 101).values == expected
    assert difference(kind, live, expected).values == expected


def test_a_text_and_an_integer_of_the_same_digits_are_two_values() -> None:
    changes = {("options", "s", "k"): "5"}
    delta = delta_for(APPLICATION, {"options": {"s": {"k": 5}}}, changes, PERSONS, 101)
    assert delta.key_values["options"].changed == {"s": {"k": "5"}}


def test_the_last_option_of_a_section_is_named_by_its_key() -> None:
    live = {"options": {"s": {"only": "1"}, "t": {"a": "1", "b": "2"}}}
    changes = {
        ("options", "s", "only"): None,
        ("options", "t", "a"): None,
        ("options", "t", "b"): None,
        ("options", "t", "c"): None,
        ("options", "none", "x"): None,
    }
    delta = delta_for(APPLICATION, live, changes, PERSONS, 101)
    assert delta.key_values["options"].deleted == {"s": ("only",), "t": ("a", "b")}
    assert apply_delta(APPLICATION, live, delta) == {"options": {}}


def test_what_cannot_be_sent_is_named() -> None:
    with pytest.raises(FieldValueError, match="Enumerator has no field colour"):
        delta_for(ENUMERATOR, {}, {("colour",): "red"}, PERSONS, 101)
    with pytest.raises(FieldValueError, match="Purple"):
        delta_for(ENUMERATOR, {}, {("type",): "Purple"}, PERSONS, 101)
    with pytest.raises(UnknownReferenceError, match="no Person is named E9"):
        delta_for(AGENT_GROUP, {}, {("agents", "E9"): "E9"}, PERSONS, 101)


def test_a_delta_that_names_nothing_is_refused() -> None:
    with pytest.raises(UnspecifiedModificationError):
        apply_delta(APPLICATION, {"name": "Stat"}, Delta())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (KeyValueDelta(added={"s": {"k": "v"}}), UniquenessViolationError),
        (KeyValueDelta(changed={"s": {"new": "v"}}), ListItemNotFoundError),
        (KeyValueDelta(deleted={"s": ("new",)}), ListItemNotFoundError),
        (KeyValueDelta(deleted={"new": ()}), ListItemNotFoundError),
    ],
)
def test_a_wrong_bucket_is_refused_and_changes_nothing(
    change: KeyValueDelta, error: type[Exception]
) -> None:
    live = {"options": {"s": {"k": "v", "l": "w"}}, "version": "8"}
    with pytest.raises(error):
        apply_delta(APPLICATION, live, Delta({"version": "9"}, {"options": change}))
    assert live == {"options": {"s": {"k": "v", "l": "w"}}, "version": "8"}
