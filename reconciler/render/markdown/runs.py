"""Runs as Markdown: what went wrong first, then what became of each object. No values."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from reconciler.render.markdown.code import code, html_code, short_code
from reconciler.render.markdown.fitting import Block, FoldedSection
from reconciler.render.run_table import run_table
from reconciler.render.text_form import run_details
from reconciler.state.records import ActionOutcome, RunHead
from reconciler.state.store import IntactRecords, RunEntry, StoredRun

_HEADER = 100
_PROBLEMS = 5
_WRONG = ("failed", "unknown")


def run_head(run: StoredRun, place: str) -> str:
    """The part that is always shown of a run: how it ended, who, where and when."""
    ended = run.ending.ended if run.ending else ""
    unknown = [step for step in run.steps if step.unknown and not run.finished]
    lines = [f"## Run {code(run.name)}: {code(run.status)}", "", *_details(run.head, place, ended)]
    if unknown:
        lines += [
            "",
            f"**Calls without an answer: {len(unknown):,}.** `gwe recover` finishes them.",
        ]
    if run.backups:
        lines += ["", f"Old contents of launch files that were saved: {len(run.backups):,}."]
    return "\n".join(lines) + "\n\n"


def damaged_head(name: str, found: IntactRecords, place: str) -> str:
    """The part that is always shown of a damaged run."""
    head = next((one for one in found.records if isinstance(one, RunHead)), None)
    lines = [f"## Run {code(name)}: damaged", "", *_details(head, place, ""), ""]
    lines += [f"- **damaged**: {short_code(one)}" for one in found.problems[:_PROBLEMS]]
    if len(found.problems) > _PROBLEMS:
        lines.append(f"- and {len(found.problems) - _PROBLEMS:,} more problems")
    return "\n".join(lines) + "\n\n"


def _details(head: RunHead | None, place: str, ended: str) -> Iterator[str]:
    for name, detail in run_details(head, place, ended):
        yield f"- {name}: {short_code(detail, _HEADER)}"


def outcomes(found: Iterable[ActionOutcome]) -> Iterator[FoldedSection]:
    """What went wrong, then the other outcomes by status."""
    by_status: dict[str, list[ActionOutcome]] = {}
    for outcome in found:
        by_status.setdefault(outcome.status, []).append(outcome)
    for status in (*_WRONG, *(one for one in by_status if one not in _WRONG)):
        members = by_status.get(status, [])
        blocks = [Block(1, partial(_outcome, outcome)) for outcome in members]
        if members and status in _WRONG:
            yield FoldedSection(f"### {status.title()}\n\n", blocks, "\n")
        elif members:
            head = f"<details>\n<summary>{html_code(status)}: {len(members):,}</summary>\n\n"
            yield FoldedSection(head, blocks, "\n</details>\n\n")


def _outcome(outcome: ActionOutcome) -> str:
    said = outcome.message if outcome.status != "not-started" else ""
    return f"- {code(outcome.address)}{f': {short_code(said, 2_000)}' if said else ''}\n"


def runs_section(runs: Sequence[RunEntry], among: Sequence[RunEntry] = ()) -> FoldedSection:
    """A table of runs, newest last. ``among``: see ``OutputForm.runs``."""
    table = run_table(runs, among)
    head = f"| {' | '.join(table.columns)} |\n|{' --- |' * len(table.columns)}\n"
    return FoldedSection(head, [Block(1, partial(_run, row)) for row in table.rows], "\n", "run")


def _run(row: Sequence[str]) -> str:
    cells = (short_code(text, _HEADER) if text else "" for text in row)
    return f"| {' | '.join(cells)} |\n"
