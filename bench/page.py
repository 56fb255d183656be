"""What the page of 10,000 actions costs: to make, to open in a browser and to search.

The browser is the headless Chromium that the tests use;
its figures are processor time of the page's own thread, medians of three pages, each in a new
tab. They are also right on a busy machine, unlike wall-clock times.
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measuring import RUNS, met, table
from reconciler.plan.actions import Create, Update
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.render.html.form import plan_html
from reconciler.render.output_form import OutputStyle
from tests.browser import LEFT_OUT, available, running_browser
from tests.plan_values import plan_of, subject

COUNT = 10_000
_DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_SEARCH = """text => {
    const query = document.getElementById("query");
    query.value = text;
    query.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def large_plan() -> Plan:
    """New queues and changed views, in turn."""
    actions: list[Create | Update] = []
    for number in range(COUNT // 2):
        new = Change(("annex", "Orchestration", "application"), None, f"script:R{number % 50}")
        actions.append(Create(subject("InteractionQueue", f"Q{number}"), changes=(new,)))
        changed = Change(("annex", "View", "Queue"), f"Old{number}", f"Q{number}")
        view = subject("InteractionQueueView", f"Q{number}.View", number + 1)
        actions.append(Update(view, changes=(changed,)))
    return plan_of(*actions)


def opened(browser: Any, address: str) -> Iterator[float]:
    """Processor seconds of a page that opens, and of its first search."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    spent = 0.0
    for step in (lambda: page.goto(address), lambda: page.evaluate(_SEARCH, "q4999")):
        step()
        page.evaluate(_DRAWN)
        metrics = session.send("Performance.getMetrics")["metrics"]
        total = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        yield total - spent
        spent = total
    page.close()


def lines(folder: Path) -> Iterator[str]:
    if not available():
        yield LEFT_OUT
        return
    plan = large_plan()
    before = time.process_time()
    text = plan_html(plan, OutputStyle())
    spent = [("make", time.process_time() - before, 4.0)]
    path = folder / "plan.html"
    path.write_text(text, encoding="utf-8")
    with running_browser() as browser:
        runs = [list(opened(browser, path.as_uri())) for _ in range(RUNS)]
    medians = [statistics.median(figures) for figures in zip(*runs, strict=True)]
    spent += [("open", medians[0], 2.0), ("search", medians[1], 1.0)]
    yield f"A page of {COUNT:,} actions has {len(text) / 2**20:.1f} MiB."
    yield ""
    rows = (
        (name, f"{seconds:.2f} s", f"{aim:.2f} s: {met(seconds <= aim)}")
        for name, seconds, aim in spent
    )
    yield from table(("page of 10,000 actions", "processor time", "aim"), rows)
