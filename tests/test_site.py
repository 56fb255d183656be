"""The documentation as a site: no link is broken, and nothing is asked of a network."""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from markdown_it.token import Token

from tests import browser, docs_site
from tests.docs_site import ROOT, TOP, build, navigation
from tests.markdown_pages import parsed

_BUILT = pytest.mark.skipif(not docs_site.available(), reason="the extra docs is not installed")
_SHOWN = pytest.mark.skipif(
    not (docs_site.available() and browser.available()), reason="no site, or no browser"
)
_ASSET = re.compile(
    r"<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?(?:https?:)?//"
)
_IN_STYLE = re.compile(r"url\([\"']?(?:https?:)?//|@import")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
    return folder


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A tab of a browser, since a new one takes seconds of processor time."""
    with browser.running_browser() as found:
        yield found.new_page()


def test_the_navigation_names_every_page_once() -> None:
    docs = ROOT / "docs"
    pages = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    named = navigation()
    assert len(named) == len(set(named))
    assert set(named) == pages | set(TOP.values())


@_BUILT
def test_the_site_builds_strictly_and_has_every_page(site: Path) -> None:
    assert all((site / name).with_suffix(".html").is_file() for name in navigation())


@_BUILT
def test_a_broken_link_or_anchor_fails_the_build(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts" / "site", tmp_path / "scripts" / "site")
    head, _, _ = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")
    nav = "".join(f"  - {page}\n" for page in ("index.md", *TOP.values()))
    (tmp_path / "mkdocs.yml").write_text(f"{head}\nnav:\n{nav}", encoding="utf-8")
    for name in (*TOP, "LICENSE"):
        (tmp_path / name).write_text("# A page\n", encoding="utf-8")
    (tmp_path / "docs").mkdir()
    page = "# Home\n[a](absent.md), [b](contributing.md#absent), [c](../LICENCE), [d](../LICENSE)\n"
    (tmp_path / "docs" / "index.md").write_text(page, encoding="utf-8")
    done = build(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert done.returncode == 1
    found = re.findall(r"^WARNING .* contains an? [a-z ]*link '([^']+)'", done.stderr, re.MULTILINE)
    assert sorted(found) == ["../LICENCE", "absent.md", "contributing.md#absent"]


@_BUILT
def test_no_page_and_no_style_names_an_asset_of_a_network(site: Path) -> None:
    pages, styles = [*site.rglob("*.html")], [*site.rglob("*.css")]
    assert len(pages) > 50
    assert styles
    assert [page.name for page in pages if _ASSET.search(page.read_text("utf-8"))] == []
    assert [style.name for style in styles if _IN_STYLE.search(style.read_text("utf-8"))] == []


@_BUILT
def test_links_between_pages_and_the_top_of_the_repository_lead_somewhere(site: Path) -> None:
    assert (site / "LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")
    assert 'href="contributing.html"' in (site / "index.html").read_text("utf-8")
    assert 'href="docs/' not in (site / "contributing.html").read_text("utf-8")
    assert 'href="architecture.html#where-things-are"' in (site / "contributing.html").read_text(
        "utf-8"
    )


@_BUILT
def test_a_page_has_the_same_structure_on_the_site_as_where_git_shows_it(site: Path) -> None:
    """Renderers differ about lists and about code in tables."""
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs")
        tokens = _all(parsed(page.read_text(encoding="utf-8")))
        article = _article(site / name.with_suffix(".html"))
        for kind, element in (
            ("list_item", "li"),
            ("tr", "tr"),
            ("strong", "strong"),
            ("em", "em"),
        ):
            found = len(re.findall(f"<{element}\\b", article))
            assert found == sum(token.type == f"{kind}_open" for token in tokens), (name, element)
        code = re.findall(r"<code>(.*?)</code>", article, re.DOTALL)
        written = [
            " ".join(token.content.split()) for token in tokens if token.type == "code_inline"
        ]
        if name.parts[0] != "reference":  # its pages have code as HTML, too
            assert [" ".join(unescape(text).split()) for text in code] == written, name


def _all(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *_all(token.children or []))]


def _article(page: Path) -> str:
    """What a page shows of its text, without its blocks of code."""
    _, _, text = page.read_text(encoding="utf-8").partition("<article")
    return re.sub(r"<pre\b.*?</pre>", "", text.partition("</article>")[0], flags=re.DOTALL)


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The site on a server of this machine."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


@_SHOWN
def test_search_finds_a_page_and_asks_only_the_server_of_the_site(page: Any, address: str) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{address}/index.html")
    page.click("input[name=query]")
    page.keyboard.type("rotate a secret")
    found = page.wait_for_selector(".md-search-result__link")
    assert "rotate-a-secret.html" in found.get_attribute("href")
    assert f"{address}/index.html" in asked
    assert [url for url in asked if not url.startswith(f"{address}/")] == []


@_SHOWN
@pytest.mark.parametrize("name", ["index", "faq", "first-site", "reference/commands", "messages"])
def test_nothing_is_wider_than_a_narrow_screen(page: Any, site: Path, name: str) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto((site / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


@_SHOWN
@pytest.mark.parametrize("name", ["fingerprints", "recover", "reference/commands"])
def test_axe_finds_no_serious_fault(page: Any, site: Path, name: str) -> None:
    """With dark colours only the contrast can have become another."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - it may be absent

    page.set_viewport_size({"width": 1280, "height": 800})
    for scheme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        page.goto((site / f"{name}.html").as_uri())
        shown = page.locator("body").get_attribute("data-md-color-scheme")
        assert shown == {"light": "default", "dark": "slate"}[scheme]
        found = Axe().run(page, options=options).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
