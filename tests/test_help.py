"""Help, suggestions, version and completion: what a person meets before the first plan."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import reconciler
from reconciler.cli.examples import EXAMPLES
from reconciler.cli.help import SECTIONS
from reconciler.cli.main import COMMANDS
from reconciler.cli.main import gwe as cli
from tests.harness import gwe


def _contexts() -> Iterator[click.Context]:
    """A context of every command."""

    def walk(context: click.Context) -> Iterator[click.Context]:
        command = context.command
        for name in command.list_commands(context) if isinstance(command, click.Group) else ():
            assert isinstance(command, click.Group)
            found = command.get_command(context, name)
            assert found is not None
            below = click.Context(found, info_name=name, parent=context)
            yield below
            yield from walk(below)

    yield from walk(click.Context(cli, info_name="gwe"))


def test_a_missing_choice_is_explained_in_one_line(tmp_path: Path) -> None:
    result = gwe("completion", cwd=tmp_path)
    assert result.code == 64
    assert "Choose from: bash, zsh, fish, powershell" in result.err
    assert "\\n" not in result.err


def test_every_command_has_three_examples_and_no_example_has_no_command() -> None:
    assert {context.command_path for context in _contexts()} == {f"gwe {name}" for name in EXAMPLES}
    assert {len(lines) for lines in EXAMPLES.values()} == {3}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_command_line_that_gwe_takes(name: str) -> None:
    for line in EXAMPLES[name]:
        assert len(line) <= 78
        words = shlex.split(line, comments=True)
        if words[0] != "gwe":
            continue  # completion is set up by the shell
        words = words[1 : words.index(">")] if ">" in words else words[1:]
        words = words[: words.index("|")] if "|" in words else words
        _parse(cli, words)


def _parse(command: click.Command, words: list[str]) -> None:
    context = click.Context(command)
    if isinstance(command, click.Group) and words and not words[0].startswith("-"):
        _, found, rest = command.resolve_command(context, words)
        assert found is not None
        _parse(found, rest)
    elif words not in (["--version"], ["-V"], ["--help"]):
        command.make_context("gwe", words)


def test_the_help_of_every_command_stays_within_80_columns() -> None:
    for context in _contexts():
        context.terminal_width = 80
        text = context.command.get_help(context)
        assert [line for line in text.splitlines() if len(line) > 80] == []


def test_help_shows_what_is_used_daily_first_and_the_connection_last(tmp_path: Path) -> None:
    text = gwe("plan", "--help", cwd=tmp_path).out
    titles = [line for line in text.splitlines() if line.endswith(":") and line[0] != " "]
    assert titles == ["Examples:", "What:", "Where:", "Output:", "Connection:"]
    options = text[text.index("What:") :]
    order = ("--target", "--var ", "--server", "--tenant", "--format", "--psdk")
    assert sorted(order, key=options.index) == list(order)


def test_every_name_in_the_sections_of_help_is_an_option() -> None:
    names = {str(one.name) for context in _contexts() for one in context.command.params}
    assert {name for text in SECTIONS.values() for name in text.split()} - {"help"} <= names


@pytest.mark.parametrize("word", ["pln", "plam"])
def test_a_mistyped_command_is_corrected(tmp_path: Path, word: str) -> None:
    result = gwe(word, cwd=tmp_path)
    assert result.code == 64
    assert f"No such command '{word}'" in result.err
    assert "Did you mean" in result.err
    assert "plan" in result.err


def test_gwe_help_shows_what_the_option_shows(tmp_path: Path) -> None:
    for path in ([], ["plan"], ["runs", "show"], ["embedded", "init"]):
        assert gwe("help", *path, cwd=tmp_path).out == gwe(*path, "--help", cwd=tmp_path).out
    assert "Did you mean" in gwe("help", "pln", cwd=tmp_path).err
    assert gwe("help", "plan", "more", cwd=tmp_path).code == 64


def test_the_version_is_shown_in_three_ways(tmp_path: Path) -> None:
    for arguments in (["-V"], ["--version"], ["version"]):
        result = gwe(*arguments, cwd=tmp_path)
        assert (result.code, result.out) == (0, f"gwe, version {reconciler.__version__}\n")


def test_every_command_stands_in_the_list_with_one_line() -> None:
    text = cli.get_help(click.Context(cli, info_name="gwe", terminal_width=80))
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []
