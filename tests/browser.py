"""A headless Chromium of this machine, for tests of pages. Nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any

LEFT_OUT = (
    "Left out: the tests of pages in a browser, since this machine has no Chromium (Debian's"
    " package chromium) or not the package playwright."
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@cache
def program() -> str | None:
    """The path of the browser; None: it is not installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@cache
def available() -> bool:
    """Whether these tests can run here."""
    return bool(program() and find_spec("playwright") and find_spec("axe_playwright_python"))


@contextmanager
def running_browser() -> Iterator[Any]:
    """A browser (``playwright.sync_api.Browser``). As root it has no sandbox of its own; it
    opens files of ours only."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be absent

    options = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=options)
        try:
            yield browser
        finally:
            browser.close()
