"""Output as Markdown: plans and runs within the bytes that a comment may have."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.diagnostics import counted
from reconciler.plan.file.codec import plan_id
from reconciler.plan.model import Plan
from reconciler.render.console import print_data
from reconciler.render.markdown.code import code
from reconciler.render.markdown.fitting import FoldedSection, assembled
from reconciler.render.markdown.plan import kinds, notes, plan_head, risks
from reconciler.render.markdown.runs import damaged_head, outcomes, run_head, runs_section
from reconciler.render.output_form import OutputStyle
from reconciler.render.plan_summary import apply_commands, as_argument, words_to_apply
from reconciler.state.records import ActionOutcome
from reconciler.state.store import IntactRecords, RunEntry, StoredRun


class MarkdownForm:
    """Plans and runs for merge requests and summaries of jobs."""

    def __init__(self, style: OutputStyle) -> None:
        self._style = style

    def plan(self, plan: Plan) -> None:
        print_data(plan_markdown(plan, self._style))

    def runs(self, runs: Sequence[RunEntry], of: str = "", among: Sequence[RunEntry] = ()) -> None:
        sections = [runs_section(runs, among)] if runs else []
        only = code(of.strip()) if of else ""
        head = f"## {counted(len(runs), 'run')}\n\n" if runs else "## No runs yet\n"
        head += f"Only runs {only}\n\n" if only else ""
        self._print(head, sections, "`gwe runs` lists all of them.")

    def run(self, run: StoredRun, place: str) -> None:
        whole = f"{code(f'gwe runs show {run.name}')} lists everything."
        self._print(run_head(run, place), outcomes(run.outcomes.values()), whole)

    def damaged_run(self, name: str, found: IntactRecords, place: str) -> None:
        known = [one for one in found.records if isinstance(one, ActionOutcome)]
        whole = f"{code(f'gwe runs show {name}')} lists what can be read."
        self._print(damaged_head(name, found, place), outcomes(known), whole)

    def _print(self, head: str, sections: Iterable[FoldedSection], whole: str) -> None:
        print_data(assembled(head, sections, "", whole, self._style.max_bytes))


def plan_markdown(plan: Plan, style: OutputStyle) -> str:
    """A plan as Markdown of at most ``style.max_bytes`` bytes."""
    sections = [risks(plan)]
    if not style.quiet:
        sections += [*kinds(plan, verbose=style.verbose), notes(plan)]
    tail = "".join(_tail(plan, style))
    return assembled(plan_head(plan), sections, tail, _whole(style.saved), style.max_bytes)


def _tail(plan: Plan, style: OutputStyle) -> Iterator[str]:
    """The id of the plan, and how to apply exactly this plan."""
    name = plan_id(plan)
    yield f"Plan id: `{name}`\n\n"
    if style.how_to_apply:
        yield words_to_apply(plan, name, style.how_to_apply)
        return
    lines = [
        f"- {code(command)}{f', {remark}' if remark else ''}\n"
        for command, remark in apply_commands(plan, name, style.saved)
    ]
    if lines:
        yield "To apply exactly this plan:\n\n"
        yield from lines


def _whole(saved: str) -> str:
    if saved:
        return f"The whole plan is in {code(as_argument(saved))}: `gwe show` prints it."
    return "`gwe plan --out FILE` saves the whole plan, and `gwe show FILE` prints it."
