"""Output as HTML: plans, runs and comparisons as pages."""

from collections.abc import Sequence

from markupsafe import Markup

from reconciler.compare.model import Comparison
from reconciler.plan.file.codec import plan_id
from reconciler.plan.model import Plan
from reconciler.render.graphs.svg import picture
from reconciler.render.graphs.svg import style as style_of_pictures
from reconciler.render.graphs.tree import faults_text, tree_lines
from reconciler.render.html.comparison_page import comparison_page
from reconciler.render.html.page import page_of
from reconciler.render.html.rendering import rendered, write_page
from reconciler.render.html.run_page import RunPage, damaged_run_page, list_page, run_page
from reconciler.render.output_form import OutputStyle
from reconciler.render.plan_summary import summary
from reconciler.state.store import IntactRecords, RunEntry, StoredRun


class HtmlForm:
    """Plans and runs as pages, on standard output or in the file ``style.page``."""

    def __init__(self, style: OutputStyle) -> None:
        self._style = style

    def plan(self, plan: Plan) -> None:
        write_page(plan_html(plan, self._style), self._style.page, summary(plan))

    def runs(self, runs: Sequence[RunEntry], of: str = "", among: Sequence[RunEntry] = ()) -> None:
        self._write(list_page(runs, of, among))

    def run(self, run: StoredRun, place: str) -> None:
        self._write(run_page(run, place))

    def damaged_run(self, name: str, found: IntactRecords, place: str) -> None:
        self._write(damaged_run_page(name, found, place))

    def _write(self, page: RunPage) -> None:
        text = rendered("run.html.jinja", page=page)
        write_page(text, self._style.page, f"{page.title}: {page.summary}")


def write_comparison(found: Comparison, style: OutputStyle) -> None:
    """A comparison as a page, on standard output or in the file ``style.page``."""
    page = comparison_page(found, verbose=style.verbose, quiet=style.quiet)
    write_page(rendered("comparison.html.jinja", page=page), style.page, page.summary)


def plan_html(plan: Plan, style: OutputStyle) -> str:
    """A plan as an HTML page."""
    return rendered(
        "page.html.jinja",
        style_of_pictures(),
        "page.js",
        page=page_of(plan, plan_id(plan), style),
        graph=style.graph,
        picture=Markup(picture(style.graph)) if style.graph else "",  # noqa: S704 - our own text
        faults=faults_text(style.graph) if style.graph else "",
        tree=[line.plain for line in tree_lines(style.graph)] if style.graph else (),
    )
