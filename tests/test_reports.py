"""Reports for machines: JSON that keeps to its schema, JUnit XML, SARIF.

``tests/harness.py`` checks all JSON that any test has ``gwe`` print against its schema.
"""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from reconciler.diagnostics import RULES, Diagnostic, Position
from reconciler.plan.actions import Blocked, Delete, InSync, Keep, Skip, Subject, Update
from reconciler.plan.model import Plan, SiteMark
from reconciler.render.json_reports import VALIDATE
from reconciler.render.junit import drift_junit, validate_junit
from reconciler.render.reports import ValidationReport
from reconciler.render.sarif import validate_sarif
from tests.conftest import examples
from tests.harness import Result, gwe, plan_arguments, site_server
from tests.test_markdown import HOSTILE, hostile_plans, option

QUEUE = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: New}\n"
WRONG = QUEUE + "spec: {anex: {}}\n"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    (tmp_path / "new.yaml").write_text(QUEUE, encoding="utf-8")
    return site_server(tmp_path)


def apply(server: Path, folder: Path, *more: str) -> Result:
    options = plan_arguments(server, "-f", "new.yaml", "--format", "json", "--auto-approve", *more)
    return gwe("apply", *options, cwd=folder)


# JSON


def test_apply_reports_every_action_and_says_the_rest_on_standard_error(
    server: Path, tmp_path: Path
) -> None:
    done = apply(server, tmp_path)
    report = done.json()
    assert (done.code, report["status"], report["exit"]) == (0, "applied", 0)
    assert report["outcomes"] == [
        {
            "address": "InteractionQueue/New",
            "action": "create",
            "status": "done",
            "message": None,
            "hint": None,
        }
    ]
    assert f"gwe undo {report['run']} reverts it." in done.err
    shown = gwe("runs", "show", report["run"], "--format", "json", cwd=tmp_path).json()
    assert (shown["run"], shown["planId"]) == (report["run"], report["planId"])
    again = apply(server, tmp_path).json()
    assert (again["status"], again["run"], again["outcomes"]) == ("nothing-to-do", None, [])


def test_an_apply_that_fails_reports_its_problems(server: Path, tmp_path: Path) -> None:
    stale = apply(server, tmp_path, "--expect", "0" * 32)
    assert (stale.code, stale.json()["status"], stale.json()["exit"]) == (4, "stale", 4)
    assert "was expected" in stale.json()["problems"][0]["summary"]
    assert "was expected" in stale.err
    (tmp_path / "new.yaml").write_text(WRONG, encoding="utf-8")
    failed = apply(server, tmp_path)
    assert (failed.code, failed.json()["status"]) == (1, "failed")
    problem = failed.json()["problems"][0]
    assert (problem["rule"], problem["line"]) == ("manifest-schema", 4)


def test_an_apply_of_a_blocked_plan_reports_what_blocks_it(server: Path, tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(QUEUE.replace("New", "new"), encoding="utf-8")
    assert apply(server, tmp_path).code == 0
    (tmp_path / "new.yaml").write_text(QUEUE, encoding="utf-8")
    refused = apply(server, tmp_path)
    assert (refused.code, refused.json()["status"]) == (3, "refused")
    assert refused.json()["problems"][0]["summary"].startswith("InteractionQueue/New: ")


def test_doctor_reports_each_check(server: Path, tmp_path: Path) -> None:
    done = gwe("doctor", *plan_arguments(server), "--format", "json", cwd=tmp_path)
    checks = done.json()["checks"]
    assert [one["check"] for one in checks] == ["log-in", "mode", "permissions", "site"]
    assert (done.code, done.json()["failed"]) == (0, False)
    wrong = ("--server", f"embedded:{server}", "--app", "Nix", "--format", "json")
    failed = gwe("doctor", *wrong, cwd=tmp_path)
    assert (failed.code, failed.json()["failed"]) == (1, True)
    assert failed.json()["checks"][-1]["state"] == "failed"


def validated(folder: Path, form: str, text: str = WRONG, *more: str) -> Result:
    (folder / "one.yaml").write_text(text, encoding="utf-8")
    return gwe("validate", "-f", "one.yaml", "--format", form, *more, cwd=folder)


def test_validate_reports_every_problem_with_its_place_and_rule(tmp_path: Path) -> None:
    done = validated(tmp_path, "json")
    assert done.code == 1
    assert done.json() == {
        "format": "gwe-validate/1",
        "valid": False,
        "checked": None,
        "manifests": None,
        "problems": [
            {
                "rule": "manifest-schema",
                "summary": "unknown field anex in spec; did you mean annex?",
                "file": "one.yaml",
                "line": 4,
                "column": 8,
                "hint": done.json()["problems"][0]["hint"],
                "example": None,
            }
        ],
    }
    assert "unknown field anex" in done.err
    valid = validated(tmp_path, "json", QUEUE)
    assert (valid.code, valid.json()["valid"], valid.json()["manifests"]) == (0, True, 1)
    assert valid.json()["checked"] == ["one.yaml"]


@pytest.mark.parametrize(
    ("rule", "text", "more"),
    [
        ("manifest-file", "a: [", []),
        ("manifest-file", f"{QUEUE}kind: AgentGroup\n", []),
        ("manifest-schema", WRONG, []),
        ("variables", QUEUE, ["--vars", "vars.yaml"]),
        ("manifest-values", QUEUE.replace("New", "'${var.x}'"), []),
        ("manifest-values", f"{QUEUE}---\n{QUEUE}", []),
    ],
)
def test_each_kind_of_problem_has_its_rule(
    rule: str, text: str, more: list[str], tmp_path: Path
) -> None:
    (tmp_path / "vars.yaml").write_text("nothing: 1\n", encoding="utf-8")
    problems = validated(tmp_path, "json", text, *more).json()["problems"]
    assert {problem["rule"] for problem in problems} == {rule}


def test_a_mistake_in_the_settings_has_its_rule(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text("serwer = 1\n", encoding="utf-8")
    (problem,) = validated(tmp_path, "json", QUEUE).json()["problems"]
    assert problem["rule"] == "settings"
    assert problem["file"].endswith("gwe.toml")


def test_the_page_documents_every_rule() -> None:
    page = (Path(__file__).parent.parent / "docs" / "review.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for rule, text in RULES.items():
        assert f"| `{rule}` | {text} |" in rows


# JUnit


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode())  # noqa: S314 - our own


def test_drift_is_a_test_for_each_object() -> None:
    def about(name: str) -> Subject:
        return Subject(f"Application/{name}", "Application", "Application", name, 101, 1)

    plan = Plan(
        "embedded:x",
        "id",
        SiteMark("GWE", "Resources", 101),
        (
            InSync(about("In sync")),
            Update(about("Other"), changes=(option("S", "a", "1", "2"),)),
            Delete(about("Gone"), loses=("its annex",)),
            Keep(about("Kept"), kept=(option("S", "a", "1", "2"),)),
            Skip(about("Left"), "not asked for"),
            Blocked(about("Bad"), "its type differs"),
        ),
        refusals=("too many",),
    )
    root = parsed(drift_junit(plan))
    counts = {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "7", "failures": "2", "errors": "2", "skipped": "2"}
    cases = {case.get("name"): list(case) for case in root.iter("testcase")}
    assert cases["Application/In sync"] == []
    (failure,) = cases["Application/Other"]
    assert (failure.get("type"), failure.text) == ("update", "options/S/a: 1 -> 2")
    assert [child.text for child in cases["Application/Gone"]] == ["loses: its annex"]
    assert cases["Application/Left"][0].get("message") == "skipped: not asked for"
    assert cases["Application/Bad"][0].tag == "error"
    assert cases["too many"][0].tag == "error"


@settings(max_examples=examples(60))
@given(hostile_plans())
def test_junit_of_a_hostile_site_is_well_formed(plan: Plan) -> None:
    root = parsed(drift_junit(plan))
    assert len(list(root.iter("testcase"))) == len(plan.actions) + len(plan.refusals)
    assert {one.tag for one in root.iter()} <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "skipped",
        "error",
    }


def test_what_xml_forbids_is_visible() -> None:
    bad = "a\x00b\x1b\ufffe\ud800]]>&<"
    problem = Diagnostic(bad, Position(bad, 3), bad, rule="manifest-file")
    root = parsed(validate_junit(ValidationReport(problems=(problem,))))
    (failure,) = root.iter("failure")
    assert failure.get("message") == r"a\x00b\x1b\ufffe\ud800]]>&<"


def test_drift_and_validate_print_junit(server: Path, tmp_path: Path) -> None:
    drift = gwe(
        "drift", *plan_arguments(server, "-f", "new.yaml", "--format", "junit"), cwd=tmp_path
    )
    assert (drift.code, parsed(drift.out).get("failures")) == (2, "1")
    assert drift.err == "Plan: 1 to create, 0 to update, 0 to replace, 0 to delete.\n"
    quiet = gwe(
        *("drift", "--quiet", *plan_arguments(server, "-f", "new.yaml", "--format", "junit")),
        cwd=tmp_path,
    )
    assert (quiet.code, quiet.out, quiet.err) == (2, drift.out, "")
    valid = gwe("validate", "-f", "new.yaml", "--format", "junit", cwd=tmp_path)
    root = parsed(valid.out)
    assert (valid.code, root.get("tests"), root.get("failures")) == (0, "1", "0")
    wrong = validated(tmp_path, "junit")
    (case,) = parsed(wrong.out).iter("testcase")
    assert (case.get("file"), case.get("line")) == ("one.yaml", "4")
    assert case[0].get("type") == "manifest-schema"


def test_junit_hides_secrets(server: Path, tmp_path: Path) -> None:
    secret = QUEUE + "spec: {annex: {S: {password: {secret: true, from: env.PIN}, open: shown}}}\n"
    (tmp_path / "new.yaml").write_text(secret, encoding="utf-8")
    options = plan_arguments(server, "-f", "new.yaml", "--format", "junit")
    done = gwe("drift", *options, cwd=tmp_path, env={"PIN": "correct horse"})
    (failure,) = parsed(done.out).iter("failure")
    lines = {"annex/S/open: (absent) -> shown", "annex/S/password: (absent) -> (secret)"}
    assert set((failure.text or "").splitlines()) == lines
    assert "correct horse" not in done.out


# SARIF


def results(text: str) -> list[dict[str, Any]]:
    """The results, each checked for what GitHub's code scanning demands of it."""
    data = json.loads(text)
    assert (data["version"], len(data["runs"])) == ("2.1.0", 1)
    driver = data["runs"][0]["tool"]["driver"]
    assert driver["name"] == "gwe"
    found: list[dict[str, Any]] = data["runs"][0]["results"]
    for one in found:
        rule = driver["rules"][one["ruleIndex"]]
        assert rule["id"] == one["ruleId"]
        assert rule["shortDescription"]["text"]
        assert one["message"]["text"]
        assert one["level"] == "error"
        assert one["partialFingerprints"]
        (location,) = one["locations"]
        region = location["physicalLocation"]["region"]
        assert min(region.values()) >= 1
        address = location["physicalLocation"]["artifactLocation"]["uri"]
        assert address.isascii()
        assert not set(address) & set(' \n\\"<>|`{}')
    return found


def test_sarif_names_rule_file_line_and_column(tmp_path: Path) -> None:
    done = validated(tmp_path, "sarif")
    (result,) = results(done.out)
    assert done.code == 1
    assert result["ruleId"] == "manifest-schema"
    assert result["message"]["text"].startswith("unknown field anex in spec; did you mean annex?")
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "one.yaml"},
        "region": {"startLine": 4, "startColumn": 8},
    }
    assert results(validated(tmp_path, "sarif", QUEUE).out) == []


def test_sarif_names_files_from_the_top_of_the_repository(tmp_path: Path) -> None:
    folder = tmp_path / "site one"
    folder.mkdir()
    (tmp_path / ".git").mkdir()
    (result,) = results(validated(folder, "sarif").out)
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "site%20one/one.yaml"


def test_a_problem_that_moves_keeps_its_fingerprint(tmp_path: Path) -> None:
    (one,) = results(validated(tmp_path, "sarif").out)
    (moved,) = results(validated(tmp_path, "sarif", f"# a comment\n{WRONG}").out)
    assert one["partialFingerprints"] == moved["partialFingerprints"]
    assert one["locations"] != moved["locations"]


@given(HOSTILE, HOSTILE)
def test_hostile_problems_are_valid_in_each_form(text: str, file: str) -> None:
    problem = Diagnostic(text, Position(file.replace("\x00", "") or "x", 2), text, text)
    for one in (problem, replace(problem, position=None, rule="settings")):
        report = ValidationReport(problems=(one,))
        assert len(results(validate_sarif(report))) == 1
        assert len(list(parsed(validate_junit(report)).iter("failure"))) == 1
        assert len(json.loads(VALIDATE.text(report))["problems"]) == 1
