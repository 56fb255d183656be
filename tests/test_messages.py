"""Every message of the program stands in the reference, with what to do about it."""

import ast
from collections.abc import Iterator

import pytest

from reconciler.errors import ReconcilerError
from scripts.reference.messages.collect import subclasses
from scripts.reference.messages.source import Module, modules
from scripts.reference.messages.texts import Scope, texts_of
from tests.pages import ROOT

# What the program raises


PAGE = (ROOT / "docs" / "reference" / "messages.md").read_text(encoding="utf-8")
"""As ``make reference`` writes it, which another test holds it to."""


def _words(message: ast.expr) -> list[str]:
    """The words of a message between what the program puts into it."""
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    return [one.value.strip() for one in parts if isinstance(one, ast.Constant)]


def _raised() -> Iterator[tuple[str, ast.expr]]:
    """Place and message of each error that is raised where its words stand."""
    names = {one.__name__ for one in subclasses(ReconcilerError)}
    for module in modules().values():
        for one in ast.walk(module.tree):
            match one:
                case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[message, *_])) if (
                    name in names and isinstance(message, ast.Constant | ast.JoinedStr)
                ):
                    yield f"{module.name}:{one.lineno}", message


def test_every_error_that_is_raised_stands_on_the_page() -> None:
    found = list(_raised())
    assert len(found) > 150
    assert [
        place for place, message in found if not all(word in PAGE for word in _words(message))
    ] == []


def test_every_problem_of_a_file_stands_on_the_page() -> None:
    found = [
        (f"{module.name}:{call.lineno}", call.args[0])
        for module in modules().values()
        for _, call in module.calls.get("Diagnostic", ())
        if call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert len(found) > 40
    assert [
        place for place, message in found if not all(word in PAGE for word in _words(message))
    ] == []


def test_every_section_says_what_it_means_and_what_to_do() -> None:
    found = PAGE.split("\n## ")[1:]
    assert len(found) > 30
    for section in found:
        _, meaning, rows, *rest = section.strip().split("\n\n")
        assert (meaning.strip().endswith("."), rest) == (True, []), section
        bare = [row for row in rows.splitlines()[2:] if row.endswith("|  |")]
        assert not bare or "Where the table says what to do, do that instead." in meaning, section


@pytest.mark.parametrize(
    "line",
    [
        # Raised where its words stand, and made by a function that another function raises.
        "| `--dir can be used only with --write` | Add `--write`. |",
        "| `the lock is held by … on … since …, run …` | Wait with `--lock-timeout SECONDS`",
        # Passed on through a method of another class.
        "| `undefined variable ${var.…}…` | Known: … and others.",
        # A reason of a blocked action, a notice, the outcome of an action, a check of gwe doctor.
        "| `it refers to …, which is blocked` |",
        "| `…: … takes effect after a restart.` |",
        "| `the server reported no error and left unchanged: …` | Declare the value as the server",
        "| `no tenant … can be read` | Grant the account Read on the tenant and on Environment. |",
        # An answer of Configuration Server, with its number and meaning, as it is shown.
        "| `the permission to … is missing (NoPermission, error 9: the account lacks a permission"
        " on the object or its folder)` | Grant the account the permission, or use another",
    ],
)
def test_a_message_is_found_wherever_it_comes_from(line: str) -> None:
    assert f"\n{line}" in PAGE


# How an expression is read

SOURCE = """
NAME = "a constant"

def kind(one: object) -> str:
    return "of one kind" if one else f"of kind {one}"

def report(path: str, number: int) -> None:
    hint = ""
    if number:
        hint = "first"
        use(hint)
    hint = "second"
    hint += f", {number} times"
    if path:
        text = f"{path} is {NAME} {kind(path)}"
    else:
        text = "nothing"
    use(text + hint)
"""


def test_an_expression_says_what_may_stand_in_it_at_its_line() -> None:
    module = Module("made.up", SOURCE)
    function = module.functions["report"]
    first, last = (call.args[0] for _, call in module.calls["use"])
    scope = Scope(module, function, first.lineno)
    assert texts_of(first, scope) == ["first"]
    assert texts_of(last, Scope(module, function, last.lineno)) == [
        "\0path\0 is a constant of one kindsecond, \0number\0 times",
        "\0path\0 is a constant of kind …second, \0number\0 times",
        "nothingsecond, \0number\0 times",
    ]


def test_the_refusal_of_a_stale_plan_stands_below_its_exit_code() -> None:
    (section,) = (one for one in PAGE.split("\n## ") if "\n`StalePlanError`, exit code 4." in one)
    assert "| `this plan was applied already: the server has all that it would write` |" in section
    assert "| `the plan has the id …, and … was expected` |" in section
