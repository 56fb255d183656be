"""Output as JSON, for machines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reconciler.plan.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.render.console import print_data
from reconciler.state.records import ActionOutcome, RunHead
from reconciler.state.store import DamagedRun, IntactRecords, RunEntry, StoredRun
from reconciler.visible_text import json_text


class JsonForm:
    """Plans as plan files hold them; runs with the fields of their first record."""

    def plan(self, plan: Plan) -> None:
        print_data(plan_json(plan))

    def runs(self, runs: Sequence[RunEntry]) -> None:
        _print([_data(run) for run in runs])

    def run(self, run: StoredRun, place: str) -> None:
        backups = [asdict(backup) for backup in run.backups]
        outcomes = _outcomes(run.outcomes.values())
        _print({**_data(run), "state": place, "outcomes": outcomes, "backups": backups})

    def damaged_run(self, name: str, found: IntactRecords, place: str) -> None:
        head = next((one for one in found.records if isinstance(one, RunHead)), None)
        outcomes = _outcomes(one for one in found.records if isinstance(one, ActionOutcome))
        _print(
            {
                **_head(head),
                "run": name,
                "status": "damaged",
                "state": place,
                "problems": list(found.problems),
                "outcomes": outcomes,
            }
        )


def _print(data: object) -> None:
    print_data(json_text(data))


def _data(run: RunEntry) -> Mapping[str, Any]:
    data = {
        **_head(run.head),
        "number": run.number,
        "run": run.name,
        "status": run.status,
        "settled": run.finished,
    }
    if isinstance(run, DamagedRun):
        return {**data, "problem": run.problem}
    return {**data, "ended": run.ending.ended if run.ending else None, "done": run.done}


def _head(head: RunHead | None) -> dict[str, Any]:
    return asdict(head) if head else {}


def _outcomes(outcomes: Iterable[ActionOutcome]) -> list[dict[str, str]]:
    return [asdict(outcome) for outcome in outcomes]
