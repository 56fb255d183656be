"""The examples of docs/python-api.md run, and print what the page says they print."""

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import reconciler
from reconciler import Reconciler
from reconciler.engine.site_session import SiteSession
from tests.harness import gwe

PAGE = Path(__file__).parent.parent / "docs" / "python-api.md"
_BLOCK = re.compile(r"^```(console|yaml|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_page_print_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "example"}
    printed, ran = "", 0
    for kind, body in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        assert kind == "text" or not printed, f"the page does not show: {printed}"
        if kind == "console":
            command, _, expected = body.removeprefix("$ gwe ").partition("\n")
            assert gwe(*shlex.split(command), cwd=tmp_path).out == expected
        elif kind == "yaml":
            # With its first line, so that a copied block has the line numbers of the page.
            name = body.removeprefix("# file: ").partition("\n")[0]
            (tmp_path / name).write_text(body, encoding="utf-8")
        elif kind == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(body, f"{PAGE.name}, example {ran + 1}", "exec"), names)  # noqa: S102
            printed, ran = out.getvalue(), ran + 1
        else:
            assert printed == body
            printed = ""
    assert (printed, ran) == ("", 9)


def test_the_page_names_everything_that_is_public() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in reconciler.__all__ if not re.search(rf"\b{name}\b", text)] == []
    table = text[text.index("| method of `Reconciler`") : text.index("`help(Reconciler.plan)`")]
    named = set(re.findall(r"`(\w+)\(", table))
    offered = {name for name in vars(Reconciler) | vars(SiteSession) if not name.startswith("_")}
    assert named - {"close"} == offered - OF_THE_COMMAND_LINE


OF_THE_COMMAND_LINE = {"planned", "past_runs", "read", "drift_of", "check_none_unfinished"}
"""Methods of a session that the page calls the command line's own."""
