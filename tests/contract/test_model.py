"""Random calls on a server and on the small model beside it: the same answers.

Names and DBIDs are few, so that names are taken, references lead to nothing, and options
stand in the wrong bucket, often.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.port import ConfObject
from tests.conftest import examples
from tests.contract.adapters import ADAPTERS, Installation
from tests.contract.model import KINDS, Errors, ModelServer, key_of

SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}, {name: Second, dbid: 102}]
"""

NAMES = st.sampled_from(["a", "b", "c"])
DBIDS = st.sampled_from([101, 102, 103, 104])
PICKS = st.integers(0, 9)
TENANTS = st.sampled_from([101, 101, 101, 102, 999])
OPTIONS = st.dictionaries(NAMES, st.sampled_from(["1", "2", 3, b"\x04"]), min_size=1, max_size=2)
SECTIONS = st.dictionaries(st.sampled_from(["s", "t"]), OPTIONS, max_size=2)
MEMBERS = st.lists(DBIDS, max_size=2)
CONNECTIONS = st.lists(
    st.builds(lambda dbid, port: {"appServerDBID": dbid, "id": port}, DBIDS, NAMES), max_size=2
)

# What a create usually gives: (what it needs, what it may say besides).
Strategies = dict[str, st.SearchStrategy[Any]]
GIVEN: dict[str, tuple[Strategies, Strategies]] = {
    "Script": (
        {"tenantDBID": TENANTS, "name": NAMES, "type": st.sampled_from([6, 23])},
        {"index": st.integers(1, 3)},
    ),
    "AgentGroup": (
        {"tenantDBID": TENANTS, "name": NAMES},
        {"agentDBIDs": MEMBERS, "managerDBIDs": MEMBERS, "capacityRuleDBID": DBIDS},
    ),
    "Enumerator": (
        {"tenantDBID": TENANTS, "name": NAMES, "displayName": NAMES, "type": st.just(4)},
        {},
    ),
    "EnumeratorValue": (
        {
            "tenantDBID": st.sampled_from([101, 101, 101, 102]),
            "enumeratorDBID": st.sampled_from([101, 101, 102, 103]),
            "name": NAMES,
            "displayName": NAMES,
        },
        {"isDefault": st.sampled_from([False, False, True])},
    ),
    "Person": ({"tenantDBID": TENANTS, "employeeID": NAMES, "userName": NAMES}, {}),
    "Application": (
        {
            "name": NAMES,
            "type": st.just(2),
            "version": NAMES,
            "workDirectory": st.just("."),
            "commandLine": st.just("."),
        },
        {"appServerDBIDs": CONNECTIONS},
    ),
}


@st.composite
def creations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A type and attributes; one in some lacks something, or says too much."""
    name = draw(st.sampled_from(list(GIVEN)))
    needed, more = GIVEN[name]
    more = {**more, "userProperties": SECTIONS}
    given = draw(st.fixed_dictionaries(needed, optional=more))
    match draw(st.integers(0, 11)):
        case 0:
            del given[draw(st.sampled_from(sorted(needed)))]
        case 1:
            given["colour"] = "red"
    return name, given


@st.composite
def updates(draw: st.DrawFn) -> tuple[str, Delta]:
    """A type and a delta: plain values, options, and entries of lists, in any bucket."""
    name = draw(st.sampled_from(list(GIVEN)))
    needed, more = GIVEN[name]
    lists = KINDS[name].lists
    plain = {key: one for key, one in (needed | more).items() if key not in lists}
    chosen = draw(st.sets(st.sampled_from(sorted(plain)), max_size=2))
    values = {key: draw(_or_empty(key, plain[key])) for key in sorted(chosen)}
    keys = st.lists(NAMES, max_size=2, unique=True).map(tuple)
    options = st.builds(
        KeyValueDelta,
        added=SECTIONS,
        changed=SECTIONS,
        deleted=st.dictionaries(st.sampled_from(["s", "t"]), keys, max_size=1),
    )
    key_values = draw(st.dictionaries(st.just("userProperties"), options))
    listed = st.sets(st.sampled_from(sorted(lists)), max_size=1) if lists else st.just(set())
    changes = {
        key: draw(st.builds(_list_delta, more[key], more[key], MEMBERS)) for key in draw(listed)
    }
    return name, Delta(values, key_values, changes)


def _or_empty(attribute: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    texts = ("displayName", "name", "employeeID", "userName", "version")
    return values | values | st.just("") if attribute in texts else values


def _list_delta(added: list[Any], changed: list[Any], deleted: list[int]) -> ListDelta:
    return ListDelta(tuple(added[:1]), tuple(changed[1:]), tuple(deleted[:1]))


def _sorted(live: Any, delta: KeyValueDelta) -> KeyValueDelta:
    """The same changes of options, each in its right bucket."""
    given = {(s, k): v for s, options in delta.added.items() for k, v in options.items()}
    deleted = {
        s: tuple(k for k in keys if k in live[s]) for s, keys in delta.deleted.items() if s in live
    }
    gone = {(s, k) for s, keys in deleted.items() for k in keys}
    added: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, Any]] = {}
    for (section, key), value in given.items():
        if (section, key) not in gone:
            bucket = changed if key in live.get(section, {}) else added
            bucket.setdefault(section, {})[key] = value
    return KeyValueDelta(added, changed, {s: keys for s, keys in deleted.items() if keys})


def _fitting(live: list[Any], delta: ListDelta) -> ListDelta:
    """Only the entries of a delta that stand in their right bucket."""
    there = {key_of(entry) for entry in live}
    deleted = tuple(key for key in delta.deleted if key in there)
    return ListDelta(
        tuple(entry for entry in delta.added if key_of(entry) not in there),
        tuple(e for e in delta.changed if key_of(e) in there and key_of(e) not in deleted),
        deleted,
    )


def tidy(attributes: Any) -> dict[str, Any]:
    """Attributes without empty ones: absent and empty are the same (reference 2.2)."""
    return {key: one for key, one in attributes.items() if one or one is False}


class Beside(RuleBasedStateMachine):
    """Each call goes to the server and to the model."""

    def __init__(self, make: Callable[[Path, str], Installation]) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._installation = make(Path(self._folder.name), SITE)
        self._server = self._installation.connect()
        self._model = ModelServer({101, 102})
        self._given: dict[str, int] = {}

    @initialize()
    def begin(self) -> None:
        """One or two objects of each type."""
        ours = {"tenantDBID": 101, "name": "a"}
        shown = {**ours, "displayName": "a"}
        for number in ("a", "b"):
            self.create(("Person", {"tenantDBID": 101, "employeeID": number, "userName": number}))
            server = {"name": number, "type": 2, "version": "8", "workDirectory": "."}
            self.create(("Application", {**server, "commandLine": "."}))
        connected = ListDelta(added=({"appServerDBID": 101, "id": "default"},))
        self.update(("Application", Delta(lists={"appServerDBIDs": connected})), 1, right=True)
        self.create(("Script", {**ours, "type": 23, "userProperties": {"s": {"a": "1"}}}))
        self.create(("Enumerator", {**shown, "type": 4}))
        self.create(("EnumeratorValue", {**shown, "enumeratorDBID": 101, "isDefault": True}))
        self.create(("AgentGroup", {**ours, "agentDBIDs": [101], "capacityRuleDBID": 101}))

    @rule(call=creations())
    def create(self, call: tuple[str, dict[str, Any]]) -> None:
        name, given = call
        errors, made = self._model.create(name, given)
        answer = self._answer(errors, lambda: self._server.create(name, given))
        if answer is not None:
            assert answer.dbid > self._given.get(name, 100)  # never given again
            self._given[name] = answer.dbid
            self._model.add(name, answer.dbid, made)
            self._compare(answer)

    @rule(call=updates(), pick=PICKS, right=st.booleans())
    def update(self, call: tuple[str, Delta], pick: int, right: bool) -> None:
        name, delta = call
        dbid = self._picked(name, pick)
        live = self._model.objects.get((name, dbid), {})
        # The reference does not say what comes of a value that is there already.
        values = {key: one for key, one in delta.values.items() if live.get(key) != one}
        key_values, lists = delta.key_values, delta.lists
        if right:
            fixed = KINDS[name].fixed
            values = {key: one for key, one in values.items() if key not in fixed}
            key_values = {key: _sorted(live.get(key, {}), one) for key, one in key_values.items()}
            lists = {key: _fitting(live.get(key, []), one) for key, one in lists.items()}
        if "change" in self._installation.lacks:
            lists = {key: _without_changed_dbids(one) for key, one in lists.items()}
        sent = Delta(values, key_values, lists)
        errors = self._model.update(name, dbid, sent)
        answer = self._answer(errors, lambda: self._server.update(name, dbid, sent))
        if answer is not None:
            self._compare(answer)

    @rule(name=st.sampled_from(list(GIVEN)), pick=PICKS)
    def delete(self, name: str, pick: int) -> None:
        dbid = self._picked(name, pick)
        errors = self._model.delete(name, dbid)
        self._answer(errors, lambda: self._server.delete(name, dbid))

    @rule(name=st.sampled_from(list(GIVEN)), tenant=TENANTS, text=NAMES)
    def read(self, name: str, tenant: int, text: str) -> None:
        wanted = {"tenantDBID": tenant, "name": text}
        filters: dict[str, str | int] = {"tenant_dbid": tenant, "name": text}
        if name == "Application":
            del wanted["tenantDBID"], filters["tenant_dbid"]
        elif name == "Person":
            wanted["userName"], filters["user_name"] = wanted.pop("name"), filters.pop("name")
        found = self._server.read(name, filters)
        expected = sorted(
            dbid
            for (kind, dbid), one in self._model.objects.items()
            if kind == name and wanted.items() <= one.items()
        )
        assert [one.dbid for one in found] == expected
        for one in found:
            self._compare(one)

    def teardown(self) -> None:
        try:
            for name in GIVEN:
                found = [one for one in self._server.read(name) if one.dbid > 100]
                expected = sorted(dbid for kind, dbid in self._model.objects if kind == name)
                assert [one.dbid for one in found] == expected
                for one in found:
                    self._compare(one)
        finally:
            self._server.close()
            self._installation.close()
            self._folder.cleanup()

    def _picked(self, name: str, pick: int) -> int:
        """One of the objects of a type, or none."""
        there = sorted(dbid for kind, dbid in self._model.objects if kind == name)
        return there[pick % len(there)] if there and pick else 999

    def _answer(self, errors: Errors, call: Callable[[], ConfObject | None]) -> ConfObject | None:
        if not errors:
            return call()
        with pytest.raises(tuple(errors)):
            call()
        return None

    def _compare(self, one: ConfObject) -> None:
        assert tidy(one.attributes) == tidy(self._model.objects[one.type, one.dbid])


def _without_changed_dbids(delta: ListDelta) -> ListDelta:
    changed = tuple(one for one in delta.changed if not isinstance(one, int))
    return ListDelta(delta.added, changed, delta.deleted)


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_random_calls_are_answered_as_the_model_foretells(adapter: str) -> None:
    run_state_machine_as_test(
        lambda: Beside(ADAPTERS[adapter]),  # type: ignore[arg-type]
        settings=settings(
            max_examples=examples(80) if adapter == "embedded" else 15,
            stateful_step_count=40,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
