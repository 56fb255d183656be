"""The commands in README.md and docs/ print what the page says, and links lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import NEW_KIND, ROOT, environment, run_page
from tests.warm import WarmProcesses

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", *(page for page in DOCS if page != NEW_KIND)]
LINKING = [*ROOT.glob("*.md"), *DOCS]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _prose(page: Path) -> str:
    return _CODE.sub("", page.read_text(encoding="utf-8"))


def _links(page: Path) -> Iterator[str]:
    """The links of a page that lead to files of ours or to headings."""
    found = _LINK.findall(_prose(page))
    return (link for link in found if not link.startswith(("http:", "https:", "mailto:")))


def _anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    kept = (re.sub(r"[^\w\- ]", "", text.lower()) for text in _HEADING.findall(_prose(page)))
    return {text.strip().replace(" ", "-") for text in kept}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_page_shows_what_its_commands_print(
    page: Path, tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    state = tmp_path.parent / f"{tmp_path.name}.state"
    run_page(page, tmp_path, environment(state, warm_processes.stand_ins()))


@pytest.mark.parametrize("page", LINKING, ids=_name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{_name(page)}: {link}"
        if anchor:
            assert anchor in _anchors(target), f"{_name(page)}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_block_of_commands_can_be_copied_as_a_whole(page: Path) -> None:
    """A second ``cd x && gwe plan`` looks for the folder x in x."""
    assert re.findall(r"^\$ cd \S+ &&.*", page.read_text(encoding="utf-8"), re.MULTILINE) == []


def test_every_module_and_test_that_the_architecture_page_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name, test in re.findall(r"`([\w/*]+(?:\.py|/))(?:::(\w+))?`", text):
        if test:
            assert f"def {test}(" in (ROOT / "tests" / name).read_text(encoding="utf-8"), test
        else:
            found = [*(ROOT / "reconciler").glob(name), *ROOT.glob(name)]
            assert found, f"{name} is neither in reconciler/ nor at the top"


def test_every_message_of_the_page_of_messages_is_a_message_of_the_program() -> None:
    """A message that was reworded must be found there under its new words."""
    page = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(messages) > 20
    source = "".join(
        module.read_text(encoding="utf-8") for module in (ROOT / "reconciler").rglob("*.py")
    )
    joined = re.sub(r'"\s*\n\s*f?"', "", source)  # a string that goes on in the next line
    parts = [part.strip() for message in messages for part in message.split("…")]
    assert [part for part in parts if part not in joined] == []
