"""Output as JSON, for machines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import asdict

from reconciler.plan.file.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.render.console import print_data
from reconciler.render.json_reports import RUN, RUNS
from reconciler.state.records import ActionOutcome, RunHead
from reconciler.state.store import DamagedRun, IntactRecords, RunEntry, StoredRun


class JsonForm:
    """Plans as plan files hold them; runs with the fields of their first record."""

    def plan(self, plan: Plan) -> None:
        print_data(plan_json(plan))

    def runs(
        self,
        runs: Sequence[RunEntry],
        of: str = "",  # noqa: ARG002 - entries say it
        among: Sequence[RunEntry] = (),  # noqa: ARG002 - every entry names its server
    ) -> None:
        print_data(RUNS.text({"runs": [_entry(run) for run in runs]}))

    def run(self, run: StoredRun, place: str) -> None:
        outcomes = tuple(run.outcomes.values())
        parts = {"state": place, "outcomes": outcomes, "backups": run.backups, "problems": ()}
        print_data(RUN.text({**_entry(run), **parts}))

    def damaged_run(self, name: str, found: IntactRecords, place: str) -> None:
        head = next((one for one in found.records if isinstance(one, RunHead)), None)
        print_data(
            RUN.text(
                {
                    **_head(head),
                    "run": name,
                    "status": "damaged",
                    "state": place,
                    "outcomes": tuple(_outcomes(found)),
                    "backups": (),
                    "problems": found.problems,
                }
            )
        )


def _entry(run: RunEntry) -> Mapping[str, Any]:
    """The entry of a run in a list; unknown members of a damaged run are left out."""
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


def _outcomes(found: IntactRecords) -> Iterable[ActionOutcome]:
    return (one for one in found.records if isinstance(one, ActionOutcome))
