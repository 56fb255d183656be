"""Settings that every test shares."""

import os

import pytest
from hypothesis import settings

# Machines of continuous integration are slow and shared: no test depends on time.
settings.register_profile("default", deadline=None, print_blob=True)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GWE_")]:
        monkeypatch.delenv(name)
