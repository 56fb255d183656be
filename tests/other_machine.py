"""Commands as another machine would run them: with its id and name, and without waiting."""

from types import SimpleNamespace

import pytest

from reconciler.engine import run_context


class OtherMachine:
    """What the process takes for its machine while ``here`` is not set back. ``slept``:
    the seconds that it would have waited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str = "far-away") -> None:
        self.slept = 0.0
        self.name = name
        monkeypatch.setattr(run_context, "time", SimpleNamespace(sleep=self._sleep))
        monkeypatch.setattr(run_context, "_seconds", lambda: self.slept)
        monkeypatch.setattr(run_context, "machine_id", lambda: f"the machine {name}")
        monkeypatch.setattr(run_context, "socket", SimpleNamespace(gethostname=lambda: name))

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
