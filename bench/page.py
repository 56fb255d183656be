"""What the page of 10,000 actions costs: to make, to open in a browser and to search. One table.

``make bench`` runs it after ``plan.py``. The browser is the headless Chromium that the tests use;
its figures are processor time of the page's own thread, medians of three pages, each in a new
tab. They hold on a busy machine too, which the clock's do not.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # for the tests' browser and plans

from reconciler.plan.actions import Create, Update
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.render.html.form import plan_html
from reconciler.render.output_form import OutputStyle
from tests.browser import LEFT_OUT, available, running_browser
from tests.plan_values import plan_of, subject

COUNT = 10_000
RUNS = 3
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


def main() -> None:
    out = sys.stdout
    if not available():
        out.write(f"{LEFT_OUT}\n")
        return
    plan = large_plan()
    before = time.process_time()
    text = plan_html(plan, OutputStyle())
    rows = [("make", time.process_time() - before, 4.0)]
    with tempfile.TemporaryDirectory(prefix="gwe-bench-") as folder, running_browser() as browser:
        path = Path(folder) / "plan.html"
        path.write_text(text, encoding="utf-8")
        runs = [list(opened(browser, path.as_uri())) for _ in range(RUNS)]
    medians = [statistics.median(figures) for figures in zip(*runs, strict=True)]
    rows += [("open", medians[0], 2.0), ("search", medians[1], 1.0)]
    out.write(f"A page of {COUNT:,} actions has {len(text) / 2**20:.1f} MiB.\n\n")
    out.write("| page of 10,000 actions | processor time | aim |\n| --- | --- | --- |\n")
    for name, seconds, aim in rows:
        met = "met" if seconds <= aim else "missed"
        out.write(f"| {name} | {seconds:.2f} s | {aim:.2f} s: {met} |\n")


if __name__ == "__main__":
    main()
