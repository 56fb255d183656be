"""The pictures of the documentation: the page of a plan, as Chromium shows it.

``make screenshots`` writes ``docs/images/*.png``. It needs Chromium and the package playwright, as
the tests of pages do. The plan is that of a small site in which each sort of action occurs.
"""

import os
import tempfile
from pathlib import Path

from reconciler.cli.main import main
from scripts.reference import ROOT
from tests.browser import running_browser

IMAGES = ROOT / "docs" / "images"

_SITE = ("--server", "embedded:gwe.db", "--app", "Web_Engagement_Server", "--state-dir", "state")

_BEFORE = """\
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: limits}
target: {role: chat-server}
spec: {options: {settings: {session-limit: "250"}}}
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Webengagement_Old}
spec: {annex: {Orchestration: {application: "script:Webengagement_Failed.Routing"}}}
"""

_AFTER = """\
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: limits}
target: {role: chat-server}
spec: {options: {settings: {session-limit: "400"}}}
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Webengagement_Old}
ensure: absent
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Webengagement_Vip}
spec: {annex: {Orchestration: {application: "script:Webengagement_Vip.Routing"}}}
---
apiVersion: reconciler/v1
kind: EnhancedRouting
metadata: {name: Webengagement_Vip.Routing}
spec: {annex: {Application: {url: "http://gwe01.example.com:8080/vip.scxml"}}}
---
apiVersion: reconciler/v1
kind: EnhancedRouting
metadata: {name: Webengagement_Chat.Routing}
spec:
  annex:
    Application:
      url: "http://gwe01.example.com:8080/server/resources/_composer-projects/WebEngagement_ChatRouting/src-gen/IPD_default_chatRouting.scxml"
"""


def make_page(folder: Path) -> Path:
    """The page of a plan; ``folder`` is the working folder, so that no other path is shown."""
    os.chdir(folder)
    Path("before.yaml").write_text(_BEFORE, encoding="utf-8")
    Path("change.yaml").write_text(_AFTER, encoding="utf-8")
    page = Path("plan.html")
    for command in (
        ("embedded", "init", "gwe.db"),
        ("apply", "-f", "bundled", *_SITE, "--auto-approve", "--quiet"),
        ("apply", "-f", "before.yaml", *_SITE, "--auto-approve", "--quiet"),
        ("plan", "-f", "change.yaml", *_SITE, "--format", "html", "--out", str(page)),
    ):
        code = main([*command])
        if code:
            raise SystemExit(f"gwe {' '.join(command)} ended with exit code {code}")
    return page.resolve()


def take(page: Path, images: Path) -> None:
    """Takes the pictures: the top of the page, and one change with its values."""
    with running_browser() as browser:
        opened = browser.new_page(color_scheme="light", viewport={"width": 1100, "height": 640})
        opened.goto(page.as_uri())
        opened.screenshot(path=images / "plan.png")
        opened.set_viewport_size({"width": 900, "height": 640})
        row = opened.locator("details.row.update", has_text="Webengagement_Chat.Routing")
        row.screenshot(path=images / "plan-change.png")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        take(make_page(Path(folder)), IMAGES)
