"""An object of every type: corrected, protected, recovered and reverted; what must never be deleted
is not, whatever a manifest says; drawn references are carried over a replace."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reconciler.kinds.fields import from_pointer
from reconciler.kinds.flatten import leaf
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.manifests import KIND_OF_TYPE, MANIFEST_KINDS, OBJECT_KINDS
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.plan.actions import Replace
from reconciler.plan.context import PlanOptions
from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import ConfObject
from reconciler.testing.contract.site import LEAST_OF_ALL
from reconciler.testing.faults import LoseAnswer
from tests.conftest import examples
from tests.harness import everything, gwe, opened, plan_arguments, site_server
from tests.runs import access_of, assert_same_but_dbids
from tests.test_carried_references import REPLACED, manifest_of_existing
from tests.test_folders import absent, now_declaring
from tests.test_objects_of_every_type import (
    TYPES,
    WORLD,
    manifest_of,
    names_in_world,
    names_on,
    objects,
    whole,
)
from tests.test_random_runs import Story
from tests.worlds import World

Document = dict[str, Any]


def kind_of(object_type: str) -> ManifestKind:
    """The kind of the manifests that ``manifest_of`` makes."""
    own = "Script" if object_type == "Script" else KIND_OF_TYPE.get(object_type)
    return MANIFEST_KINDS[own] if own else OBJECT_KINDS[object_type]


def least(object_type: str) -> Document:
    """The manifest of an object of a type that says no more than it must."""
    new = dict(LEAST_OF_ALL[object_type])
    if object_type == "Script":
        new["type"] = whole(OBJECT_TYPES["Script"])["type"]
    return manifest_of(object_type, new, names_in_world())


@pytest.mark.long
@pytest.mark.parametrize("object_type", TYPES)
def test_it_is_corrected_recovered_and_reverted(object_type: str, tmp_path: Path) -> None:
    first = least(object_type)
    text = yaml.safe_dump(first, allow_unicode=True)
    story = Story(World(WORLD, "GWE", text), tmp_path, PlanOptions(force=True), whole=True)
    assert story.run(story.plan(overwrite=False)) == 0
    before, access = story.objects(), access_of(story.path)
    declared = manifest_of(object_type, whole(OBJECT_TYPES[object_type]), names_in_world())
    # A tenant that is disabled disables all that it owns.
    fixed = {one.word for one in OBJECT_TYPES[object_type].attributes if one.immutable} | {"state"}
    kept = {word: each for word, each in declared["spec"].items() if word not in fixed}
    second = {**first, "spec": {**kept, **first["spec"]}}
    plan = now_declaring(story, [second])
    assert [one.action for one in plan.writes] == ["update"]
    # The first update is that of the lock.
    assert story.run(plan, [LoseAnswer(call="update", at=2)]) == 5
    story.recover()
    assert now_declaring(story, [second]).empty
    undo = story.undo()
    assert [one.action for one in undo.writes] == ["update"]
    assert story.run(undo) == 0
    stays = {notice.partition(":")[2].split()[0] for notice in undo.notices if " stays " in notice}
    assert {key: set_values(one, stays) for key, one in story.objects().items()} == {
        key: set_values(one, stays) for key, one in before.items()
    }
    for path in stays:  # only enumerations that have no value which a new object would have
        kept = leaf(OBJECT_TYPES[object_type], from_pointer(path))
        assert kept is not None
        assert (kept.type, kept.default) == (ValueType.ENUM, None)
    assert access_of(story.path) == access


def set_values(one: ConfObject, stays: set[str]) -> tuple[int, dict[str, Any]]:
    """The folder of an object, and its attributes without those that are empty, since a number that
    is 0 is not set, and without enumerations that an undo has to leave (``stays``)."""
    return one.folder, _set(OBJECT_TYPES[one.type].attributes, one.attributes, "", stays)


def _set(
    declared: tuple[Attribute, ...], values: dict[str, Any], above: str, stays: set[str]
) -> dict[str, Any]:
    found = {}
    for each in declared:
        path, value = f"{above}/{each.word}", values.get(each.name)
        if each.type is ValueType.STRUCTURE and value:
            value = _set(each.fields, value, path, stays)
        usual = value == each.default and above  # a structure that was set once stays
        if value and not usual and path not in stays:
            found[each.name] = value
    return found


@pytest.mark.long
def test_a_protected_object_of_any_type_is_neither_deleted_nor_replaced(tmp_path: Path) -> None:
    documents = [{**least(one), "policy": {"protect": True}} for one in TYPES]
    text = yaml.safe_dump_all(documents, allow_unicode=True)
    story = Story(World(WORLD, "GWE", text), tmp_path, PlanOptions(force=True), whole=True)
    assert story.run(story.plan(overwrite=False)) == 0
    assert story.plan(overwrite=True).empty
    blocked = story.undo().blocked
    assert sorted(one.subject.object_type for one in blocked) == sorted(TYPES)
    assert {one.reason for one in blocked} == {"protected: it is never deleted"}


def test_a_campaign_group_goes_from_a_group_of_agents_to_one_of_places(tmp_path: Path) -> None:
    """Both groups have DBID 101: what changes is the type, which a server takes with the group."""
    agents = least("CampaignGroup")
    text = yaml.safe_dump(agents, allow_unicode=True)
    story = Story(World(WORLD, "GWE", text), tmp_path, PlanOptions(force=True), whole=True)
    assert story.run(story.plan(overwrite=False)) == 0
    before = story.objects()
    places = {**agents, "spec": {**agents["spec"], "group": "Desks", "groupType": "PlaceGroup"}}
    assert story.run(now_declaring(story, [places])) == 0
    (changed,) = (one for key, one in story.objects().items() if before.get(key) != one)
    assert (changed.attributes["groupType"], changed.attributes["groupDBID"]) == (6, 101)
    assert now_declaring(story, [places]).empty
    assert story.run(story.undo()) == 0
    assert story.objects() == before


CORRECTED = [name for name in TYPES if kind_of(name).overwrite == "correct"]


def test_what_cascades_is_vetoed_or_holds_secrets_is_corrected_and_never_replaced() -> None:
    assert {"Tenant", "Host", "Application", "AppPrototype", "Person", "Switch"} <= {*CORRECTED}
    assert {"Enumerator", "PhysicalSwitch", "Campaign", "IVR", "Format"} <= {*CORRECTED}


@pytest.mark.long
def test_overwrite_corrects_it_in_place(tmp_path: Path) -> None:
    documents = [least(one) for one in CORRECTED]
    text = yaml.safe_dump_all(documents, allow_unicode=True)
    story = Story(World(WORLD, "GWE", text), tmp_path, PlanOptions(force=True), whole=True)
    there = everything(story.path).keys()
    assert story.run(story.plan(overwrite=False)) == 0
    made = story.objects().keys() - there
    for one in documents:
        one["spec"]["annex"] = {"s": {"k": "v"}}
    changed = yaml.safe_dump_all(documents, allow_unicode=True)
    story.world = World(WORLD, "GWE", changed)
    plan = story.plan(overwrite=True)
    assert [one.action for one in plan.writes] == ["update"] * len(CORRECTED)
    corrected = {(one.subject.object_type, one.subject.dbid) for one in plan.writes}
    assert sorted(object_type for object_type, _ in corrected) == sorted(CORRECTED)
    assert corrected <= made
    assert story.run(plan) == 0
    now = story.objects()
    for key in corrected:
        assert now[key].attributes["userProperties"] == {"s": {"k": "v"}}, key


NEVER = [
    ("Tenant", 1),
    ("Tenant", 101),
    ("Person", 100),
    *(("AccessGroup", dbid) for dbid in (97, 98, 99)),
    ("Application", 99),
    ("Application", 104),
]
"""Tenant Environment and that of the site, the first person, the server's own groups, the server
itself, and the application of the site."""


def never_deleted() -> list[tuple[str, int]]:
    """Those, and the predefined Business Attributes and their values in every tenant."""
    names = names_in_world()
    own = [
        one
        for one in names.of_type("Enumerator")
        if one.attributes["name"] not in ("CaseData", "Other")
    ]
    values = [
        one
        for one in names.of_type("EnumeratorValue")
        if one.attributes["enumeratorDBID"] in {each.dbid for each in own}
    ]
    return [*NEVER, *((one.type, one.dbid) for one in (*own, *values))]


def test_what_must_never_be_deleted_never_is(tmp_path: Path) -> None:
    names = names_in_world()
    documents = []
    for object_type, dbid in never_deleted():
        one = names.get(object_type, dbid)
        assert one is not None, (object_type, dbid)
        manifest = manifest_of(object_type, one.attributes, names)
        if one.tenant:
            manifest["metadata"]["tenant"] = names.name("Tenant", one.tenant, 0)
        documents.append(manifest)
    assert len(documents) > 50
    path = site_server(tmp_path, WORLD)
    gone = yaml.safe_dump_all(absent(documents), allow_unicode=True)
    (tmp_path / "gone.yaml").write_text(gone, encoding="utf-8")
    before = everything(path)
    force = ("-f", "gone.yaml", "--force", "--format", "json")
    planned = gwe("plan", *plan_arguments(path, *force), cwd=tmp_path)
    assert planned.code == 3, planned
    actions = yaml.safe_load(planned.out)["actions"]
    assert {one["action"] for one in actions} == {"blocked"}
    assert len(actions) == len(documents)
    applied = gwe("apply", *plan_arguments(path, *force[:3]), "--auto-approve", cwd=tmp_path)
    assert applied.code == 3
    assert everything(path) == before


@st.composite
def referrers(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """Random objects of random types, each with references to the object 101 of other types."""
    types = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=8, unique=True))
    return [(name, draw(objects(name))) for name in types]


@pytest.mark.long
@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(REPLACED), referrers())
def test_drawn_references_lead_to_the_object_in_the_place_of_a_replaced_one(
    object_type: str, others: list[tuple[str, dict[str, Any]]]
) -> None:
    note(f"{object_type} {others}")
    with tempfile.TemporaryDirectory() as name:
        nothing = "apiVersion: reconciler/v1\nkind: Skill\nmetadata: {name: N}\nensure: absent\n"
        story = Story(World(WORLD, "GWE", nothing), Path(name), PlanOptions(force=True), whole=True)
        with opened(story.path) as server:
            for other, attributes in others:
                try:
                    server.create(other, attributes)
                except ConfigurationServerError as error:
                    note(f"{other}: {error}")
        old = everything(story.path)[object_type, 101]
        manifest = manifest_of_existing(old, names_on(story.path))
        story.world = World(WORLD, "GWE", yaml.safe_dump(manifest, allow_unicode=True))
        story.options = PlanOptions(force=True)
        before, access = story.objects(), access_of(story.path)
        plan = story.plan(overwrite=True)
        assert [type(one) for one in plan.writes] == [Replace]
        assert story.run(plan) == 0
        assert_same_but_dbids(story.path, before, access)
