"""A saved plan: what its file says, that it is carried out once and as it stands, and that
it is refused where anything it was made from has moved."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from msgspec.structs import fields

from reconciler.diagnostics import Position
from reconciler.json_codec import CodecError
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.plan.actions import Action, Fingerprint, Subject
from reconciler.plan.changes import Change
from reconciler.plan.file.codec import Seal, plan_json, plan_of, seal_of
from reconciler.plan.model import Plan, SiteMark
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.port import AccessEntry, ConfObject, Server
from reconciler.state.opening import open_store
from reconciler.text.visible import json_escaped, json_text
from tests.harness import (
    BARE,
    VENDOR,
    Result,
    assert_fits_schema,
    everything,
    find,
    gwe,
    opened,
    plan_arguments,
    site_server,
    state_folder,
)
from tests.plans import resealed

SCHEMA = json.loads(
    (Path(__file__).parent.parent / "schemas" / "plan.schema.json").read_text(encoding="utf-8")
)
HEAD = "apiVersion: reconciler/v1\n"
SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Application:
  - {{name: Stat, type: StatServer, server: {{backup: Stat_B}}, options: {{S: {{a: pair}}}}}}
  - {{name: Stat_B, type: StatServer}}
Person:
  - {{employeeID: "7001", userName: anna, isAgent: true}}
  - {{employeeID: "7002", userName: bert, isAgent: true}}
AgentGroup:
  - {{name: Group, agents: ["7001"], annex: {{s: {{managed: live, other: theirs}}}}}}
Enumerator:
  - {{name: Custom, displayName: Custom, type: Custom}}
Script:
  - {{name: Queue, type: InteractionQueue, annex: {{Tags: {{a: live}}}}}}
"""
GROUP = f"""\
{HEAD}kind: AgentGroup
metadata: {{name: Group}}
spec: {{annex: {{s: {{managed: wanted}}}}}}
"""
QUEUE = f"""\
{HEAD}kind: InteractionQueue
metadata: {{name: Queue}}
spec: {{annex: {{Tags: {{a: wanted}}}}}}
"""
VALUE = f"""\
{HEAD}kind: BusinessAttributeValue
metadata: {{name: New, attribute: Custom}}
spec: {{displayName: New}}
"""
NEW_QUEUE = f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Fresh}}\n"
BOUND_QUEUE = f"""\
{HEAD}kind: InteractionQueue
metadata: {{name: Fresh}}
spec: {{annex: {{Orchestration: {{application: "script:Strategy"}}}}}}
---
{HEAD}kind: EnhancedRouting
metadata: {{name: Strategy}}
"""
PAIR = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: stat}}
target: {{application: Stat_B}}
initial: {{options: {{S: {{a: ours}}}}}}
"""


def said(result: Result) -> str:
    """Everything that a command printed, as one line."""
    return " ".join((result.out + result.err).split())


def made(
    folder: Path, *manifests: str, more: tuple[str, ...] = (), site: Path | str = SITE
) -> Path:
    """A server of the site, and ``plan.json`` for the manifests beside it."""
    server = site_server(folder, site)
    (folder / "m.yaml").write_text("---\n".join(manifests), encoding="utf-8")
    saved = gwe(
        "plan", *plan_arguments(server, "-f", "m.yaml", "--out", "plan.json", *more), cwd=folder
    )
    assert saved.code in (0, 3), saved.err
    assert "Saved the plan as plan.json.\n" in saved.out
    return server


def applied(folder: Path, *more: str, env: Mapping[str, str] | None = None) -> Result:
    return gwe("apply", "plan.json", "--auto-approve", *more, cwd=folder, env=env)


def meanings(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """What a server holds, whatever its DBIDs."""
    return sorted(
        (
            (one.type, str(one.attributes.get("name", one.path)), dict(one.attributes))
            for one in everything(path).values()
        ),
        key=repr,
    )


# What the file says


def test_show_prints_the_text_of_the_plan_that_was_saved(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text("---\n".join([GROUP, QUEUE, VALUE, PAIR]), encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite-only", "AgentGroup/Group")
    for more in ((), ("--verbose",), ("--quiet",)):
        planned = gwe("plan", *options, *more, cwd=tmp_path)
        assert gwe("plan", *options, "--out", "p", "--quiet", cwd=tmp_path).code == 0
        shown = gwe("show", "p", *more, cwd=tmp_path)
        of_plan, _, plan_id = shown.out.partition("Plan id: ")
        assert dataclasses.replace(shown, out=of_plan) == planned
        assert plan_id == ("" if more == ("--quiet",) else f"{plan_of_file(tmp_path, 'p')['id']}\n")
    assert "  ~ Queue\n" in gwe("show", "p", cwd=tmp_path).out
    assert "loses:" in gwe("show", "p", cwd=tmp_path).out


def test_show_as_json_prints_the_file_which_is_what_plan_prints_as_json(tmp_path: Path) -> None:
    server = made(tmp_path, GROUP, QUEUE, VALUE, PAIR)
    text = (tmp_path / "plan.json").read_bytes().decode("utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--format", "json")
    assert gwe("show", "plan.json", "--format", "json", cwd=tmp_path).out == text
    assert gwe("plan", *options, cwd=tmp_path).out == text
    assert json.loads(text)["summary"]["update"] == 3


def test_plan_with_out_and_json_prints_the_json_alone(tmp_path: Path) -> None:
    server = made(tmp_path, GROUP)
    options = plan_arguments(server, "-f", "m.yaml", "--format", "json", "--out", "again.json")
    printed = gwe("plan", *options, cwd=tmp_path)
    assert printed.out == (tmp_path / "again.json").read_text(encoding="utf-8")
    assert json.loads(printed.out)["format"] == "gwe-plan/2"


def test_the_same_input_makes_the_same_file_byte_for_byte(tmp_path: Path) -> None:
    server = made(tmp_path, GROUP, QUEUE, VALUE, PAIR)
    first = (tmp_path / "plan.json").read_bytes()
    options = plan_arguments(server, "-f", "m.yaml", "--out", "plan.json")
    assert gwe("plan", *options, cwd=tmp_path).code == 0
    assert (tmp_path / "plan.json").read_bytes() == first
    assert first.endswith(b"}\n")


def test_saving_a_plan_leaves_no_other_file_and_replaces_an_old_one(tmp_path: Path) -> None:
    old = tmp_path / "plan.json"
    old.write_text('{"format": "gwe-plan/0"}', encoding="utf-8")
    old.chmod(0o644)
    made(tmp_path, GROUP)
    assert sorted(one.name for one in tmp_path.iterdir() if not one.name.startswith("gwe.db")) == [
        "m.yaml",
        "plan.json",
        "site.yaml",
    ]
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["empty"] is False
    assert old.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("site", [BARE, VENDOR], ids=["bare", "vendor"])
def test_the_file_of_the_bundled_manifests_is_valid_against_the_schema(
    site: Path, tmp_path: Path
) -> None:
    server = site_server(tmp_path, site)
    done = gwe("plan", *plan_arguments(server, "--out", "p", "--overwrite"), cwd=tmp_path)
    assert done.code == 0
    data = json.loads((tmp_path / "p").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(SCHEMA)
    assert_fits_schema(data)
    assert len(data["actions"]) > 30


def test_the_schema_refuses_a_plan_with_an_unknown_property(tmp_path: Path) -> None:
    made(tmp_path, GROUP)
    data = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    data["actions"][0]["unheard-of"] = 1
    assert len(list(Draft7Validator(SCHEMA).iter_errors(data))) == 1


TEXTS = st.text(max_size=6)
PARTS = st.lists(st.text(max_size=4), min_size=1, max_size=3).map(tuple)
VALUES = st.none() | TEXTS | st.integers() | st.booleans() | st.binary(max_size=4)
ORIGINS = st.none() | st.builds(
    Position, st.sampled_from(["m.yaml", "a:b.yaml", "C:\\x.yaml"]), st.integers(1, 99)
)
CHANGES = st.builds(
    Change,
    path=PARTS.map(lambda path: ("annex", *path)),
    before=VALUES,
    after=VALUES,
    origin=ORIGINS,
    manifest=TEXTS,
    unit=PARTS,
    source=st.integers(0, 9),
)
DIGESTS = st.dictionaries(
    TEXTS.map("/{}".format), st.from_regex(r"[0-9a-f]{16}", fullmatch=True), max_size=2
)
FINGERPRINTS = st.builds(
    Fingerprint,
    units=st.lists(PARTS, max_size=2).map(tuple),
    fields=DIGESTS,
    folder=st.integers(0, 9),
    parent=st.integers(0, 9),
    sources=st.dictionaries(st.integers(1, 9), DIGESTS, max_size=2),
)


SUBJECTS = st.builds(
    Subject,
    address=TEXTS,
    kind=st.sampled_from(["AgentGroup", "Application"]),
    object_type=st.sampled_from(["AgentGroup", "Application"]),
    name=TEXTS,
    tenant=st.integers(0, 9),
    dbid=st.integers(0, 9),
    origin=ORIGINS,
    protect=st.booleans(),
)
ATTRIBUTES: Mapping[str, st.SearchStrategy[Any]] = {
    "reason": TEXTS,
    "needs": st.lists(TEXTS, max_size=2).map(tuple),
    "folder": st.integers(0, 9),
    "fingerprint": FINGERPRINTS,
    "fields": st.dictionaries(PARTS, VALUES.filter(lambda v: v is not None), max_size=2),
    "changes": st.lists(CHANGES, max_size=2).map(tuple),
    "kept": st.lists(CHANGES, max_size=2).map(tuple),
    "permissions": st.lists(
        st.builds(AccessEntry, st.just("Person"), st.just(1), st.just(7)), max_size=1
    ).map(tuple),
    "watched": st.sampled_from([(), ((5, ("options", "s")),)]),
    "loses": st.lists(TEXTS, max_size=2).map(tuple),
    "referrers": st.sampled_from([(), (("Script", 5),)]),
}


def actions_of(cls: type[Action]) -> st.SearchStrategy[Action]:
    """Actions of a class with everything that its file can hold."""
    own = {one.name: ATTRIBUTES[one.name] for one in fields(cls) if one.name in ATTRIBUTES}
    return st.builds(cls, SUBJECTS, **own)


PLANS = st.builds(
    Plan,
    server=TEXTS,
    identity=st.text(min_size=1, max_size=5),
    site=st.builds(
        SiteMark,
        app=TEXTS,
        tenant=TEXTS,
        tenant_dbid=st.integers(0, 999),
        cluster=TEXTS,
        roles=st.dictionaries(TEXTS, st.lists(st.integers(1, 9), max_size=3).map(tuple)),
        siblings=st.lists(TEXTS, max_size=2).map(tuple),
    ),
    actions=st.lists(st.one_of(map(actions_of, get_args(Action))), max_size=3).map(tuple),
    notices=st.lists(TEXTS, max_size=2).map(tuple),
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
    manifests=TEXTS,
    undoes=TEXTS,
    refusals=st.lists(TEXTS, max_size=2).map(tuple),
)


@given(PLANS)
def test_any_plan_reads_back_from_its_json_as_it_was(plan: Plan) -> None:
    text = plan_json(plan)
    data = json.loads(text)
    assert_fits_schema(data)
    assert plan_of(data) == plan
    assert plan_json(plan_of(data)) == text


# Carrying it out


def test_apply_of_the_file_leaves_what_apply_leaves(tmp_path: Path) -> None:
    left = []
    manifests = (GROUP, QUEUE, VALUE, BOUND_QUEUE, PAIR)
    for how in ("file", "direct"):
        folder = tmp_path / how
        folder.mkdir()
        more = ("--overwrite-only", "AgentGroup/Group")
        server = made(folder, *manifests, more=more)
        if how == "file":
            done = applied(folder)
        else:
            options = plan_arguments(server, "-f", "m.yaml", "--auto-approve", *more)
            done = gwe("apply", *options, cwd=folder)
        assert done.code == 0, done.out + done.err
        assert "Apply: 6 applied." in done.out
        left.append(meanings(server))
    assert left[0] == left[1]
    names = [name for kind, name, _ in left[0] if kind == "Script"]
    assert names == ["Fresh", "Queue", "Strategy"]
    group = next(one for kind, name, one in left[0] if (kind, name) == ("AgentGroup", "Group"))
    assert group["userProperties"] == {"s": {"managed": "wanted"}}


def test_apply_of_the_file_needs_no_manifests(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)
    (tmp_path / "m.yaml").unlink()
    assert applied(tmp_path).code == 0
    assert find(server, "Script", "Queue").attributes["userProperties"] == {"Tags": {"a": "wanted"}}


def test_a_file_is_carried_out_once_and_the_refusal_names_the_run(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)
    assert applied(tmp_path).code == 0
    (name,) = [run.name for run in open_store(str(state_folder(tmp_path))).list_runs()]
    with opened(server) as other:  # as it was: only the run-once rule is in the way
        dbid = find(server, "Script", "Queue").dbid
        back = KeyValueDelta(changed={"Tags": {"a": "live"}})
        other.update("Script", dbid, Delta(key_values={"userProperties": back}))
    before = everything(server)
    again = applied(tmp_path)
    assert again.code == 4
    assert f"this plan was applied already, as run {name} from host " in said(again)
    assert "A plan file is applied once." in said(again)
    assert everything(server) == before


def test_a_new_plan_may_be_run_though_it_says_the_same_as_one_that_was_run(
    tmp_path: Path,
) -> None:
    """Somebody puts the old value back, and the new plan has the same bytes: it is new."""
    server = made(tmp_path, QUEUE)
    assert applied(tmp_path).code == 0
    edit(server, "Script", "Queue", "Tags", "a", "live")
    options = plan_arguments(server, "-f", "m.yaml", "--out", "plan.json")
    assert gwe("plan", *options, cwd=tmp_path).code == 0
    again = applied(tmp_path)
    assert again.code == 0, again.err
    assert find(server, "Script", "Queue").attributes["userProperties"] == {"Tags": {"a": "wanted"}}


def test_a_plan_whose_run_wrote_nothing_may_be_run(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)
    edit(server, "Script", "Queue", "Tags", "a", "edited")
    assert applied(tmp_path).code == 4
    edit(server, "Script", "Queue", "Tags", "a", "live")
    assert applied(tmp_path).code == 0
    assert find(server, "Script", "Queue").attributes["userProperties"] == {"Tags": {"a": "wanted"}}


def test_another_server_is_refused_by_its_identity(tmp_path: Path) -> None:
    made(tmp_path, QUEUE)
    other = tmp_path / "other"
    other.mkdir()
    theirs = site_server(other, SITE)
    before = everything(theirs)
    refused = applied(tmp_path, "--server", f"embedded:{theirs}")
    assert refused.code == 3
    assert "the plan was made for another server" in said(refused)
    assert "Name that server with --server" in said(refused)
    assert everything(theirs) == before


def test_a_copy_of_the_server_file_under_another_name_is_the_same_server(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)
    server.rename(tmp_path / "moved.db")
    assert applied(tmp_path, "--server", "embedded:moved.db").code == 0


def edit(path: Path, kind: str, name: str, section: str, key: str, value: str) -> None:
    """Another client sets one option that is there."""
    where = "options" if kind == "Application" else "userProperties"
    delta = Delta(key_values={where: KeyValueDelta(changed={section: {key: value}})})
    one = find(path, kind, name)
    with opened(path) as server:
        server.update(kind, one.dbid, delta)


def add(path: Path, kind: str, name: str, section: str, key: str, value: str) -> None:
    """Another client adds one option."""
    where = "options" if kind == "Application" else "userProperties"
    delta = Delta(key_values={where: KeyValueDelta(added={section: {key: value}})})
    one = find(path, kind, name)
    with opened(path) as server:
        server.update(kind, one.dbid, delta)


def with_server(path: Path, act: Callable[[Server], Any]) -> None:
    with opened(path) as server:
        act(server)


def named(server: Server, kind: str, name: str) -> ConfObject:
    key = OBJECT_TYPES[kind].name_attribute
    return next(one for one in server.read(kind) if one.attributes.get(key) == name)


def _copy_of(server: Server, name: str, of: str) -> int:
    """Another client makes a second, equal application."""
    attributes = {**named(server, "Application", of).attributes, "name": name}
    attributes.pop("portInfos", None)
    attributes["serverInfo"] = {"timeout": 10, "attempts": 1}
    return server.create("Application", attributes).dbid


def _adds_a_role(server: Server) -> None:
    dbid = _copy_of(server, "Stat_C", "Stat")
    added = ({"id": "default", "appServerDBID": dbid},)
    gwe = named(server, "Application", "GWE")
    server.update("Application", gwe.dbid, Delta(lists={"appServerDBIDs": ListDelta(added=added)}))


def _adds_a_sibling(server: Server) -> None:
    _copy_of(server, "GWE_2", "GWE")


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (
            _adds_a_role,
            "the site has changed: stat-server: DBIDs 103, 105 in the plan, 103, 105, 106 now",
        ),
        (_adds_a_sibling, "the site has changed: another Web Engagement site of the tenant: GWE_2"),
    ],
    ids=["role", "sibling"],
)
def test_a_site_of_another_shape_is_refused(
    act: Callable[[Server], None], told: str, tmp_path: Path
) -> None:
    server = made(tmp_path, QUEUE)
    with_server(server, act)
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 4
    assert told in said(refused)
    assert everything(server) == before


def _deletes(kind: str, name: str) -> Callable[[Server], None]:
    return lambda server: server.delete(kind, named(server, kind, name).dbid)


def _sets(kind: str, name: str, section: str, key: str, value: str) -> Callable[[Server], None]:
    where = "options" if kind == "Application" else "userProperties"
    entry = {section: {key: value}}

    def act(server: Server) -> None:
        one = named(server, kind, name)
        there = key in (one.attributes.get(where) or {}).get(section, {})
        delta = KeyValueDelta(changed=entry) if there else KeyValueDelta(added=entry)
        server.update(kind, one.dbid, Delta(key_values={where: delta}))

    return act


def _removes(kind: str, name: str, section: str, key: str) -> Callable[[Server], None]:
    delta = Delta(key_values={"userProperties": KeyValueDelta(deleted={section: (key,)})})
    return lambda server: server.update(kind, named(server, kind, name).dbid, delta)


def _adds_bert(server: Server) -> None:
    bert = next(p for p in server.read("Person") if p.attributes["userName"] == "bert")
    delta = Delta(lists={"agentDBIDs": ListDelta(added=(bert.dbid,))})
    server.update("AgentGroup", named(server, "AgentGroup", "Group").dbid, delta)


def _takes_anna(server: Server) -> None:
    anna = next(p for p in server.read("Person") if p.attributes["userName"] == "anna")
    delta = Delta(lists={"agentDBIDs": ListDelta(deleted=(anna.dbid,))})
    server.update("AgentGroup", named(server, "AgentGroup", "Group").dbid, delta)


def _moves_group(server: Server) -> None:
    group = named(server, "AgentGroup", "Group")
    root = next(f for f in server.read("Folder") if f.dbid == group.folder)
    folder = server.create(
        "Folder",
        {
            "name": "Elsewhere",
            "type": OBJECT_TYPES["AgentGroup"].number,
            "folderClass": 1,
            "ownerID": root.attributes["ownerID"],
            "parentID": {"type": OBJECT_TYPES["Folder"].number, "DBID": root.dbid},
        },
    )
    entry = {"type": OBJECT_TYPES["AgentGroup"].number, "DBID": group.dbid}
    delta = Delta(lists={"objectIDs": ListDelta(added=(entry,))})
    server.update("Folder", folder.dbid, delta)


def _makes_value(server: Server) -> None:
    parent = named(server, "Enumerator", "Custom")
    server.create(
        "EnumeratorValue",
        {
            "tenantDBID": 101,
            "enumeratorDBID": parent.dbid,
            "name": "New",
            "displayName": "Theirs",
            "isDefault": False,
        },
    )


def _makes_attribute_again(server: Server) -> None:
    parent = named(server, "Enumerator", "Custom")
    server.delete("Enumerator", parent.dbid)
    server.create("Enumerator", parent.attributes)


def _makes_queue(server: Server) -> None:
    server.create("Script", {"tenantDBID": 101, "name": "Fresh", "type": 22})


def _makes_group_again(server: Server) -> None:
    group = named(server, "AgentGroup", "Group")
    server.delete("AgentGroup", group.dbid)
    server.create("AgentGroup", group.attributes)


REPLACE = ("--overwrite-only", "AgentGroup/Group")
KEPT_SECTION = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: kept}}
target: {{application: Ixn}}
initial: {{sections: {{Whole: {{ours: "1"}}}}}}
"""

MOVES: dict[str, tuple[str, tuple[str, ...], Callable[[Server], None], str]] = {
    "changed value": (
        QUEUE,
        (),
        _sets("Script", "Queue", "Tags", "a", "edited"),
        "InteractionQueue/Queue: /annex/Tags/a was live and is edited now",
    ),
    "already as wanted": (
        QUEUE,
        (),
        _sets("Script", "Queue", "Tags", "a", "wanted"),
        "InteractionQueue/Queue: /annex/Tags/a was live and is wanted now",
    ),
    "removed value": (
        QUEUE,
        (),
        _removes("Script", "Queue", "Tags", "a"),
        "InteractionQueue/Queue: /annex/Tags/a is gone",
    ),
    "kept section filled": (
        KEPT_SECTION,
        (),
        _sets("Application", "Ixn", "Whole", "theirs", "x"),
        "Application/Ixn: /options/Whole/theirs has appeared: x",
    ),
    "deleted before an update": (
        QUEUE,
        (),
        _deletes("Script", "Queue"),
        "InteractionQueue/Queue: it is gone",
    ),
    "deleted before a replace": (
        GROUP,
        REPLACE,
        _deletes("AgentGroup", "Group"),
        "AgentGroup/Group: it is gone",
    ),
    "deleted and made again": (
        GROUP,
        REPLACE,
        _makes_group_again,
        "AgentGroup/Group: it is gone",
    ),
    "created queue": (
        NEW_QUEUE,
        (),
        _makes_queue,
        "InteractionQueue/Fresh: it exists now, with DBID 102",
    ),
    "created value": (
        VALUE,
        (),
        _makes_value,
        "BusinessAttributeValue/Custom/New: it exists now, with DBID 101",
    ),
    "moved folder": (GROUP, REPLACE, _moves_group, "AgentGroup/Group: it is in another folder"),
    "agent added": (GROUP, REPLACE, _adds_bert, "AgentGroup/Group: /agents/7002 has appeared"),
    "agent taken": (GROUP, REPLACE, _takes_anna, "AgentGroup/Group: /agents/7001 is gone"),
    "unmanaged option of a replaced object": (
        GROUP,
        REPLACE,
        _sets("AgentGroup", "Group", "s", "other", "edited"),
        "AgentGroup/Group: /annex/s/other is edited now",
    ),
    "parent deleted": (
        VALUE,
        (),
        _deletes("Enumerator", "Custom"),
        "what it belongs to had DBID 102 and is gone",
    ),
    "parent made again": (
        VALUE,
        (),
        _makes_attribute_again,
        "what it belongs to had DBID 102 and has 103 now",
    ),
    "partner changed": (
        PAIR,
        (),
        _sets("Application", "Stat", "S", "a", "edited"),
        "Application/Stat_B: /options/S/a is edited now in Stat",
    ),
}


@pytest.mark.parametrize("case", MOVES.values(), ids=MOVES.keys())
def test_what_has_moved_since_the_plan_is_listed_and_nothing_is_written(
    case: tuple[str, tuple[str, ...], Callable[[Server], None], str], tmp_path: Path
) -> None:
    manifest, more, act, told = case
    server = made(tmp_path, manifest, NEW_QUEUE.replace("Fresh", "Beside"), more=more)
    with_server(server, act)
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 4
    assert told in said(refused)
    assert "Nothing was written. Make a new plan, or go on with the rest: --skip-stale." in said(
        refused
    )
    assert everything(server) == before
    runs = gwe("runs", cwd=tmp_path).out
    assert runs.count("nothing written") == 1


def test_every_object_that_has_moved_is_listed(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE, NEW_QUEUE, VALUE)
    for act in (_sets("Script", "Queue", "Tags", "a", "edited"), _makes_queue, _makes_value):
        with_server(server, act)
    refused = applied(tmp_path)
    assert refused.code == 4
    assert [line for line in refused.err.splitlines() if line.startswith("error: ")] == [
        "error: BusinessAttributeValue/Custom/New: it exists now, with DBID 101",
        "error: InteractionQueue/Fresh: it exists now, with DBID 102",
        "error: InteractionQueue/Queue: /annex/Tags/a was live and is edited now",
    ]
    assert "3 problems." in refused.err


def test_what_is_not_managed_may_change_under_an_update(tmp_path: Path) -> None:
    server = made(tmp_path, GROUP, QUEUE)
    for act in (
        _sets("AgentGroup", "Group", "s", "other", "edited"),
        _adds_bert,
        _moves_group,
        _sets("Script", "Queue", "Tags", "b", "added"),
    ):
        with_server(server, act)
    assert applied(tmp_path).code == 0
    group = find(server, "AgentGroup", "Group")
    assert group.attributes["userProperties"] == {"s": {"managed": "wanted", "other": "edited"}}
    assert len(group.attributes["agentDBIDs"]) == 2
    assert group.path.endswith("Elsewhere")
    assert find(server, "Script", "Queue").attributes["userProperties"] == {
        "Tags": {"a": "wanted", "b": "added"}
    }


def test_skip_stale_goes_on_with_the_rest_and_skips_what_needs_the_stale(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE, BOUND_QUEUE, GROUP, more=REPLACE)
    with_server(
        server,
        lambda one: one.create("Script", {"tenantDBID": 101, "name": "Strategy", "type": 28}),
    )
    done = applied(tmp_path, "--skip-stale", "--verbose")
    assert done.code == 5
    assert "[2/4] + EnhancedRouting/Strategy stale" in said(done)
    assert "error: EnhancedRouting/Strategy: it exists now, with DBID 102" in said(done)
    assert "needs EnhancedRouting/Strategy, which was not applied" in said(done)
    assert find(server, "Script", "Queue").attributes["userProperties"] == {"Tags": {"a": "wanted"}}
    names = {
        one.attributes["name"] for (kind, _), one in everything(server).items() if kind == "Script"
    }
    assert names == {"Queue", "Strategy"}


def test_skip_stale_still_replaces_what_has_nothing_to_do_with_the_stale(tmp_path: Path) -> None:
    """What only waits for a stale object has not failed: a replace after it goes on."""
    zulu = f"""\
{HEAD}kind: InteractionQueue
metadata: {{name: Zulu}}
spec: {{annex: {{Orchestration: {{application: "script:Other"}}}}}}
---
{HEAD}kind: EnhancedRouting
metadata: {{name: Other}}
"""
    server = made(
        tmp_path,
        BOUND_QUEUE,
        zulu,
        site=SITE + "  - {name: Zulu, type: InteractionQueue}\n",
        more=("--overwrite-only", "InteractionQueue/Zulu"),
    )
    assert [(one["action"], one["address"]) for one in plan_of_file(tmp_path)["actions"]] == [
        ("create", "EnhancedRouting/Other"),
        ("create", "EnhancedRouting/Strategy"),
        ("create", "InteractionQueue/Fresh"),
        ("replace", "InteractionQueue/Zulu"),
    ]
    with_server(
        server,
        lambda one: one.create("Script", {"tenantDBID": 101, "name": "Strategy", "type": 28}),
    )
    done = applied(tmp_path, "--skip-stale")
    assert "no replace starts after a failure" not in said(done)
    assert find(server, "Script", "Zulu").attributes["userProperties"] == {
        "Orchestration": {"application": "script:Other"}
    }


def plan_of_file(folder: Path, name: str = "plan.json") -> dict[str, Any]:
    data = json.loads((folder / name).read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def test_skip_stale_with_everything_stale_writes_nothing_and_exits_4(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)
    edit(server, "Script", "Queue", "Tags", "a", "edited")
    before = everything(server)
    assert applied(tmp_path, "--skip-stale").code == 4
    assert everything(server) == before


def test_a_reference_that_appears_after_the_plan_is_not_lost_with_a_replace(
    tmp_path: Path,
) -> None:
    """The plan lists who refers to a replaced object: a new one must stop it."""
    more = ("--overwrite-only", "InteractionQueue/Queue")
    server = made(tmp_path, QUEUE, more=more)
    assert plan_of_file(tmp_path)["actions"][0]["referrers"] == []

    def act(other: Server) -> None:
        campaign = other.create("Campaign", {"tenantDBID": 101, "name": "C"})
        other.create(
            "CampaignGroup",
            {
                "tenantDBID": 101,
                "campaignDBID": campaign.dbid,
                "name": "CG",
                "groupDBID": named(other, "AgentGroup", "Group").dbid,
                "groupType": OBJECT_TYPES["AgentGroup"].number,
                "interactionQueueDBID": named(other, "Script", "Queue").dbid,
            },
        )

    with_server(server, act)
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 4, refused.out
    assert everything(server) == before


def test_an_object_that_is_deleted_with_a_replaced_one_and_appears_after_the_plan_is_not_lost(
    tmp_path: Path,
) -> None:
    server = made(tmp_path, GROUP, more=REPLACE)

    def act(other: Server) -> None:
        campaign = other.create("Campaign", {"tenantDBID": 101, "name": "C"})
        other.create(
            "CampaignGroup",
            {
                "tenantDBID": 101,
                "campaignDBID": campaign.dbid,
                "name": "CG",
                "groupDBID": named(other, "AgentGroup", "Group").dbid,
                "groupType": OBJECT_TYPES["AgentGroup"].number,
            },
        )

    with_server(server, act)
    refused = applied(tmp_path)
    kinds = [kind for kind, _ in everything(server)]
    assert kinds.count("CampaignGroup") == 1
    assert refused.code == 4, refused.out


# What cannot be carried out


@pytest.mark.parametrize(
    ("option", "named_as"),
    [
        (("-f", "m.yaml"), "--file"),
        (("--overwrite",), "--overwrite"),
        (("--overwrite-only", "AgentGroup/*"), "--overwrite-only"),
        (("--force",), "--force"),
        (("--target", "AgentGroup/*"), "--target"),
        (("--exclude", "AgentGroup/*"), "--exclude"),
        (("--var", "a=b"), "--var"),
        (("--vars", "v.yaml"), "--vars"),
    ],
)
def test_an_option_of_the_plan_has_no_place_beside_its_file(
    option: tuple[str, ...], named_as: str, tmp_path: Path
) -> None:
    server = made(tmp_path, QUEUE)
    before = everything(server)
    refused = applied(tmp_path, *option)
    assert refused.code == 64
    what = f"error: {named_as} cannot be used with a saved plan, which is applied as it is"
    assert what in said(refused)
    assert "Use it when you make the plan: gwe plan --out." in said(refused)
    assert everything(server) == before


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--app", "Other"), "--app is Other, but the plan is for GWE"),
        (("--tenant", "Other"), "--tenant is Other, but the plan is for Resources"),
        (("--cluster", "C"), "--cluster is C, but the plan is for none"),
    ],
)
def test_a_plan_file_is_applied_beside_the_options_of_its_site_and_of_no_other(
    option: tuple[str, str], told: str, tmp_path: Path
) -> None:
    server = made(tmp_path, QUEUE)
    before = everything(server)
    refused = applied(tmp_path, *option)
    assert (refused.code, f"error: {told}" in said(refused)) == (64, True)
    assert everything(server) == before
    env = {"GWE_APP": "Other", "GWE_FILE": "other.yaml"}
    done = applied(tmp_path, "--app", "GWE", "--tenant", "Resources", env=env)
    assert done.code == 0, done.err


def test_a_file_is_not_carried_out_without_a_terminal_and_without_approval(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)
    before = everything(server)
    refused = gwe("apply", "plan.json", cwd=tmp_path)
    assert refused.code == 64
    assert "there is no terminal to ask on" in refused.err
    assert everything(server) == before
    assert not state_folder(tmp_path).exists()


def _without_identity(data: dict[str, Any]) -> None:
    data["identity"] = ""


def _numbered_name(data: dict[str, Any]) -> None:
    data["actions"][0]["name"] = 5


def _without_fingerprint(data: dict[str, Any]) -> None:
    del data["actions"][0]["fingerprint"]


def _of_another_format(data: dict[str, Any]) -> None:
    data["format"] = "gwe-plan/1"


def _of_no_type(data: dict[str, Any]) -> None:
    data["actions"][0]["type"] = "Nonsense"


def _without_path(data: dict[str, Any]) -> None:
    data["actions"][0]["changes"][0]["path"] = ""


def _with_short_option_path(data: dict[str, Any]) -> None:
    data["actions"][0]["changes"][0]["path"] = "/annex/Tags"


def _with_unknown_field(data: dict[str, Any]) -> None:
    data["actions"][0]["changes"][0]["path"] = "/unheard"


def _with_odd_source(data: dict[str, Any]) -> None:
    data["actions"][0]["fingerprint"]["sources"] = {"many": {}}


def _with_a_carried_change(data: dict[str, Any]) -> None:
    data["actions"][0]["changes"][0]["after"] = {"secret": "file.txt"}


def _with_a_nameless_secret(data: dict[str, Any]) -> None:
    data["actions"][0]["changes"][0] |= {"before": {"secret": True}, "after": {"secret": True}}


def _with_a_state_that_is_none(data: dict[str, Any]) -> None:
    data["actions"][0]["changes"][0] |= {"path": "/state", "after": "enabled"}


def _twice_the_same(data: dict[str, Any]) -> None:
    data["actions"].append(data["actions"][0])


EDITS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "identity": (_without_identity, "plan.json is not a valid plan: /identity must match ."),
    "name": (
        _numbered_name,
        "not a valid plan: /actions/0/name must be a text",
    ),
    "fingerprint": (
        _without_fingerprint,
        "not a valid plan: /actions/0/fingerprint is missing",
    ),
    "format": (
        _of_another_format,
        "plan.json has format gwe-plan/1; this version reads gwe-plan/2",
    ),
    "type": (_of_no_type, "plan.json"),
    "path": (_without_path, "plan.json"),
    "short path": (_with_short_option_path, "plan.json"),
    "unknown field": (_with_unknown_field, "plan.json"),
    "source": (_with_odd_source, "plan.json"),
    "secret": (_with_a_carried_change, "plan"),
    "secret in clear": (_with_a_nameless_secret, "plan.json lacks the secrets that it would write"),
    "value": (
        _with_a_state_that_is_none,
        "plan.json is not a valid plan: state cannot be 'enabled'",
    ),
}


@pytest.mark.parametrize("case", EDITS.values(), ids=EDITS.keys())
def test_a_file_that_was_edited_into_no_plan_is_refused_in_a_sentence(
    case: tuple[Callable[[dict[str, Any]], None], str], tmp_path: Path
) -> None:
    change, told = case
    server = made(tmp_path, QUEUE)
    data = plan_of_file(tmp_path)
    change(data)
    (tmp_path / "plan.json").write_text(json.dumps(resealed(data)), encoding="utf-8")
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code in (1, 64)
    assert told in said(refused)
    assert everything(server) == before


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "plan.json is no JSON"),
    "text": (b"hello", "plan.json is no JSON"),
    "list": (b"[]", "plan.json is not a plan of gwe"),
    "number": (b"5", "plan.json is not a plan of gwe"),
    "object": (b"{}", "plan.json is not a plan of gwe"),
    "format only": (b'{"format": "gwe-plan/2"}', "plan.json is not a valid plan: /id is missing"),
    "format of another kind": (b'{"format": ["a"]}', "this version reads gwe-plan/2"),
    "not UTF-8": (b'{"format": "\xff"}', "the plan file plan.json cannot be read: it is not UTF-8"),
    "deep": (b"[" * 100_000, "plan.json is no JSON"),
}


@pytest.mark.parametrize("command", ["show", "apply"])
@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_no_plan_is_refused_in_a_sentence(
    case: tuple[bytes, str], command: str, tmp_path: Path
) -> None:
    content, told = case
    (tmp_path / "plan.json").write_bytes(content)
    more = ("--auto-approve",) if command == "apply" else ()
    refused = gwe(command, "plan.json", *more, cwd=tmp_path)
    assert refused.code in (1, 64)
    assert told in said(refused)
    assert "Plan files are made by gwe plan --out FILE." in said(refused)


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)
    whole = (tmp_path / "plan.json").read_bytes()
    before = everything(server)
    for length in (1, len(whole) // 3, len(whole) // 2, len(whole) - 3):
        (tmp_path / "plan.json").write_bytes(whole[:length])
        refused = applied(tmp_path)
        assert (refused.code, "plan.json is no JSON" in said(refused)) == (1, True)
    assert everything(server) == before


@pytest.mark.parametrize("command", ["show", "apply"])
@pytest.mark.parametrize(
    ("path", "told"),
    [("absent.json", "No such file or directory"), ("folder", "Is a directory")],
)
def test_a_file_that_cannot_be_read_is_named(
    command: str, path: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    more = ("--auto-approve",) if command == "apply" else ()
    refused = gwe(command, path, *more, cwd=tmp_path)
    assert refused.code == 1
    assert f"the plan file {path} cannot be read: {told}" in said(refused)


def test_a_plan_with_a_blocked_action_is_saved_and_not_carried_out(tmp_path: Path) -> None:
    site = SITE + "  - {name: Fresh, type: EnhancedRouting}\n"
    server = made(tmp_path, QUEUE, NEW_QUEUE, site=site)
    assert plan_of_file(tmp_path)["applyable"] is False
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 3
    assert "blocked" in refused.out
    assert everything(server) == before
    assert gwe("show", "plan.json", cwd=tmp_path).code == 0


def test_a_plan_beyond_a_limit_is_saved_and_not_carried_out(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text("[guards]\ncount = 0\n", encoding="utf-8")
    server = made(tmp_path, QUEUE, GROUP, more=REPLACE)
    data = plan_of_file(tmp_path)
    assert (data["applyable"], len(data["refusals"])) == (False, 1)
    (tmp_path / "gwe.toml").unlink()  # the file keeps its refusal
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 3
    assert "Refused: 1 existing managed objects would be replaced" in said(refused)
    assert everything(server) == before


@pytest.mark.parametrize(
    ("out", "code"),
    [("no/such/plan.json", 1), ("m.yaml/plan.json", 1), ("folder", 64), (".", 64), ("/", 64)],
)
def test_a_place_that_cannot_be_written_is_named(out: str, code: int, tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "folder").mkdir()
    (tmp_path / "m.yaml").write_text(QUEUE, encoding="utf-8")
    refused = gwe("plan", *plan_arguments(server, "-f", "m.yaml", "--out", out), cwd=tmp_path)
    assert refused.code == code
    assert f"error: {out} cannot be written: " in said(refused)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_an_empty_plan_file_is_carried_out_as_nothing(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE.replace("wanted", "live"))
    assert plan_of_file(tmp_path)["empty"] is True
    before = everything(server)
    done = applied(tmp_path)
    assert (done.code, everything(server)) == (0, before)
    assert "Nothing to do: 1 in sync." in done.out


CI = {"CI": "true", "GWE_STATE_DIR": ""}


def test_in_ci_a_replace_is_refused_where_nobody_named_a_state_folder(tmp_path: Path) -> None:
    server = made(tmp_path, GROUP, more=REPLACE)
    before = everything(server)
    refused = applied(tmp_path, env=CI)
    assert refused.code == 3
    assert "CI is set: backups of the objects to be replaced or deleted (1) would be" in said(
        refused
    )
    assert "With --state, name a state that outlives the job." in said(refused)
    assert everything(server) == before
    assert applied(tmp_path, "--state-dir", "state", env=CI).code == 0
    assert find(server, "AgentGroup", "Group").dbid == 102


def test_in_ci_creates_and_updates_need_no_state_folder(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE, VALUE)
    done = applied(tmp_path, env=CI)
    assert done.code == 0
    assert "gwe undo" not in done.out, "nobody can undo what is backed up nowhere"
    assert said(done).endswith(
        "Apply: 2 applied. The backups of this run are lost with this machine, and then nobody can"
        " undo it. Next time name a state that outlives the job (--state or GWE_STATE)."
    )
    assert find(server, "Script", "Queue").attributes["userProperties"] == {"Tags": {"a": "wanted"}}


def test_in_ci_a_state_folder_of_the_settings_counts(tmp_path: Path) -> None:
    made(tmp_path, GROUP, more=REPLACE)
    (tmp_path / "gwe.toml").write_text('state_dir = "kept"\n', encoding="utf-8")
    assert applied(tmp_path, env=CI).code == 0
    assert len(open_store(str(tmp_path / "kept")).list_runs()) == 1


def test_the_file_of_an_undo_is_shown_and_carried_out_like_any_other(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE, BOUND_QUEUE)
    before = meanings(server)
    assert applied(tmp_path).code == 0
    saved = gwe("undo", "last", "--out", "undo.json", cwd=tmp_path)
    assert saved.code == 0, saved.err
    shown, _, plan_id = gwe("show", "undo.json", cwd=tmp_path).out.partition("Plan id: ")
    assert saved.out == f"{shown}Saved the plan as undo.json.\nPlan id: {plan_id}"
    assert_fits_schema(json.loads((tmp_path / "undo.json").read_text(encoding="utf-8")))
    done = gwe("apply", "undo.json", "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.err
    assert meanings(server) == before


def test_in_ci_an_undo_that_deletes_is_refused_where_nobody_named_a_state_folder(
    tmp_path: Path,
) -> None:
    server = made(tmp_path, NEW_QUEUE)
    assert applied(tmp_path, env=CI).code == 0
    before = everything(server)
    refused = gwe("undo", "last", "--auto-approve", cwd=tmp_path, env=CI)
    assert refused.code == 3
    assert "CI is set" in said(refused)
    assert everything(server) == before


def test_connections_in_another_order_are_no_other_site(tmp_path: Path) -> None:
    server = made(tmp_path, QUEUE)

    def act(other: Server) -> None:
        gwe = named(other, "Application", "GWE")
        first = gwe.attributes["appServerDBIDs"][0]
        attribute = OBJECT_TYPES["Application"].attribute("appServerDBIDs")
        assert attribute is not None
        key = attribute.key_of(first)
        for delta in (ListDelta(deleted=(key,)), ListDelta(added=(first,))):
            other.update("Application", gwe.dbid, Delta(lists={"appServerDBIDs": delta}))
        after = named(other, "Application", "GWE").attributes["appServerDBIDs"]
        assert after[-1] == first

    with_server(server, act)
    assert applied(tmp_path).code == 0


def test_a_kept_option_that_the_other_member_of_a_pair_got_since_stops_the_manifests_value(
    tmp_path: Path,
) -> None:
    """What one member has, the other gets with that member's value, never the manifest's."""
    server = made(tmp_path, PAIR, site=SITE.replace(", options: {S: {a: pair}}", ""))
    (change,) = plan_of_file(tmp_path)["actions"][0]["changes"]
    assert (change["after"], change["source"]) == ("ours", None)
    add(server, "Application", "Stat", "S", "a", "theirs")
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 4, refused.out
    assert everything(server) == before


ENDPOINT_SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Application:
  - {{name: Chat, type: ChatServer, options: {{"endpoints:101": {{webme: Sales}}}}}}
  - {{name: Other, type: GenericServer, options: {{chat: {{queueKey: "101:own"}}}}}}
Script:
  - {{name: Sales, type: InteractionQueue}}
  - {{name: Service, type: InteractionQueue}}
"""
ENDPOINT = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: endpoint}}
target: {{role: chat-server}}
spec: {{options: {{"endpoints:101": {{webme: Service}}}}}}
"""


def test_an_endpoint_that_another_site_has_begun_to_use_since_is_not_changed(
    tmp_path: Path,
) -> None:
    server = made(tmp_path, ENDPOINT, site=ENDPOINT_SITE)
    edit(server, "Application", "Other", "chat", "queueKey", "101:webme")
    options = plan_arguments(server, "-f", "m.yaml")
    assert "is also the queueKey of Other" in said(gwe("plan", *options, cwd=tmp_path))
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code in (3, 4), refused.out
    assert everything(server) == before


# Reading, held against the schema

PLACES = st.lists(st.integers(0, 99), min_size=1, max_size=7)
REPLACEMENTS = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 5), st.text(max_size=3), st.just([]), st.just({})
)


@given(PLANS, PLACES, REPLACEMENTS, st.sampled_from(["replace", "remove", "add"]))
def test_what_the_schema_refuses_is_refused_when_it_is_read(
    plan: Plan, place: list[int], replacement: Any, how: str
) -> None:
    """One value anywhere in the file is replaced, removed or added."""
    data = json.loads(plan_json(plan))
    holder: Any = data
    for step in place[:-1]:
        inner = list(holder.values()) if isinstance(holder, dict) else list(holder)
        nested = [one for one in inner if isinstance(one, dict | list) and one]
        if not nested:
            break
        holder = nested[step % len(nested)]
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = keys[place[-1] % len(keys)]
    if how == "replace":
        holder[key] = replacement
    elif how == "remove":
        del holder[key]
    elif isinstance(holder, dict):
        holder["added"] = replacement
    else:
        holder.append(replacement)
    try:
        plan_of(resealed(data))
    except CodecError:
        return
    assert_fits_schema(data)


def test_a_plan_that_was_applied_elsewhere_gets_one_sentence(tmp_path: Path) -> None:
    made(tmp_path, QUEUE, NEW_QUEUE, VALUE)
    elsewhere = {"GWE_STATE_DIR": str(tmp_path.parent / f"{tmp_path.name}.elsewhere")}
    assert applied(tmp_path, env=elsewhere).code == 0
    again = applied(tmp_path)
    assert again.code == 4
    assert [line for line in again.err.splitlines() if line.startswith("error: ")] == [
        "error: this plan was applied already: the server has all that it would write"
    ]


def test_many_stale_objects_and_fields_are_counted(tmp_path: Path) -> None:
    queues = [NEW_QUEUE.replace("Fresh", f"Fresh{i:02}") for i in range(14)]
    server = made(tmp_path, *queues, GROUP, more=REPLACE)
    with_server(
        server,
        lambda one: [
            one.create("Script", {"tenantDBID": 101, "name": f"Fresh{i:02}", "type": 28})
            for i in range(14)
        ],
    )
    refused = applied(tmp_path)
    assert refused.code == 4
    errors = [line for line in refused.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 11
    assert errors[-1] == "error: 4 more objects have changed since the plan was made"


def test_a_long_value_that_has_moved_is_told_by_what_differs(tmp_path: Path) -> None:
    long = "a" * 2000
    manifest = QUEUE.replace("wanted", f"{long}1")
    server = made(tmp_path, manifest)
    edit(server, "Script", "Queue", "Tags", "a", f"{long}2")
    assert gwe("plan", *plan_arguments(server, "-f", "m.yaml", "--out", "plan.json"), cwd=tmp_path)
    edit(server, "Script", "Queue", "Tags", "a", f"{long}3")
    refused = applied(tmp_path)
    around = "a" * 20
    assert f"/annex/Tags/a was ...{around}2 and is ...{around}3 now" in said(refused)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(_JSON)
def test_an_indented_text_is_the_one_that_pythons_own_encoder_writes(data: Any) -> None:
    """So that the bytes of plan files do not depend on what is quick to write them."""
    assert json_text(data) == json_escaped(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"


@pytest.mark.parametrize("text", ["plain", "half \ud800 a character", "\u2028"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_seal_of_a_plan_is_found_whatever_else_the_text_holds(
    text: str, *, ascii_only: bool
) -> None:
    data = {"id": "1" * 32, "notices": [text], "digest": "2" * 64, "actions": [{"id": "other"}]}
    assert seal_of(json.dumps(data, ensure_ascii=ascii_only)) == Seal("1" * 32, "2" * 64)
