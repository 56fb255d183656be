"""The documentation as a site, for tests of it. MkDocs is in the extra ``docs``."""

import os
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOP = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Page at the top of the repository -> the page that ``scripts/site/hooks.py`` makes of it."""

LEFT_OUT = (
    "Left out: the tests of the documentation as a site, since the extra docs is not installed"
    " (make docs)."
)


@cache
def available() -> bool:
    """Whether the site can be built here."""
    return bool(find_spec("mkdocs") and find_spec("material"))


def build(folder: Path, settings: Path = ROOT / "mkdocs.yml") -> "subprocess.CompletedProcess[str]":
    """Builds the site into ``folder``; what it says is in ``stderr``."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    return subprocess.run(
        [*command, "--config-file", str(settings), "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def navigation() -> list[str]:
    """The pages that the navigation names, in its order."""
    _, _, lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")
    return re.findall(r"^ +- (\S+\.md)$", lines, re.MULTILINE)
