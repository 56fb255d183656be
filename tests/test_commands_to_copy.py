"""Commands that are printed to be copied."""

import io
import sys

import pytest

from reconciler.render.console import say_command


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_command_to_copy_is_not_broken_in_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    command = "  gwe plan -f bundled --server embedded:gwe.db --app Web_Engagement_Server"
    say_command(command)
    assert terminal.getvalue() == command + "\n"
