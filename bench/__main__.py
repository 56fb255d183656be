"""``python -m bench [--write] [SECTION ...]``: measures, and prints what it measured.

Without sections: all those that need no Platform SDK. ``--write`` also puts each section where
docs/measurements.md shows it, between two comments that name the section. Measure for the page on
an idle machine: on a busy machine, the same work takes up to three times as many seconds.
"""

import argparse
import os
import platform
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "measurements.md"
ALONE = ("embedded", "plan", "growth", "large_site", "apply", "peers", "page")
OVER_THE_WIRE = ("wire", "snapshot")


def measured(section: str) -> Iterator[str]:
    """The lines of a section, the first of which says where and when it was measured."""
    today = date.today()
    yield (
        f"Measured on {today.day} {today:%B %Y} with {os.cpu_count()} cores, Python"
        f" {platform.python_version()} and SQLite {sqlite3.sqlite_version}; load at the beginning:"
        f" {os.getloadavg()[0]:.1f}."
    )
    yield ""
    with tempfile.TemporaryDirectory(prefix="gwe-bench-") as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        yield from import_module(f"bench.{section}").lines(folder)


def with_section(page: str, section: str, text: str) -> str:
    """The page with the text of a section replaced. Raises KeyError if the page lacks the
    section."""
    begin, end = f"<!-- bench {section} -->", f"<!-- end of bench {section} -->"
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    changed, found = between.subn(lambda _: f"{begin}\n\n{text}\n{end}", page)
    if found != 1:
        raise KeyError(section)
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also write docs/measurements.md")
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    given = parser.parse_args()
    for section in given.sections or ALONE:
        if section not in ALONE + OVER_THE_WIRE:
            parser.error(f"no section {section}: {', '.join(ALONE + OVER_THE_WIRE)}")
    for section in given.sections or ALONE:
        sys.stdout.write(f"## {section}\n\n")
        lines = []
        for line in measured(section):
            lines.append(f"{line}\n")
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        sys.stdout.write("\n")
        if given.write:
            page = with_section(PAGE.read_text(encoding="utf-8"), section, "".join(lines))
            PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
