"""The pytest fixture ``embedded_site``. A ``conftest.py`` asks for it:

pytest_plugins = ["reconciler.testing.plugin"]
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.testing.sites import EmbeddedSite
from reconciler.testing.sites import embedded_site as open_site


class MakeSite(Protocol):
    """Makes a server from a site file, or from the text of a site file; it is closed at the end of
    the test."""

    def __call__(self, site: Path | str = SAMPLE_SITE) -> EmbeddedSite: ...


@pytest.fixture
def embedded_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeSite]:
    """Makes embedded Configuration Servers: ``embedded_site()`` has the sample site."""
    with ExitStack() as opened:

        def make(site: Path | str = SAMPLE_SITE) -> EmbeddedSite:
            folder = tmp_path_factory.mktemp("embedded")
            return opened.enter_context(open_site(folder, site))

        yield make
