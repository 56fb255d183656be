"""Random calls, made on the server under test and on a small model: both must give the same
answers."""

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
from reconciler.testing.contract.fixtures import ServerFactory
from reconciler.testing.contract.model import KINDS, Errors, ModelServer, key_of
from reconciler.testing.contract.random_deltas import (
    GIVEN,
    NAMES,
    PICKS,
    TENANTS,
    creations,
    updates,
)
from reconciler.testing.contract.server_under_test import Gap, ServerUnderTest

SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}, {name: Second, dbid: 102}]
"""


def _sorted(live: Any, delta: KeyValueDelta) -> KeyValueDelta:
    """The changes of options, each in the bucket that fits what the live object holds."""
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
    """Only the entries of a delta that are in their right bucket."""
    there = {key_of(entry) for entry in live}
    deleted = tuple(key for key in delta.deleted if key in there)
    return ListDelta(
        tuple(entry for entry in delta.added if key_of(entry) not in there),
        tuple(e for e in delta.changed if key_of(e) in there and key_of(e) not in deleted),
        deleted,
    )


def tidy(attributes: Any) -> dict[str, Any]:
    """Attributes without empty values: absent and empty are the same (reference 2.2). A connection
    that names no mode has the mode 0."""
    kept = {key: one for key, one in attributes.items() if one or one is False}
    if connections := kept.get("appServerDBIDs"):
        kept["appServerDBIDs"] = [{"mode": 0, **connection} for connection in connections]
    return kept


class SideBySide(RuleBasedStateMachine):
    """Makes each call on the server and on the model."""

    def __init__(self, make: ServerFactory) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._under_test = make(Path(self._folder.name), SITE)
        self._server = self._under_test.connect()
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
            assert answer.dbid > self._given.get(name, 100)  # never reused
            self._given[name] = answer.dbid
            self._model.add(name, answer.dbid, made)
            self._compare(answer)

    @rule(call=updates(), pick=PICKS, right=st.booleans())
    def update(self, call: tuple[str, Delta], pick: int, right: bool) -> None:
        name, delta = call
        dbid = self._picked(name, pick)
        live = self._model.objects.get((name, dbid), {})
        # The reference does not say what happens to a value that is there already.
        values = {key: one for key, one in delta.values.items() if live.get(key) != one}
        key_values, lists = delta.key_values, delta.lists
        if right:
            fixed = KINDS[name].fixed
            values = {key: one for key, one in values.items() if key not in fixed}
            key_values = {key: _sorted(live.get(key, {}), one) for key, one in key_values.items()}
            lists = {key: _fitting(live.get(key, []), one) for key, one in lists.items()}
        if Gap.UNCHANGED_ENTRIES in self._under_test.gaps:
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
            self._under_test.close()
            self._folder.cleanup()

    def _picked(self, name: str, pick: int) -> int:
        """The DBID of an object of a type, or of none."""
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


def test_random_calls_are_answered_as_the_model_foretells(
    server_factory: ServerFactory, server_under_test: ServerUnderTest
) -> None:
    run_state_machine_as_test(
        lambda: SideBySide(server_factory),  # type: ignore[arg-type]
        settings=settings(
            max_examples=server_under_test.random_runs,
            stateful_step_count=40,
            deadline=None,  # how long a server takes is not asked
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
