"""What ``make bench`` writes: the tables of docs/measurements.md."""

import pytest

from bench.__main__ import ALONE, OVER_THE_WIRE, PAGE, with_section

PAGE_OF_TWO = """\
# Measurements

<!-- bench plan -->

old

<!-- end of bench plan -->

Why it takes so long.

<!-- bench apply -->

kept

<!-- end of bench apply -->
"""


def test_a_section_takes_the_place_of_what_the_page_had_of_it() -> None:
    written = PAGE_OF_TWO.replace("\nold\n", "\n| new |\n")
    assert with_section(PAGE_OF_TWO, "plan", "| new |\n") == written


def test_a_page_without_the_section_is_refused() -> None:
    with pytest.raises(KeyError, match="growth"):
        with_section(PAGE_OF_TWO, "growth", "| new |\n")


@pytest.mark.parametrize("section", ALONE + OVER_THE_WIRE)
def test_the_page_shows_every_section(section: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "| --- |" in page.partition(f"<!-- bench {section} -->")[2]
    assert with_section(page, section, "") != page
