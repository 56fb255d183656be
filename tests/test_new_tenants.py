"""Objects in a tenant that the same plan creates: the tenant first, then what is in it."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from reconciler.plan.actions import Create
from reconciler.plan.context import PlanOptions
from reconciler.testing.faults import Fault
from tests.conftest import examples
from tests.harness import BARE, find, gwe, plan_arguments, site_server
from tests.runs import access_of, assert_same_but_dbids
from tests.test_circles import FAULTS
from tests.test_random_runs import Story
from tests.worlds import World

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Script: [{{name: Rule, type: CapacityRule}}]
"""


def declared(kind: str, spec: dict[str, Any] | None = None, **metadata: str) -> dict[str, Any]:
    metadata = {"tenant": "Branch", **metadata}
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": metadata, "spec": spec or {}}


TENANT = {
    "apiVersion": "reconciler/v1",
    "kind": "Object",
    "metadata": {"type": "Tenant", "name": "Branch"},
    "spec": {"defaultContract": "Branch:Costs"},
}
WHOLE = [
    declared("Person", {"userName": "b1", "isAgent": True, "skills": [{"skill": "English"}]},
             employeeID="1"),
    declared("Skill", name="English", folder="Languages"),
    declared("Folder", type="Skill", path="Languages"),
    declared("BusinessAttributeValue", {"displayName": "Red"}, attribute="Colours", name="red"),
    declared("BusinessAttribute", {"displayName": "Colours", "type": "Custom"}, name="Colours"),
    declared("Object", type="ObjectiveTable", name="Costs"),
    declared("PlaceGroup", {"capacityRule": "Resources:Rule"}, name="Desks"),
    TENANT,
]  # fmt: skip


def story_of(documents: list[dict[str, Any]], folder: Path) -> Story:
    return Story(World(SITE, "GWE", yaml.safe_dump_all(documents)), folder, PlanOptions(force=True))


def test_a_tenant_is_created_before_its_objects_and_its_own_reference_is_written_last(
    tmp_path: Path,
) -> None:
    story = story_of(WHOLE, tmp_path)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    assert {type(one) for one in plan.writes} == {Create}
    assert plan.writes[0].address == "Object/Tenant/Branch"
    assert {one.address.partition(":")[0] for one in plan.writes[1:]} == {"Branch"}
    assert story.run(plan) == 0
    path = story.path
    branch = find(path, "Tenant", "Branch")
    costs = find(path, "ObjectiveTable", "Costs")
    assert branch.attributes["defaultContractDBID"] == costs.dbid
    for object_type, name in (("Skill", "English"), ("PlaceGroup", "Desks")):
        assert find(path, object_type, name).tenant == branch.dbid
    rule = find(path, "Script", "Rule")
    assert find(path, "PlaceGroup", "Desks").attributes["capacityRuleDBID"] == rule.dbid
    assert story.plan(overwrite=False).empty

    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)
    assert story.run(story.undo()) == 0
    assert story.plan(overwrite=False).empty


@pytest.mark.long
@settings(max_examples=examples(15), deadline=None)
@given(creating=FAULTS)
def test_a_new_tenant_is_finished_whatever_breaks(creating: Fault | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = story_of(WHOLE, Path(folder))
        story.run(story.plan(overwrite=False), [creating] if creating else [])
        story.recover()
        assert story.run(story.plan(overwrite=False)) == 0
        assert story.plan(overwrite=False).empty


def test_a_saved_plan_creates_a_tenant_and_its_objects(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(yaml.safe_dump_all(WHOLE), encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml")
    assert gwe("plan", *options, "--out", "p.json", cwd=tmp_path).code == 0
    done = gwe("apply", "p.json", *plan_arguments(server), "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done
    assert "Nothing to do: 8 in sync." in gwe("plan", *options, cwd=tmp_path).out


def test_without_the_tenant_nothing_of_it_is_created(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(yaml.safe_dump_all(WHOLE), encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--exclude", "Object/Tenant/Branch")
    shown = gwe("plan", *options, cwd=tmp_path)
    assert "skipped: needs Object/Tenant/Branch, which is skipped" in shown.out
    assert "Nothing to do: 8 skipped." in shown.out


def test_objects_of_a_tenant_that_nobody_declares_are_blocked(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(WHOLE[1]), encoding="utf-8")
    shown = gwe("plan", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path)
    assert shown.code == 3
    assert (
        "blocked: the tenant Branch is absent, or not readable by this account: correct the name,"
        " or declare the tenant, with kind: Object, type: Tenant and name: Branch"
    ) in " ".join(shown.out.split())
