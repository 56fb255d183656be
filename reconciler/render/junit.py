"""JUnit XML, which CI systems show as tests: a test for each object of a plan, or each mistake in
manifests.

All text goes through ``escaped``, which leaves no character that XML forbids.
"""

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.manifests import kind_order
from reconciler.plan.actions import (
    Action,
    Blocked,
    Create,
    Delete,
    InSync,
    Keep,
    Replace,
    Skip,
    Update,
    changes_of,
    losses_of,
    restored_by,
)
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.render.console import print_data
from reconciler.render.plan_summary import summary
from reconciler.render.remarks import is_item, label_of, remark_of
from reconciler.render.reports import ValidationReport
from reconciler.text.visible import escaped


class JUnitForm:
    """Plans as tests: an object in sync passes, an object that would be written fails, an object
    that is left alone is skipped, a blocked object is an error."""

    def plan(self, plan: Plan) -> None:
        print_data(drift_junit(plan))


def drift_junit(plan: Plan) -> str:
    """A suite for each kind, with a test for each object."""
    ordered = sorted(plan.actions, key=lambda action: kind_order(action.kind))
    suites = [
        _suite(kind, [_action(action) for action in members])
        for kind, members in groupby(ordered, key=lambda action: action.kind)
    ]
    if plan.refusals:
        suites.append(_suite("Plan", [_refusal(text) for text in plan.refusals]))
    return _document(f"gwe drift: {summary(plan)}", suites)


def validate_junit(report: ValidationReport) -> str:
    """A test for each problem; without problems, a single test that passes."""
    cases = [_problem(problem) for problem in report.problems] or [_case("gwe", "manifests")]
    return _document("gwe validate", [_suite("manifests", cases)])


def _action(action: Action) -> ET.Element:
    case = _case(action.kind, action.address)
    remark = remark_of(action)
    match action:
        case InSync():
            pass
        case Keep() | Skip():
            _child(case, "skipped", remark)
        case Blocked():
            _child(case, "error", remark, "blocked")
        case Create() | Update() | Replace() | Delete():
            message = f"{action.action}: {remark}" if remark else f"{action.action} is planned"
            lines = [_line(change) for change in changes_of(action)]
            lines += [f"loses: {lost}" for lost in losses_of(action)]
            lines += [f"restores: {kept}" for kept in restored_by(action)]
            _child(case, "failure", message, action.action, lines)
    return case


def _line(change: Change) -> str:
    label = label_of(change.path[:-1] if is_item(change) else change.path)
    before, after = change.display_both()
    return f"{label}: {before} -> {after}"


def _refusal(text: str) -> ET.Element:
    case = _case("Plan", text)
    _child(case, "error", text, "refused")
    return case


def _problem(problem: Diagnostic) -> ET.Element:
    place = f"{problem.position}: " if problem.position else ""
    case = _case(problem.rule or "manifests", f"{place}{problem.summary}")
    if problem.position:
        case.set("file", escaped(problem.position.file))
        case.set("line", str(problem.position.line or 1))
    lines = [str(problem.position or ""), problem.hint, *problem.example.splitlines()]
    _child(case, "failure", problem.summary, problem.rule, [*filter(None, lines)])
    return case


def _case(group: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=escaped(group), name=escaped(name))


def _child(
    case: ET.Element, tag: str, message: str, kind: str = "", lines: Sequence[str] = ()
) -> None:
    child = ET.SubElement(case, tag, message=escaped(message))
    if kind:
        child.set("type", kind)
    if lines:
        child.text = "\n".join(map(escaped, lines))


def _suite(name: str, cases: Sequence[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", {"name": escaped(name), **_counts(cases)})
    suite.extend(cases)
    return suite


def _document(name: str, suites: Sequence[ET.Element]) -> str:
    cases = [case for suite in suites for case in suite]
    root = ET.Element("testsuites", {"name": escaped(name), **_counts(cases)})
    root.extend(suites)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(cases: Sequence[ET.Element]) -> dict[str, str]:
    """How many tests there are, and how many of them did not pass, as JUnit counts them."""

    def number(tag: str) -> str:
        return str(sum(case.find(tag) is not None for case in cases))

    counts = {"failures": number("failure"), "errors": number("error")}
    return {"tests": str(len(cases)), **counts, "skipped": number("skipped")}
