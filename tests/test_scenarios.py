"""Every folder of ``tests/scenarios`` is one story: a site, manifests, and the plan.

    site.yaml       what the server holds; ``extends`` one of tests/sites
    manifests/      optional; the bundled manifests where it is absent
    expected.yaml   about: the story in a sentence
                    options: more options of plan and apply
                    env: environment variables, such as GWE_USER
                    exit: the exit code of plan --detailed-exitcode
                    create, update, replace, ...: address -> what is expected of it
                    notices, warnings: texts that must be part of one

``create`` is a list of addresses. The others map each address to what is expected of it:

    update           path -> [before, after]
    replace, delete  what is lost with the object; null: anything
    loses            what an update loses, where it loses something
    keep             the kept paths
    skip, blocked    a part of the reason

What is not listed must be in sync.

The plan as JSON is whole: it fits the schema, as all that the harness reads does, and read
back it is the plan, with the text that ``apply`` shows before it applies. Then the story is
planned again: the second plan is empty, and nothing that the first one did not list has changed.
"""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from rich.console import Console

from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.plan.file.codec import plan_data, plan_json, plan_of
from reconciler.render.plan_text import PlanText
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.server.validation import without_reference
from tests.harness import everything, gwe, plan_arguments, site_server
from tests.unchanged import owner_of_folder

SCENARIOS = Path(__file__).parent / "scenarios"
FOLDERS = sorted(folder.parent for folder in SCENARIOS.glob("*/expected.yaml"))
ACTIONS = ("create", "update", "replace", "delete", "keep", "skip", "blocked")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_story_plans_applies_and_settles_as_written(folder: Path, tmp_path: Path) -> None:
    expected = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    server = site_server(tmp_path, folder / "site.yaml")
    options = plan_arguments(server, *_manifests(folder), *expected.get("options", []))

    env = expected.get("env", {})
    detailed = ("--format", "json", "--detailed-exitcode")
    planned = gwe("plan", *options, *detailed, cwd=tmp_path, env=env)
    assert planned.code == expected["exit"], planned.out + planned.err
    if planned.out:
        plan = planned.json()
        _check_actions(plan, expected)
        _check_remarks(plan["notices"], expected.get("notices", []))
        _check_remarks(plan["warnings"], expected.get("warnings", []))
    else:
        assert planned.code != 0
        assert planned.err.startswith("error: ")
    for text in expected.get("errors", []):
        assert text in planned.err
    before = everything(server)
    applied = gwe("apply", *options, "--auto-approve", "--verbose", cwd=tmp_path, env=env)
    if planned.out:
        _check_it_reads_back(planned.out, applied.out)
    if expected["exit"] not in (0, 2):
        assert applied.code == expected["exit"]
        assert everything(server) == before
        return
    assert applied.code == 0, applied.out + applied.err
    _check_untouched(plan, before, everything(server))
    overwriting = ("--overwrite", "--reset-initial", "--force")
    without_overwrite = [o for o in options if not str(o).startswith(overwriting)]
    if "--overwrite-only" in options:
        without_overwrite = options
        return
    again = gwe("plan", *without_overwrite, *detailed, cwd=tmp_path, env=env)
    assert again.code == 0, again.out
    assert again.json()["empty"] is True


def _manifests(folder: Path) -> list[str | Path]:
    manifests = folder / "manifests"
    return ["--file", manifests if manifests.is_dir() else "bundled"]


def _check_actions(plan: dict[str, Any], expected: dict[str, Any]) -> None:
    found: dict[str, dict[str, Any]] = {}
    for action in plan["actions"]:
        if action["action"] != "in-sync":
            found.setdefault(action["action"], {})[action["address"]] = action
    listed = {name: sorted(expected.get(name) or ()) for name in ACTIONS if expected.get(name)}
    assert {name: sorted(actions) for name, actions in found.items()} == listed
    for address, changes in (expected.get("update") or {}).items():
        assert {
            change["path"]: [change["before"], change["after"]]
            for change in found["update"][address]["changes"]
        } == changes
    for name in ("replace", "delete"):
        for address, lost in (expected.get(name) or {}).items():
            assert lost is None or found[name][address]["loses"] == lost
    assert {
        address: action["loses"]
        for address, action in found.get("update", {}).items()
        if action["loses"]
    } == (expected.get("loses") or {})
    for address, paths in (expected.get("keep") or {}).items():
        assert [change["path"] for change in found["keep"][address]["kept"]] == paths
    for name in ("skip", "blocked"):
        for address, reason in (expected.get(name) or {}).items():
            assert reason in found[name][address]["reason"]


def _check_remarks(found: list[str], expected: list[str]) -> None:
    for text in expected:
        assert any(text in remark for remark in found), f"{text!r} is not in {found}"


def _check_it_reads_back(printed: str, text: str) -> None:
    """The plan that was ``printed`` as JSON is whole, and is the one that ``text`` shows first."""
    plan = plan_of(json.loads(printed))
    assert plan_json(plan) == printed
    assert plan_of(plan_data(plan)) == plan
    out = io.StringIO()
    PlanText(Console(file=out, width=80, no_color=True), verbose=True).plan(plan)
    shown = out.getvalue()
    assert text[: len(shown)] == shown


def _check_untouched(plan: dict[str, Any], before: dict[Any, Any], after: dict[Any, Any]) -> None:
    """Whatever the plan did not list is the same, value for value; references to what it took
    away are gone."""
    before = {key: _without_references(one, plan) for key, one in before.items()}
    names, now = Snapshot(before.values()), Snapshot(after.values())
    updated = {
        (_object_type(action), action["dbid"]): {change["path"] for change in action["changes"]}
        for action in plan["actions"]
        if action["action"] == "update"
    }
    replaced = {
        (_object_type(action), action["dbid"])
        for action in plan["actions"]
        if action["action"] in ("replace", "delete")
    }
    for key, old in before.items():
        if key in replaced or owner_of_folder(old) in replaced:
            assert key not in after
            continue
        if key not in updated:
            assert after[key] == old
            continue
        kind = OBJECT_TYPES[key[0]]
        old_fields = flatten(kind, old.attributes, names)
        new_fields = flatten(kind, after[key].attributes, now)
        changed = {
            "/" + "/".join(part.replace("/", "~1") for part in path)
            for path in old_fields.keys() | new_fields.keys()
            if old_fields.get(path) != new_fields.get(path)
        }
        assert changed == updated[key]


def _without_references(one: ConfObject, plan: dict[str, Any]) -> ConfObject:
    attributes = one.attributes
    for action in plan["actions"]:
        for other in action.get("referrers", ()):
            if (other["type"], other["dbid"]) == (one.type, one.dbid):
                target = (_object_type(action), action["dbid"])
                attributes = without_reference(OBJECT_TYPES[one.type], attributes, *target)
    return replace(one, attributes=attributes)


def _object_type(action: dict[str, Any]) -> str:
    kinds = {
        "BusinessAttribute": "Enumerator",
        "BusinessAttributeValue": "EnumeratorValue",
        "InteractionQueue": "Script",
        "InteractionQueueView": "Script",
        "EnhancedRouting": "Script",
    }
    name: str = kinds.get(action["kind"], action["kind"])
    return name.removeprefix("Object/")
