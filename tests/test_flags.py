"""Options of the command line: each declared once, and built into typed values."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli.common import (
    LockFlags,
    ManifestFlags,
    OverwriteFlags,
    RunFlags,
    SiteFlags,
    StateFlags,
)
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import FlagGroup, flag, from_environment, given_options, with_flags
from reconciler.cli.main import COMMANDS, gwe
from reconciler.render.forms import COMPARISON_FORMS, FORMS

OWN_MEANING = {
    "embedded": "what it listens with, and what it shows",
    "validate": "its --quiet prints nothing at all",
}
"""Commands whose options may be called like those of others."""


class Sample(FlagGroup):
    """A group."""

    name: str = flag("--name", default="", help="A name.")
    many: tuple[int, ...] = flag("-m", "--many", multiple=True, type=int)
    on: bool = flag("--on", is_flag=True)
    wait: float = flag("--wait", envvar="GWE_SAMPLE_WAIT", type=float, default=1.5)


class Other(FlagGroup):
    """Another group."""

    path: Path | None = flag("--path", type=click.Path(path_type=Path))


class Both(Sample, Other):
    """A group with the options of two."""


def _run(*arguments: str) -> list[object]:
    seen: list[object] = []

    @click.command
    @click.argument("word")
    @with_flags
    @click.option("--plain", is_flag=True)
    def command(word: str, other: Other, sample: Sample, plain: bool) -> int:
        seen.extend((word, other, sample, plain))
        return 3

    assert command.main(list(arguments), standalone_mode=False) == 3
    return seen


def test_a_command_gets_its_options_as_values_of_their_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _run("w") == ["w", Other(), Sample(), False]
    arguments = ("w", "-m", "1", "--many", "2", "--on", "--path", "a/b", "--plain")
    assert _run(*arguments) == ["w", Other(path=Path("a/b")), Sample(many=(1, 2), on=True), True]
    monkeypatch.setenv("GWE_SAMPLE_WAIT", "4")
    assert _run("w", "--name", "n") == ["w", Other(), Sample(name="n", wait=4.0), False]


def test_a_group_without_a_command_line_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert from_environment(RunFlags) == RunFlags()
    monkeypatch.setenv("GWE_LOCK_TIMEOUT", "50")
    monkeypatch.setenv("GWE_STATE_DIR", "kept")
    assert from_environment(RunFlags) == RunFlags(lock_timeout=50.0, state_dir=Path("kept"))
    monkeypatch.setenv("GWE_LOCK_TIMEOUT", "soon")
    with pytest.raises(click.BadParameter, match="'soon' is not a valid"):
        from_environment(LockFlags)


def test_a_group_of_two_bases_has_the_options_of_both_and_does_not_change() -> None:
    group = Both(name="n", path=Path("p"))
    assert list(Both.options) == ["path", "name", "many", "on", "wait"]
    assert repr(group) == (f"Both(path={Path('p')!r}, name='n', many=(), on=False, wait=1.5)")
    assert group == Both(path=Path("p"), name="n")
    assert group != Both(name="n")
    assert Sample() != Other()
    assert {group: 1}[Both(path=Path("p"), name="n")] == 1
    with pytest.raises(AttributeError, match="name cannot be set"):
        group.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError, match="Both has no option nme"):
        Both(nme="n")  # type: ignore[call-arg]


def test_the_options_that_were_given_are_named_as_they_are_written() -> None:
    assert list(given_options(SiteFlags())) == []
    assert list(given_options(SiteFlags(app="a", cluster="c"))) == ["--app", "--cluster"]
    assert list(given_options(OverwriteFlags(overwrite_only=("x",)))) == ["--overwrite-only"]
    assert list(given_options(ManifestFlags(vars=(Path("v"),)))) == ["--vars"]


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, also those of groups, with the top command that it belongs to."""

    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        yield name, command
        if isinstance(command, click.Group):
            for below in command.commands.values():
                yield from walk(name, below)

    for name in COMMANDS:
        command = gwe.get_command(click.Context(gwe), name)
        assert command is not None
        yield from walk(name, command)


def _options() -> Iterator[tuple[str, click.Option]]:
    """Every option of every command, with the top command that has it."""
    for name, command in _commands():
        for option in command.params:
            if isinstance(option, click.Option):
                yield name, option


def test_every_command_that_takes_a_server_takes_all_options_of_site_connection_and_state() -> None:
    groups = (SiteFlags, ConnectionFlags, StateFlags)
    string = {name for group in groups for name in group.options}
    incomplete = {}
    for name, command in _commands():
        taken = {one.name for one in command.params}
        if "server" in taken and not string <= taken:
            incomplete[f"{name} {command.name}"] = sorted(string - taken)
    assert incomplete == {}


def test_an_option_of_several_commands_is_the_same_in_all_of_them() -> None:
    found = defaultdict(set)
    for name, option in _options():
        if name not in OWN_MEANING:
            words = (option.help, str(option.type), option.envvar, str(option.default))
            found[max(option.opts, key=len)].add(words)
    # What each command forces, writes, prints or lists.
    own = {"--force", "--out", "--dir", "--format", "--verbose"}
    several = {name: words for name, words in found.items() if len(words) > 1 and name not in own}
    assert several == {}
    assert {"--server", "--lock-timeout", "--state-dir", "--format"} <= {*found}


def test_the_choices_of_format_are_the_forms_of_output() -> None:
    found = {
        command: tuple(option.type.choices)
        for command, option in _options()
        if option.name == "format" and isinstance(option.type, click.Choice)
    }
    assert found == {
        **dict.fromkeys(("plan", "show", "runs"), tuple(FORMS)),
        "compare": tuple(COMPARISON_FORMS),
        "drift": (*FORMS, "junit"),
        "validate": ("text", "json", "junit", "sarif"),
        "graph": ("text", "mermaid", "dot", "svg", "json"),
        **dict.fromkeys(("accept", "adopt", "apply", "destroy", "doctor"), ("text", "json")),
        **dict.fromkeys(("explain", "export", "lock", "recover", "undo"), ("text", "json")),
    }
