"""A plan file cannot say one thing and do another.

Whoever edits a file breaks its digest. Whoever computes the digest again can still only
write what ``gwe show`` prints, to the object that it names, and nothing that plans spare.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.engine.reconciler import Reconciler
from reconciler.engine.running import load_plan
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.plan.actions import changes_of, losses_of
from reconciler.plan.identity import address_of
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from tests.conftest import examples
from tests.harness import BARE, Result, everything, find, gwe, opened, plan_arguments, site_server
from tests.plans import resealed
from tests.test_plan_file import said

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Application:
  - {{name: Stat, type: StatServer, options: {{S: {{a: theirs, b: theirs}}}}}}
  - {{name: Other, type: StatServer, options: {{S: {{a: theirs, b: theirs}}}}}}
Person:
  - {{employeeID: "7001", userName: anna, isAgent: true}}
  - {{employeeID: "7002", userName: bert, isAgent: true}}
AgentGroup:
  - {{name: Group, agents: ["7001"], annex: {{s: {{managed: theirs, other: theirs}}}}}}
  - {{name: Twin, agents: ["7001"], annex: {{s: {{managed: theirs, other: theirs}}}}}}
Script:
  - {{name: Queue, type: InteractionQueue, annex: {{Tags: {{a: theirs, b: theirs}}}}}}
  - {{name: Sales, type: InteractionQueue, annex: {{Tags: {{a: theirs, b: theirs}}}}}}
"""
MANIFESTS = f"""\
{HEAD}kind: InteractionQueue
metadata: {{name: Queue}}
spec: {{annex: {{Tags: {{a: ours}}}}}}
---
{HEAD}kind: InteractionQueue
metadata: {{name: Fresh}}
spec: {{annex: {{Tags: {{a: ours}}}}}}
---
{HEAD}kind: AgentGroup
metadata: {{name: Group}}
spec: {{agents: ["7002"], annex: {{s: {{managed: ours}}}}}}
---
{HEAD}kind: BusinessAttribute
metadata: {{name: Case Data}}
spec: {{displayName: Case Data, type: Custom}}
---
{HEAD}kind: BusinessAttributeValue
metadata: {{name: Colour, attribute: Case Data}}
spec: {{displayName: Colour}}
---
{HEAD}kind: ApplicationOptions
metadata: {{name: o}}
target: {{application: Stat}}
spec: {{options: {{S: {{a: ours}}}}}}
"""
REPLACED = "AgentGroup/Group"


def saved(folder: Path) -> Path:
    """A server, and beside it ``plan.json``, which creates, updates and replaces."""
    server = site_server(folder, SITE)
    (folder / "m.yaml").write_text(MANIFESTS, encoding="utf-8")
    more = ("--overwrite-only", REPLACED, "--out", "plan.json", "--quiet")
    done = gwe("plan", *plan_arguments(server, "-f", "m.yaml", *more), cwd=folder)
    assert done.code == 0, done.err
    return server


def edited(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Edits the plan file, and seals it again."""
    path = folder / "plan.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(json.dumps(resealed(data)), encoding="utf-8")


def action(data: Mapping[str, Any], address: str) -> dict[str, Any]:
    (found,) = [one for one in data["actions"] if one["address"] == address]
    assert isinstance(found, dict)
    return found


def applied(folder: Path, *more: str, env: Mapping[str, str] | None = None) -> Result:
    return gwe("apply", "plan.json", "--auto-approve", *more, cwd=folder, env=env)


# The digest


def test_a_file_in_which_a_character_was_replaced_is_refused(tmp_path: Path) -> None:
    server = saved(tmp_path)
    before = everything(server)
    path = tmp_path / "plan.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"/annex/Tags/a": "ours"', '"/annex/Tags/a": "evil"'))
    assert path.read_text(encoding="utf-8") != text
    for command in (("show", "plan.json"), ("apply", "plan.json", "--auto-approve")):
        refused = gwe(*command, cwd=tmp_path)
        assert refused.code == 1
        assert "does not match the rest of the plan: the file was edited or damaged" in said(
            refused
        )
    assert everything(server) == before


def test_a_property_that_stands_twice_in_the_file_is_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    path = tmp_path / "plan.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"app": "GWE",', '"app": "Other", "app": "GWE",'))
    refused = applied(tmp_path)
    assert refused.code == 1
    assert "an object has a property twice" in said(refused)


# Edits by somebody who seals the file again: (edit, exit code, what is said)


def _other_value(data: dict[str, Any]) -> None:
    action(data, "InteractionQueue/Fresh")["fields"]["/annex/Tags/a"] = "evil"


def _hidden_value(data: dict[str, Any]) -> None:
    action(data, "InteractionQueue/Fresh")["fields"]["/annex/Tags/b"] = "evil"


def _hidden_value_in_a_replace(data: dict[str, Any]) -> None:
    action(data, REPLACED)["fields"]["/annex/s/other"] = "evil"


def _value_that_is_not_written(data: dict[str, Any]) -> None:
    del action(data, "InteractionQueue/Fresh")["fields"]["/annex/Tags/a"]


def _another_application(data: dict[str, Any]) -> None:
    _redirect(data, "Application/Stat", "Other")


def _another_queue(data: dict[str, Any]) -> None:
    _redirect(data, "InteractionQueue/Queue", "Sales")


def _another_group(data: dict[str, Any]) -> None:
    _redirect(data, REPLACED, "Twin")


def _redirect(data: dict[str, Any], address: str, name: str) -> None:
    """The DBID of another object of the type, as an attacker with access would know it."""
    action(data, address)["dbid"] = DBIDS[name]


def _another_name(data: dict[str, Any]) -> None:
    one = action(data, "InteractionQueue/Fresh")
    one["name"] = one["fields"]["/name"] = "Evil"


def _another_tenant(data: dict[str, Any]) -> None:
    action(data, "InteractionQueue/Fresh")["fields"]["/tenant"] = "Environment"


def _another_kind(data: dict[str, Any]) -> None:
    action(data, "InteractionQueue/Fresh")["fields"]["/type"] = "EnhancedRouting"


def _another_old_value(data: dict[str, Any]) -> None:
    action(data, "Application/Stat")["changes"][0]["before"] = "harmless"


def _no_losses(data: dict[str, Any]) -> None:
    action(data, REPLACED)["loses"] = []


def _no_consent(data: dict[str, Any]) -> None:
    data["consent"] = []


def _another_folder(data: dict[str, Any]) -> None:
    action(data, "InteractionQueue/Fresh")["folder"] = 100


def _deleted(object_type: str, dbid: int) -> Callable[[dict[str, Any]], None]:
    def edit(data: dict[str, Any]) -> None:
        one = action(data, REPLACED)
        one |= {
            "address": "BusinessAttribute/Harmless",
            "kind": "BusinessAttribute",
            "name": "Harmless",
            "action": "delete",
            "type": object_type,
            "dbid": dbid,
            "changes": [],
            "kept": [],
            "fields": {},
        }
        one["fingerprint"] |= {"units": [], "fields": {}}
        data["actions"] = [one]
        data["summary"] = dict.fromkeys(data["summary"], 0) | {"delete": 1}

    return edit


def _reset(data: dict[str, Any]) -> None:
    action(data, "InteractionQueue/Queue")["changes"][0]["reset"] = True


def _no_type(data: dict[str, Any]) -> None:
    action(data, "BusinessAttribute/Case Data")["type"] = "Evil"


def _a_deleted_queue(data: dict[str, Any]) -> None:
    _deleted("Script", DBIDS["Sales"])(data)
    (one,) = data["actions"]
    one |= {"address": "InteractionQueue/Sales", "kind": "InteractionQueue", "name": "Sales"}


EDITS: dict[str, tuple[Callable[[dict[str, Any]], None], int, str]] = {
    "a value that the change does not show": (
        _other_value, 1, "/annex/Tags/a is shown as another value than would be written",
    ),
    "a field that no change shows": (
        _hidden_value, 1, "/annex/Tags/b would be written and is not shown",
    ),
    "a field that a replace takes over": (
        _hidden_value_in_a_replace, 4, "AgentGroup/Group: /annex/s/other would be written",
    ),
    "a change that is not written": (
        _value_that_is_not_written, 1, "/annex/Tags/a is shown and would not be written",
    ),
    "the DBID of another application": (_another_application, 4, "'Other' (Application, DBID"),
    "the DBID of another queue": (_another_queue, 4, "'Sales' (script of type InteractionQueue"),
    "the DBID of another group": (_another_group, 4, "'Twin' (AgentGroup, DBID"),
    "another name": (_another_name, 4, "InteractionQueue/Fresh: what would be created is named"),
    "another tenant": (_another_tenant, 4, "belongs to the tenant Environment"),
    "another script type": (_another_kind, 1, "/type is not that of a InteractionQueue"),
    "an old value that is none": (_another_old_value, 4, "/options/S/a has a value, and the plan"),
    "losses that are not listed": (_no_losses, 4, "what would be lost is no longer what"),
    "no consent": (_no_consent, 1, "it is replaced, and the plan was made without --overwrite"),
    "a reset": (_reset, 1, "values of the site are reset, and the plan was made without"),
    "a delete that was not planned": (_a_deleted_queue, 4, "InteractionQueue/Sales: /"),
    "no type, where nothing is written": (_no_type, 1, "there is no object type Evil"),
    "another folder": (_another_folder, 4, "the folder of its type does not have DBID 100"),
    "the tenant as an attribute": (_deleted("Tenant", 101), 1, "a BusinessAttribute is no Tenant"),
    "a person as an attribute": (_deleted("Person", 100), 1, "a BusinessAttribute is no Person"),
    "a group as an attribute": (
        _deleted("AccessGroup", 98), 1, "a BusinessAttribute is no AccessGroup",
    ),
}  # fmt: skip

DBIDS: dict[str, int] = {}


@pytest.mark.parametrize("case", EDITS.values(), ids=EDITS.keys())
def test_an_edit_that_is_sealed_again_is_refused_and_writes_nothing(
    case: tuple[Callable[[dict[str, Any]], None], int, str], tmp_path: Path
) -> None:
    edit, code, message = case
    server = saved(tmp_path)
    types = {"Other": "Application", "Sales": "Script", "Twin": "AgentGroup"}
    DBIDS.update({name: find(server, kind, name).dbid for name, kind in types.items()})
    edited(tmp_path, edit)
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == code
    assert message in said(refused)
    assert everything(server) == before


@pytest.mark.parametrize(
    "target", [("Enumerator", "MediaType"), ("Enumerator", "ServiceType")], ids=lambda one: one[1]
)
def test_a_crafted_plan_cannot_delete_a_predefined_object(
    target: tuple[str, str], tmp_path: Path
) -> None:
    object_type, name = target
    server = saved(tmp_path)
    found = find(server, object_type, name)

    def edit(data: dict[str, Any]) -> None:
        _deleted(object_type, found.dbid)(data)
        (one,) = data["actions"]
        one |= {"address": f"Environment:BusinessAttribute/{name}", "name": name, "tenant": 1}
        data["undoes"] = "20261125-000000-00000000"

    edited(tmp_path, edit)
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 3
    assert "it is one of the server's own objects, which are never deleted" in said(refused)
    assert everything(server) == before


@pytest.mark.parametrize("kind", ["Folder", "PersonLastLogin"])
def test_no_plan_deletes_an_object_of_a_type_that_manifests_do_not_describe(
    kind: str, tmp_path: Path
) -> None:
    saved(tmp_path)

    def edit(data: dict[str, Any]) -> None:
        _deleted(kind, 101)(data)
        (one,) = data["actions"]
        one |= {"address": f"{kind}/x", "name": "x", "kind": kind}

    edited(tmp_path, edit)
    refused = applied(tmp_path)
    assert refused.code == 1
    assert f"no plan can delete a {kind}" in said(refused)


def _permissions(data: dict[str, Any]) -> None:
    entry = {"type": "Person", "dbid": 101, "mask": 127}
    action(data, "InteractionQueue/Fresh")["permissions"] = [entry]


def _another_name_than_its_own(data: dict[str, Any]) -> None:
    action(data, "InteractionQueue/Fresh")["fields"]["/name"] = "Evil"


def _a_secret_of_nobody(data: dict[str, Any]) -> None:
    (change,) = action(data, "Application/Stat")["changes"]
    change |= {"before": {"secret": True}, "after": {"secret": "carried"}}


def _no_digest(data: dict[str, Any]) -> None:
    action(data, "Application/Stat")["fingerprint"] |= {"units": ["/options/X"], "fields": {}}


def _no_old_digest(data: dict[str, Any]) -> None:
    action(data, "Application/Stat")["fingerprint"]["fields"] = {}


def _twice_the_same_object(data: dict[str, Any]) -> None:
    one = {name: action(data, "Application/Stat")[name] for name in action_names(data)}
    one |= {"address": "Application/Shadow", "action": "in-sync", "changes": []}
    data["actions"].insert(0, one)
    data["summary"]["in-sync"] += 1


def action_names(data: dict[str, Any]) -> list[str]:
    """The properties of an action that writes nothing."""
    found = list(action(data, "Application/Stat"))
    return found[: found.index("folder")]


def _an_empty_unit(data: dict[str, Any]) -> None:
    action(data, "Application/Stat")["fingerprint"]["units"].append("")


def _an_empty_section(data: dict[str, Any]) -> None:
    one = action(data, "Application/Stat")
    one["changes"][0] |= {"path": "/options//a", "unit": "/options//a"}
    one["fingerprint"]["units"] = ["/options//a"]


def _a_huge_integer(data: dict[str, Any]) -> None:
    action(data, "Application/Stat")["changes"][0]["after"] = 10**30


MORE: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "permissions": (_permissions, "only the undo of a run sets permissions"),
    "another name than its own": (
        _another_name_than_its_own,
        "what would be created has another name",
    ),
    "a secret of nobody": (_a_secret_of_nobody, "no live object has the secret of /options/S/a"),
    "a change under no unit": (_no_digest, "/options/S/a would not be compared before"),
    "no digest of the old value": (_no_old_digest, "/options/S/a has no digest of its old value"),
    "an object twice": (_twice_the_same_object, "Application/Stat is in it twice"),
    "an empty unit": (_an_empty_unit, "Application/Stat compares a field without a path"),
    "an empty section": (_an_empty_section, "/options//a has an empty name in it"),
    "a huge integer": (_a_huge_integer, "/options/S/a cannot hold 1000000000000000000000000000"),
}


@pytest.mark.parametrize("case", MORE.values(), ids=MORE.keys())
def test_what_no_plan_can_have_is_refused_when_the_file_is_read(
    case: tuple[Callable[[dict[str, Any]], None], str], tmp_path: Path
) -> None:
    edit, message = case
    saved(tmp_path)
    edited(tmp_path, edit)
    for refused in (applied(tmp_path), gwe("show", "plan.json", cwd=tmp_path)):
        assert refused.code == 1
        assert message in said(refused)


def test_a_plan_that_is_not_what_reverts_its_run_is_refused(tmp_path: Path) -> None:
    server = saved(tmp_path)
    assert applied(tmp_path).code == 0
    assert gwe("undo", "last", "--out", "plan.json", "--quiet", cwd=tmp_path).code == 0

    def edit(data: dict[str, Any]) -> None:
        one = action(data, "Application/Stat")
        one["changes"][0]["after"] = "evil"

    edited(tmp_path, edit)
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 4
    assert "the plan is not what reverts run" in said(refused)
    assert everything(server) == before


def test_an_undo_of_a_run_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    server = saved(tmp_path)
    edited(tmp_path, lambda data: data.update(undoes="20261125-000000-00000000"))
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 64
    assert everything(server) == before


def test_an_undo_finds_an_object_that_was_renamed_since(tmp_path: Path) -> None:
    server = saved(tmp_path)
    assert applied(tmp_path).code == 0
    with opened(server) as other:
        dbid = find(server, "Application", "Other").dbid
        other.update("Application", dbid, Delta(values={"name": "Another"}))
        dbid = find(server, "Script", "Fresh").dbid
        other.update("Script", dbid, Delta(values={"name": "Fresher"}))
    done = gwe("undo", "last", "--auto-approve", "--force", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "- Fresher" in done.out


# The id


def planned_id(folder: Path, server: Path, *more: str) -> str:
    options = plan_arguments(server, "-f", "m.yaml", "--format", "json", *more)
    return str(gwe("plan", *options, cwd=folder).json()["id"])


def test_a_merge_that_changes_no_action_does_not_change_the_id(tmp_path: Path) -> None:
    server = saved(tmp_path)
    first = planned_id(tmp_path, server)
    manifest = tmp_path / "m.yaml"
    in_sync = "---\napiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Sales}\n"
    manifest.write_text(f"# a comment\n{MANIFESTS}{in_sync}", encoding="utf-8")
    assert planned_id(tmp_path, server) == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("annex: {Tags: {a: ours}}", "annex: {Tags: {a: mine}}"),
        ("name: Fresh", "name: Fresher"),
        ("{application: Stat}", "{application: Other}"),
    ],
)
def test_a_merge_that_changes_an_action_changes_the_id(old: str, new: str, tmp_path: Path) -> None:
    server = saved(tmp_path)
    first = planned_id(tmp_path, server)
    (tmp_path / "m.yaml").write_text(MANIFESTS.replace(old, new), encoding="utf-8")
    assert planned_id(tmp_path, server) != first


def test_the_same_change_of_another_live_value_is_another_plan(tmp_path: Path) -> None:
    server = saved(tmp_path)
    first = planned_id(tmp_path, server)
    with opened(server) as other:
        delta = KeyValueDelta(changed={"Tags": {"a": "newer"}})
        dbid = find(server, "Script", "Queue").dbid
        other.update("Script", dbid, Delta(key_values={"userProperties": delta}))
    assert planned_id(tmp_path, server) != first


def test_the_consent_counts_for_the_id(tmp_path: Path) -> None:
    server = saved(tmp_path)
    assert planned_id(tmp_path, server) != planned_id(tmp_path, server, "--force")


def test_only_the_expected_plan_is_applied(tmp_path: Path) -> None:
    server = saved(tmp_path)
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite-only", REPLACED)
    shown = gwe("show", "plan.json", cwd=tmp_path).out
    expected = shown.partition("Plan id: ")[2].strip()
    before = everything(server)
    other = "0" * 32
    for command in (
        ("apply", "plan.json", "--plan-id", other, "--auto-approve"),
        ("apply", *options, "--expect", other, "--auto-approve"),
        ("plan", *options, "--expect", other),
    ):
        refused = gwe(*command, cwd=tmp_path)
        assert refused.code == 4
        assert f"the plan has the id {expected}, and {other} was expected" in said(refused)
    assert everything(server) == before
    assert gwe("plan", *options, "--expect", expected, cwd=tmp_path).code == 0
    assert applied(tmp_path, "--plan-id", expected.upper()).code == 0


def test_a_second_start_with_the_id_of_an_applied_plan_is_told_that_nothing_is_left(
    tmp_path: Path,
) -> None:
    server = saved(tmp_path)
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite-only", REPLACED)
    expected = gwe("show", "plan.json", cwd=tmp_path).out.partition("Plan id: ")[2].strip()
    plain = plan_arguments(server, "-f", "m.yaml")
    assert gwe("apply", *options, "--expect", expected, "--auto-approve", cwd=tmp_path).code == 0
    again = gwe("apply", *plain, "--expect", expected, "--auto-approve", cwd=tmp_path)
    assert again.code == 4
    assert "It would write nothing: nothing is left to do." in said(again)


@pytest.mark.parametrize("option", ["--plan-id", "--expect"])
def test_what_is_no_id_is_told_before_a_server_is_asked(tmp_path: Path, option: str) -> None:
    nowhere = ("--server", "embedded:nowhere.db", "--app", "GWE")
    commands = [("apply", *nowhere, option, "1234")]
    if option == "--expect":
        commands.append(("plan", *nowhere, option, "1234"))
    for command in commands:
        refused = gwe(*command, cwd=tmp_path)
        assert refused.code == 64
        assert "'1234' is not an id of a plan" in said(refused)


# The signature


KEY = {"GWE_PLAN_KEY": "correct horse"}


def test_with_a_key_only_plan_files_that_it_signed_are_shown_and_applied(tmp_path: Path) -> None:
    server = saved(tmp_path)
    for command in (("show", "plan.json"), ("apply", "plan.json", "--auto-approve")):
        refused = gwe(*command, cwd=tmp_path, env=KEY)
        assert refused.code == 1
        assert "plan.json is not signed, and GWE_PLAN_KEY demands a signature" in said(refused)
    options = plan_arguments(server, "-f", "m.yaml", "--out", "plan.json", "--quiet")
    assert gwe("plan", *options, cwd=tmp_path, env=KEY).code == 0
    other = applied(tmp_path, env={"GWE_PLAN_KEY": "battery staple"})
    assert other.code == 1
    assert "plan.json is not signed with the key in GWE_PLAN_KEY" in said(other)
    edited(tmp_path, lambda data: data.update(notices=["harmless"]))
    assert applied(tmp_path, env=KEY).code == 1
    assert gwe("plan", *options, cwd=tmp_path, env=KEY).code == 0
    assert "correct horse" not in (tmp_path / "plan.json").read_text(encoding="utf-8")
    done = applied(tmp_path, env=KEY)
    assert done.code == 0
    # The plans of runs are no plan files: an undo needs no signature.
    assert gwe("undo", "last", "--auto-approve", cwd=tmp_path, env=KEY).code == 0


def test_a_key_of_any_bytes_signs(tmp_path: Path) -> None:
    server = saved(tmp_path)
    key = {"GWE_PLAN_KEY": os.fsdecode(b"\xff\xfe")}
    options = plan_arguments(server, "-f", "m.yaml", "--out", "plan.json", "--quiet")
    assert gwe("plan", *options, cwd=tmp_path, env=key).code == 0
    assert applied(tmp_path, env=key).code == 0


@pytest.mark.parametrize("expected", ["", " ", "last", "0" * 31])
def test_what_is_no_id_is_never_the_expected_one(expected: str, tmp_path: Path) -> None:
    server = saved(tmp_path)
    before = everything(server)
    refused = applied(tmp_path, "--expect", expected)
    assert refused.code == 64
    assert "is not an id of a plan" in said(refused)
    assert everything(server) == before


def test_an_empty_key_is_no_key_and_is_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    refused = applied(tmp_path, env={"GWE_PLAN_KEY": ""})
    assert refused.code == 64
    assert "GWE_PLAN_KEY is set and empty" in said(refused)


# What was allowed


def test_a_limit_counts_again_when_the_plan_is_applied(tmp_path: Path) -> None:
    server = saved(tmp_path)
    (tmp_path / "gwe.toml").write_text("[guards]\ncount = 0\n", encoding="utf-8")
    before = everything(server)
    refused = applied(tmp_path)
    assert refused.code == 3
    assert "1 existing managed objects would be replaced" in said(refused)
    assert everything(server) == before


def test_force_in_the_file_is_the_consent_to_exceed_the_limit(tmp_path: Path) -> None:
    server = saved(tmp_path)
    (tmp_path / "gwe.toml").write_text("[guards]\ncount = 0\n", encoding="utf-8")
    more = ("--overwrite-only", REPLACED, "--out", "plan.json", "--force", "--quiet")
    assert gwe("plan", *plan_arguments(server, "-f", "m.yaml", *more), cwd=tmp_path).code == 0
    assert applied(tmp_path).code == 0


# Any edit


Place = tuple[Any, ...]


def _places(data: Any, place: Place = ()) -> Iterator[Place]:
    """The way to every value in the data that holds no other."""
    if isinstance(data, dict | list) and data:
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in items:
            yield from _places(value, (*place, key))
    else:
        yield place


VALUES = (
    st.sampled_from([None, True, False, [], {}, {"secret": True}, {"secret": "carried"}])
    | st.sampled_from([0, 1, 99, 101, 102, 103, 104, -1, 2**31, 2**70])
    | st.sampled_from(["", "evil", "Twin", "Sales", "Other", "Case Data", "\ud800", "a\0b"])
    | st.sampled_from(["create", "update", "replace", "delete", "Tenant", "Script", "AgentGroup"])
    | st.sampled_from(["AgentGroup/Twin", "/annex/Tags/b", "/state", "/name", "/", "Disabled"])
)


def _meaning(objects: list[ConfObject], tenant: int) -> dict[str, dict[FieldPath, Value]]:
    """Address -> fields, of every object."""
    live = Snapshot(objects)
    return {
        address_of(one, live, tenant)[1]: flatten(OBJECT_TYPES[one.type], one.attributes, live)
        for one in objects
        if one.type not in ("Folder", "CampaignGroup", "Transaction")
    }


def _unshown(
    plan: Plan,
    before: Mapping[str, Mapping[FieldPath, Value]],
    after: Mapping[str, Mapping[FieldPath, Value]],
) -> list[str]:
    """What differs between two states of a server and is not in the plan."""
    # The manifests call the attribute CaseData by its display name.
    shown = {one.address.replace("Case Data", "CaseData"): one for one in plan.writes}
    found = []
    for address in before.keys() | after.keys():
        old, new = before.get(address, {}), after.get(address, {})
        if old == new:
            continue
        if address not in shown:
            found.append(f"{address} was not to be written")
            continue
        one = shown[address]
        wanted = {change.path: change.after for change in changes_of(one)}
        losses = " ".join(losses_of(one))
        for path in old.keys() | new.keys():
            if old.get(path) == new.get(path) or (path in wanted and wanted[path] == new.get(path)):
                continue
            implied = path[0] in ("name", "tenant", "attribute", "type", "state", "isDefault")
            lost = path not in new and (path[-1] in losses or "/".join(path) in losses)
            if not lost and not (one.action == "create" and implied):
                found.append(f"{address}{path}: {old.get(path)} -> {new.get(path)}")
    return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    saved(folder)
    return folder


@pytest.mark.long
@settings(
    max_examples=examples(2000, share=40),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_sealed_edit_is_refused_or_writes_what_is_shown(
    data: st.DataObject, template: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "try"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    path = folder / "plan.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    *outer, last = data.draw(st.sampled_from(list(_places(content))))
    holder = content
    for step in outer:
        holder = holder[step]
    holder[last] = data.draw(VALUES)
    path.write_text(json.dumps(resealed(content)), encoding="utf-8")
    server = folder / "gwe.db"
    tenant = find(server, "Tenant", "Resources").dbid
    before = _meaning(list(everything_of(server)), tenant)
    with Reconciler.connect(
        f"embedded:{server}", SiteOptions("GWE"), state=folder / "state"
    ) as engine:
        try:
            found = load_plan(path)
            engine.apply(found)
        except ReconcilerError:
            assert _meaning(list(everything_of(server)), tenant) == before
            return
    after = _meaning(list(everything_of(server)), tenant)
    assert _unshown(found.plan, before, after) == []


def everything_of(server: Path) -> list[ConfObject]:
    with Reconciler.connect(f"embedded:{server}") as engine:
        return [one for kind in OBJECT_TYPES for one in engine.reader.read(kind)]
