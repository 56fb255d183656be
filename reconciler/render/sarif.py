"""SARIF 2.1.0: problems in manifests, as annotations on lines of a merge request.

It has what GitHub's code scanning requires: a rule for each result, a message, and a location with
a relative address and a first line; and a fingerprint, so that a problem that moves to another line
stays the same alert.
"""

import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import reconciler
from reconciler.diagnostics import RULES, Diagnostic, Position
from reconciler.render.reports import ValidationReport
from reconciler.text.visible import escaped, json_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = list(RULES)


def validate_sarif(report: ValidationReport) -> str:
    """The report as SARIF. Addresses are relative to ``report.root``."""
    driver = {
        "name": "gwe",
        "semanticVersion": reconciler.__version__,
        "rules": [_rule(name) for name in _RULES],
    }
    results = [_result(problem, report.root) for problem in report.problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": RULES[name]},
        "defaultConfiguration": {"level": "error"},
    }


def _result(problem: Diagnostic, root: Path) -> dict[str, Any]:
    rule = problem.rule or "manifest-values"
    text = ". ".join(escaped(part).rstrip(".") for part in (problem.summary, problem.hint) if part)
    place = problem.position or Position(".")
    address = _address(place.file, root)
    region = {
        "startLine": place.line or 1,
        **({"startColumn": place.column} if place.column else {}),
    }
    return {
        "ruleId": rule,
        "ruleIndex": _RULES.index(rule),
        "level": "error",
        "message": {"text": f"{text}."},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": address}, "region": region}}
        ],
        "partialFingerprints": {"gweProblem/v1": _fingerprint(rule, address, problem.summary)},
    }


def _address(file: str, root: Path) -> str:
    """The URI of a file: relative below ``root``, percent-encoded."""
    path = Path(os.path.abspath(file))
    if path.is_relative_to(root):
        return quote(path.relative_to(root).as_posix())
    return path.as_uri()


def _fingerprint(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]
