"""What commands that change something report as JSON. ``tests/harness.py`` checks each report
against its schema."""

import json
from pathlib import Path

import pytest

from reconciler.server.delta import Delta, KeyValueDelta
from tests.harness import APP, find, gwe, opened
from tests.runs import SITE, Nursery, Place, Strike, make_place, make_template
from tests.test_accept import QUEUE, Site
from tests.test_prune import apply, declare, queue, run

JSON = ("--format", "json")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), SITE)


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    return make_place(tmp_path / "place", template)


def test_undo_reports_as_apply_does(place: Place) -> None:
    apply(place, queue("A"))
    done = run(place, "undo", "last", "--auto-approve", *JSON)
    report = done.json()
    assert (report["format"], report["status"], report["exit"]) == ("gwe-apply/1", "applied", 0)
    assert [(one["address"], one["action"]) for one in report["outcomes"]] == [
        ("InteractionQueue/A", "delete")
    ]
    assert "Apply: 1 applied." in done.err
    again = run(place, "undo", "20200101", "--auto-approve", *JSON, code=64)
    assert again.json()["status"] == "failed"
    assert "20200101" in again.json()["problems"][0]["summary"]


def test_adopt_and_destroy_report_as_apply_does(place: Place) -> None:
    declare(place, queue("A"))
    adopted = run(place, "adopt", "InteractionQueue/Changed", "--auto-approve", *JSON).json()
    assert adopted["status"] == "applied"
    assert "gwe-reconciler.inventory" in adopted["outcomes"][0]["address"]
    saved = run(place, "destroy", "--out", "d.plan", *JSON).json()
    assert (saved["status"], saved["run"], saved["exit"]) == ("saved", None, 0)
    assert saved["planId"] in gwe("show", "d.plan", cwd=place.folder).out
    destroyed = run(place, "destroy", "--confirm", APP, *JSON).json()
    assert destroyed["planId"] == saved["planId"]
    assert [one["address"] for one in destroyed["outcomes"]] == ["InteractionQueue/Changed"]
    nothing = run(place, "destroy", "--confirm", APP, *JSON).json()
    assert nothing["status"] == "nothing-to-do"


@pytest.mark.parametrize("command", [["adopt", "--declared"], ["destroy"], ["undo", "last"]])
def test_the_report_and_a_plan_do_not_both_go_to_standard_output(
    place: Place, command: list[str]
) -> None:
    apply(place, queue("A"))
    refused = run(place, *command, "--out", "-", *JSON, code=64)
    assert refused.out == ""
    assert "--format json and --out - both write to standard output" in refused.err


def test_recover_reports_the_runs_and_what_it_found(nursery: Nursery, place: Place) -> None:
    nursery.apply(place, Strike("record", "before", 4))
    (name,) = place.run_names
    server = ("--server", f"embedded:{place.server}")
    held = gwe("lock", "show", *server, *JSON, cwd=place.folder).json()
    ((lock,),) = (held["locks"],)
    assert (held["format"], lock["run"], lock["writing"]) == ("gwe-lock/1", name, True)
    assert lock["dbid"] == place.locks()[0].dbid
    done = gwe("recover", *server, *JSON, cwd=place.folder, env=place.environment)
    report = done.json()
    assert (done.code, report["exit"], report["runs"]) == (0, 0, [name])
    assert all(one["complete"] for one in report["findings"])
    assert f"Run {name}, started" in done.err
    again = gwe("recover", *server, *JSON, cwd=place.folder, env=place.environment).json()
    assert (again["runs"], again["findings"], again["released"]) == ([], [], None)
    assert gwe("lock", "show", *server, *JSON, cwd=place.folder).json()["locks"] == []


def test_a_command_that_fails_reports_why(place: Place) -> None:
    declare(place, queue("A"))
    accept = ["accept", "--auto-approve", "-f", "manifests.yaml"]
    for command in (["recover"], ["lock", "show"], ["export", "x"], accept):
        failed = gwe(*command, "--server", "embedded:none.db", *JSON, cwd=place.folder)
        assert failed.code == 1
        assert "none.db" in failed.json()["problems"][0]["summary"]
        assert failed.json()["exit"] == 1


def test_accept_reports_the_files_and_what_is_left(tmp_path: Path) -> None:
    site = Site(tmp_path, QUEUE)
    site.set_annex("Queue", mode="slow")
    done = site.run("accept", "--auto-approve", *JSON)
    assert done.json() == {
        "format": "gwe-accept/1",
        "exit": 0,
        "status": "written",
        "written": ["m.yaml"],
        "left": [],
        "problems": [],
    }
    assert "+      mode: slow" in done.err
    again = site.run("accept", "--auto-approve", *JSON).json()
    assert (again["status"], again["written"]) == ("nothing-to-do", [])
    with opened(site.server) as server:
        server.delete("Script", find(site.server, "Script", "Sales").dbid)
    left = site.run("accept", "--auto-approve", *JSON)
    assert (left.code, left.json()["exit"]) == (2, 2)
    assert left.json()["left"] == [
        {
            "address": "InteractionQueue/Sales",
            "field": "",
            "file": "m.yaml",
            "line": 4,
            "why": "it is not on the server: delete its manifest, or declare ensure: absent",
        }
    ]


def test_export_reports_each_file_and_what_is_not_in_them(place: Place) -> None:
    with opened(place.server) as server:
        dbid = find(place.server, "Script", "Changed").dbid
        secret = KeyValueDelta(added={"db": {"password": "hush"}})
        server.update("Script", dbid, Delta(key_values={"userProperties": secret}))
    where = ("--kind", "InteractionQueue", "--server", f"embedded:{place.server}", "--app", APP)
    report = gwe("export", "site", *where, *JSON, cwd=place.folder).json()
    assert (report["format"], report["exit"], report["folder"]) == (
        "gwe-export-report/1",
        0,
        "site",
    )
    assert {"name": "interaction-queue.yaml", "result": "new", "remark": None} in report["files"]
    assert report["secrets"] == [
        {
            "variable": "CHANGED_DB_PASSWORD",
            "address": "InteractionQueue/Changed",
            "field": "/annex/db/password",
        }
    ]
    assert "hush" not in json.dumps(report)
    refused = gwe("export", "-", *where, *JSON, cwd=place.folder)
    assert (refused.code, refused.out) == (64, "")
