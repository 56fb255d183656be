"""The page of a plan in a real browser: filters, keyboard, print, and that it asks nobody."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.plan.actions import KEPT, Blocked, Create, Delete, Keep, Replace, Update
from reconciler.plan.chat.site_graph import Edge, Node, SiteGraph
from reconciler.plan.model import Plan
from reconciler.render.html.form import plan_html
from reconciler.render.output_form import OutputStyle
from tests.browser import available, running_browser
from tests.plan_values import option, plan_of, subject

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not available(), reason="this machine has no browser"),
]
HOSTILE = "<img src=http://e.example/x onerror=alert(1)><script>alert(2)</script>"


def a_plan() -> Plan:
    """A plan with an action of each sort, and with hostile names and values."""
    shared = (option("S", "limit", "100", "400"), option("S", "new", None, HOSTILE))
    kept = replace(
        option("S", "a", "theirs", "ours"),
        hint="Move it to spec, or add --reset-initial to --overwrite.",
    )
    return plan_of(
        Create(subject("InteractionQueue", HOSTILE), changes=(option("S", "a", None, "1"),)),
        Create(subject("InteractionQueue", "Empty")),
        Update(subject("Application", "Stat_1", 1), changes=shared),
        Update(subject("Application", "Stat_2", 2), changes=shared),
        Replace(subject("AgentGroup", "G", 3), "--overwrite", loses=("its DBID 3", HOSTILE)),
        Delete(subject("AgentGroup", "Old", 4), loses=("its annex",)),
        Blocked(subject("AgentGroup", "Bad"), "its type differs"),
        Keep(subject("Application", "Chat", 5), KEPT, kept=(kept,)),
        warnings=("Look out.",),
        notices=("A note.",),
    )


def a_graph() -> SiteGraph:
    """A chat path with a node of each state, and with hostile names."""
    queue = Node("queue", "", HOSTILE, "live", ("no view has this queue",))
    script = Node("routing", "", "R", "planned")
    old = Node("strategy", "", "http://old/r", "removed")
    arrows = (
        Edge(queue.key, script.key, HOSTILE, "planned"),
        Edge(queue.key, old.key, "", "removed"),
    )
    return SiteGraph("GWE", (queue, script, old), arrows)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as found:
        yield found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "plan.html"
    path.write_text(plan_html(a_plan(), OutputStyle(graph=a_graph())), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def tab(browser: Any) -> Any:
    """A tab of the browser, since a new one takes seconds of processor time."""
    return browser.new_page()


@pytest.fixture
def asked() -> list[str]:
    """What the page asks for, and what the browser says about it."""
    return []


@pytest.fixture
def page(tab: Any, address: str, asked: list[str]) -> Iterator[Any]:
    """The page, loaded anew in a window of a usual size."""
    heard = {
        "request": lambda request: asked.append(request.url),
        "console": lambda message: asked.append(message.text),
        "dialog": lambda dialog: asked.append(dialog.message),
    }
    tab.set_viewport_size({"width": 1280, "height": 720})
    for event, hear in heard.items():
        tab.on(event, hear)
    tab.goto(address)
    yield tab
    for event, hear in heard.items():
        tab.remove_listener(event, hear)


def _shown(page: Any) -> list[str]:
    return [name.inner_text() for name in page.locator(".row:visible .name").all()]


def test_a_page_asks_for_nothing_and_hostile_text_stays_text(
    page: Any, address: str, asked: list[str]
) -> None:
    page.click("#expand")
    assert HOSTILE in _shown(page)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert asked == [address]
    # What is put into the page all the same can neither ask for anything nor run.
    with page.expect_event("requestfailed") as blocked:
        page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://e.example'}))")
    assert blocked.value.failure == "csp"
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'ran = 1'}))"
    )
    assert page.evaluate("typeof ran") == "undefined"


def test_the_chat_path_is_a_picture_and_a_text(page: Any) -> None:
    picture = page.locator("svg.chat-path")
    assert picture.is_visible()
    assert "".join(picture.locator(".missing .name").all_text_contents()) == HOSTILE
    assert page.locator(".path pre").text_content().splitlines()[0] == f"! queue {HOSTILE}"
    assert "1 fault after the plan" in page.locator(".path > summary").inner_text()
    colours = [
        picture.locator(f"g.{state} > rect").first.evaluate("e => getComputedStyle(e).stroke")
        for state in ("missing", "planned", "removed")
    ]
    assert colours == ["rgb(184, 32, 26)", "rgb(23, 112, 58)", "rgb(133, 86, 0)"]


def test_objects_are_found_by_words_kind_and_action(page: Any) -> None:
    status = page.locator("#status")
    assert status.inner_text() == "8 objects"
    page.fill("#query", "stat_ LIMIT")
    assert _shown(page) == ["Stat_1", "Stat_2"]  # the second shows its values at the first
    assert status.inner_text() == "2 of 8 objects"
    assert page.locator(".kind:visible").count() == 1
    page.click("button[type=reset]")
    page.locator("#status", has_text=re.compile("^8 objects$")).wait_for()  # it follows the reset
    page.select_option("#kind", label="AgentGroup")
    page.uncheck("[value=delete]")
    assert _shown(page) == ["G", "Bad"]
    page.fill("#query", "nothing has this")
    assert status.inner_text() == "0 of 8 objects"


def test_everything_works_by_keyboard(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.focus("#query")
    page.keyboard.type("empty")
    page.keyboard.press("Enter")
    assert _shown(page) == ["Empty"]
    page.fill("#query", "e.example")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "kind"
    row = page.locator("details.create")
    page.focus("details.create > summary")
    assert row.get_attribute("open") is None
    page.keyboard.press("Enter")
    assert row.get_attribute("open") == ""
    page.click("#collapse")
    assert page.locator("details.row[open]:visible").count() == 0


def test_a_link_leads_to_an_object_that_a_filter_hides(page: Any) -> None:
    page.fill("#query", "empty")
    page.click(".risks a:has-text('Stat_1')")
    assert page.locator("#status").inner_text() == "8 objects"
    assert page.locator("details:has-text('Stat_1')").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_serious_fault(page: Any, scheme: str, width: int) -> None:
    """With dark colours only the contrast can have become another."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - it may be absent

    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.click("#expand")
    options = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
    found = Axe().run(page, options=options).response["violations"]
    page.emulate_media(color_scheme="null", reduced_motion="null")
    faults = [
        (one["id"], [node["html"] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert faults == []


def test_nothing_is_wider_than_a_narrow_screen(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.click("#expand")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_no_option_breaks_at_its_hyphens_on_a_narrow_screen(page: Any) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.click("#expand")
    page.evaluate("""for (const one of document.querySelectorAll(".option").values())
        one.parentElement.style.width = "4em" """)
    lines = page.evaluate("""Array.from(document.querySelectorAll(".option"),
        one => [one.textContent, one.getClientRects().length])""")
    assert ["--overwrite", 1] in lines
    assert ["--reset-initial", 1] in lines
    assert {count for _, count in lines} == {1}


def test_without_javascript_and_in_print_everything_is_shown(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert not page.locator("#toolbar").is_visible()
    assert len(_shown(page)) == 8
    created = page.locator("details.create table")
    assert not created.is_visible()
    page.click("details.create > summary")
    assert created.is_visible()
    page.click("details.create > summary")
    page.emulate_media(media="print")
    assert created.is_visible()
    context.close()
