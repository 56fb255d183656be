"""The work of a plan for one object does not grow with the number of the others: counted, not
timed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.planning import prepare
from reconciler.engine.site_access import SiteAccess
from reconciler.kinds.model import Attribute
from reconciler.manifest.load import load_manifests
from reconciler.plan import losses
from reconciler.plan.attribute_values import AttributeValues
from reconciler.plan.context import PlanOptions
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from tests.harness import APP, VENDOR, opened, site_server

COUNT = 40

VALUES = """\
apiVersion: reconciler/v1
kind: BusinessAttribute
metadata: {{name: A{number}}}
spec: {{displayName: A{number}, type: Custom}}
---
apiVersion: reconciler/v1
kind: BusinessAttributeValue
metadata: {{attribute: A{number}, name: usual}}
spec: {{displayName: usual, isDefault: true}}
"""


def person(dbid: int) -> ConfObject:
    return ConfObject("Person", dbid, {"tenantDBID": 101, "userName": f"P{dbid}"})


def group(dbid: int, *agents: int) -> ConfObject:
    attributes = {"tenantDBID": 101, "name": f"G{dbid}", "agentDBIDs": list(agents)}
    return ConfObject("AgentGroup", dbid, attributes)


def referring(one: ConfObject, live: Snapshot) -> list[tuple[str, str]]:
    return [(other.attributes["name"], how.word) for other, how in losses.referrers(one, live)]


def test_who_refers_to_an_object_is_found_without_looking_at_all_objects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[int] = []
    look = losses.references_to_object

    def counted(kind: Any, attributes: Any, target: str, dbid: int) -> Iterator[Attribute]:
        looked_at.append(dbid)
        return look(kind, attributes, target, dbid)

    monkeypatch.setattr(losses, "references_to_object", counted)
    numbers = range(1, COUNT + 1)
    live = Snapshot([*map(person, numbers), *(group(1000 + one, one) for one in numbers)])
    for number in numbers:
        assert referring(person(number), live) == [(f"G{1000 + number}", "agents")]
    assert looked_at == list(numbers)


def test_what_a_copy_is_given_or_loses_changes_who_refers_to_an_object() -> None:
    live = Snapshot([person(1), person(2), group(1001, 1), group(1002, 1)])
    assert referring(person(1), live) == [("G1001", "agents"), ("G1002", "agents")]
    live.put(group(1001, 2))
    live.put(group(-1, 1, 2))
    live.drop("AgentGroup", 1002)
    assert referring(person(1), live) == [("G-1", "agents")]
    assert referring(person(2), live) == [("G-1", "agents"), ("G1001", "agents")]
    assert referring(person(1), live.copy()) == [("G-1", "agents")]


def test_the_values_of_an_attribute_are_found_without_looking_at_those_of_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    parent = AttributeValues.parent

    def counted(values: AttributeValues, desired: Any, tenant: int) -> Any:
        asked.append(desired.attribute)
        return parent(values, desired, tenant)

    monkeypatch.setattr(AttributeValues, "parent", counted)
    file = tmp_path / "values.yaml"
    file.write_text("---\n".join(VALUES.format(number=number) for number in range(COUNT)))
    with opened(site_server(tmp_path, VENDOR)) as server:
        planned = prepare(
            load_manifests([file]), SiteAccess(server, SiteOptions(APP)), PlanOptions()
        )
    assert len(planned.plan.writes) == 2 * COUNT
    assert len(asked) <= 8 * COUNT
