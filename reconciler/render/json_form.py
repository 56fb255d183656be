"""Output as JSON, for machines."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from reconciler.plan.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.state.runs import Run


class JsonForm:
    """Plans as plan files hold them; runs with the fields of their journal's first record."""

    def plan(self, plan: Plan) -> None:
        click.echo(plan_json(plan), nl=False)

    def runs(self, runs: Sequence[Run]) -> None:
        _print([_data(run) for run in runs])

    def run(self, run: Run, folder: Path) -> None:  # noqa: ARG002 - the form's signature
        _print(_data(run))


def _print(data: object) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _data(run: Run) -> Mapping[str, Any]:
    head = {name: value for name, value in run.head.items() if name not in ("record", "format")}
    return {
        **head,
        "run": run.name,
        "status": run.status,
        "settled": run.finished,
        "ended": (run.ending or {}).get("ended"),
        "outcomes": [
            {"address": address, "status": status, "message": message}
            for address, (status, message) in run.outcomes.items()
        ],
    }
