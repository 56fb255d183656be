"""The line on standard error that says what takes so long."""

import sys
import threading
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.cli import session
from reconciler.engine.progress import Progress
from reconciler.engine.reconciler import Reconciler
from reconciler.render import status
from reconciler.render.status import StatusLine, status_text
from reconciler.site.discovery import SiteOptions
from tests.harness import APP, gwe, site_server


class Terminal(StringIO):
    """A terminal, and an event for the first that is written to it."""

    def __init__(self, tty: bool = True) -> None:
        super().__init__()
        self.written = threading.Event()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count

    def seen(self) -> str:
        """What a person sees: of each line what was written to it last."""
        cells: list[str] = []
        column = 0
        for letter in self.getvalue():
            if letter == "\r":
                column = 0
                continue
            cells[column : column + 1] = [letter]
            column += 1
        return "".join(cells).rstrip()


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "text"),
    [
        (0, 0, 3.2, "Applying: 3 s"),
        (0, 9, 3.2, "Applying: 0 of 9, 3 s"),
        (3, 9, 6.0, "Applying: 3 of 9, about 12 s left"),
        (9, 9, 6.0, "Applying: 9 of 9, about 0 s left"),
        (1, 100, 1.5, "Applying: 1 of 100, about 2 min 28 s left"),
        (1, 10_000, 1.0, "Applying: 1 of 10000, about 2 h 46 min left"),
    ],
)
def test_the_line_says_how_far_it_is_and_how_much_time_is_left(
    done: int, total: int, elapsed: float, text: str
) -> None:
    assert status_text("Applying", done, total, elapsed) == text


def test_the_line_appears_on_a_terminal_and_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status, "DELAY", 0)
    monkeypatch.setattr(status, "time", SimpleNamespace(monotonic=lambda: 0.0))
    terminal = Terminal()
    with StatusLine("Connecting", terminal) as line:
        assert terminal.written.wait(60)
        with line.away():
            assert terminal.seen() == ""
        line.advance(1, 2)
    assert terminal.seen() == ""
    assert "Connecting: 0 s" in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()


def test_what_is_quick_shows_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "DELAY", 3600)
    terminal = Terminal()
    with StatusLine("Connecting", terminal):
        pass
    assert terminal.getvalue() == ""


def test_a_stream_that_is_no_terminal_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "DELAY", 0)
    pipe = Terminal(tty=False)
    before = threading.active_count()
    with StatusLine("Connecting", pipe):
        assert threading.active_count() == before  # nothing that could write
    assert pipe.getvalue() == ""


def test_a_plan_tells_how_far_its_reads_have_come(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []

    class Told(Progress):
        def reading(self, done: int, total: int) -> None:
            steps.append((done, total))

    with Reconciler.connect(f"embedded:{site_server(tmp_path)}", SiteOptions(APP)) as engine:
        engine.plan(progress=Told())
    assert [done for done, _ in steps] == list(range(len(steps)))
    totals = [total for _, total in steps]
    assert totals == sorted(totals)
    assert totals[0] > 1
    assert totals[-1] == len(steps)


def test_whatever_takes_long_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[str] = []

    class Noted(StatusLine):
        def __init__(self, label: str, stream: object) -> None:
            assert stream is sys.stderr
            labels.append(label)
            super().__init__(label, Terminal(tty=False))

    monkeypatch.setattr(session, "StatusLine", Noted)
    monkeypatch.setattr("reconciler.cli.status.StatusLine", Noted)
    monkeypatch.setattr("reconciler.cli.execution.StatusLine", Noted)
    site_server(tmp_path)
    site = ("--server", "embedded:gwe.db", "--app", APP)
    assert gwe("apply", "-f", "bundled", *site, "--auto-approve", cwd=tmp_path).code == 0
    connecting, reading = "Connecting to embedded:gwe.db", "Reading live objects"
    assert labels == [connecting, reading, "Applying"]
    labels.clear()
    monkeypatch.setattr("reconciler.cli.recover.StatusLine", Noted)
    assert gwe("undo", "last", "--auto-approve", cwd=tmp_path).code == 0
    recorded = f"Connecting to embedded:{tmp_path / 'gwe.db'}"
    assert labels == [recorded, reading, "Applying"]
    labels.clear()
    assert gwe("recover", *site[:2], cwd=tmp_path).code == 0
    assert labels == [connecting, "Recovering"]
