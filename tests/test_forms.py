"""Every form of output shows plans and runs; the registry is all that names them."""

import json
from pathlib import Path

import pytest

from reconciler import Plan, Reconciler, RunReport
from reconciler.render.forms import FORMS
from reconciler.render.output_form import OutputStyle
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import open_store
from tests.harness import APP, site_server

MANIFEST = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: New}\n"


@pytest.fixture
def engine(tmp_path: Path) -> Reconciler:
    url = f"embedded:{site_server(tmp_path)}"
    return Reconciler.connect(url, SiteOptions(APP), state=tmp_path / "state")


@pytest.fixture
def plan(engine: Reconciler, tmp_path: Path) -> Plan:
    (tmp_path / "new.yaml").write_text(MANIFEST, encoding="utf-8")
    return engine.plan(tmp_path / "new.yaml")


@pytest.fixture
def report(engine: Reconciler, plan: Plan) -> RunReport:
    return engine.apply(plan)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_shows_plans_and_runs(
    name: str,
    engine: Reconciler,
    plan: Plan,
    report: RunReport,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    form = FORMS[name](OutputStyle())
    form.plan(plan)
    assert "New" in capsys.readouterr().out
    form.runs(engine.runs())
    assert report.run in capsys.readouterr().out
    form.run(open_store(str(tmp_path / "state")).read_run(report.run), "the state")
    assert "InteractionQueue/New" in capsys.readouterr().out


def test_a_run_as_json_has_what_its_list_has_and_its_outcomes(
    engine: Reconciler, report: RunReport, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = FORMS["json"](OutputStyle())
    form.runs(engine.runs())
    (listed,) = json.loads(capsys.readouterr().out)["runs"]
    form.run(open_store(str(tmp_path / "state")).read_run(report.run), "the state")
    run = json.loads(capsys.readouterr().out)
    assert {name: run[name] for name in listed} == listed
    assert (run.keys() - listed.keys()) == {"format", "state", "outcomes", "backups", "problems"}
    assert (listed["run"], listed["status"], listed["settled"]) == (report.run, "applied", True)
    assert run["outcomes"] == [{"address": "InteractionQueue/New", "status": "done", "message": ""}]


def test_no_runs_are_an_empty_list_in_each_form(capsys: pytest.CaptureFixture[str]) -> None:
    FORMS["text"](OutputStyle()).runs([])
    assert capsys.readouterr().out == "No runs yet.\n"
    FORMS["json"](OutputStyle()).runs([])
    assert json.loads(capsys.readouterr().out) == {"format": "gwe-runs/1", "runs": []}
    FORMS["markdown"](OutputStyle()).runs([])
    assert capsys.readouterr().out == "## No runs yet\n"
