"""A change is never shown as no change: on a terminal, in a file, narrow and wide."""

import ast
import json
import re
import unicodedata
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from reconciler.diagnostics import Position
from reconciler.kinds.fields import SecretText, Value
from reconciler.plan.actions import Subject, Update
from reconciler.plan.changes import Change
from reconciler.render.plan_text import PlanText
from tests.harness import gwe, plan_arguments, site_server
from tests.terminals import InTerminal

LONG = "0123456789 abcdefghi," * 190
URL = "http://gwe01.example.com:8080/server/resources/_composer-projects/Site/IPD_default.scxml"
PAIRS = {
    "blank at the end": ("x", "x "),
    "blank at the beginning": ("x", " x"),
    "blank inside": ("a b", "a  b"),
    "no-break space": ("a b", "a\u00a0b"),
    "tab": ("a b", "a\tb"),
    "line feed": ("a b", "a\nb"),
    "port": (URL, URL.replace("8080", "9081")),
    "end of an address": (URL, URL.replace(".scxml", ".scxmI")),
    "beginning of an address": (URL, URL.replace("http:", "https:")),
    "case": ("Webengagement_Qualified_Routing", "Webengagement_Qualified_routing"),
    "zero-width space": ("ab", "a\u200bb"),
    "soft hyphen": ("ab", "a\u00adb"),
    "text direction": ("ab", "a\u202eb"),
    "byte order mark": ("ab", "\ufeffab"),
    "composed": ("caf\u00e9", "cafe\u0301"),
    "another alphabet": ("Chat", "\u0421hat"),
    "dash": ("a-b", "a\u2013b"),
    "full width": ("A1", "\uff211"),
    "emptied": ("x", ""),
    "long, at the beginning": (LONG, "9" + LONG[1:]),
    "long, in the middle": (LONG, f"{LONG[:2000]}!{LONG[2001:]}"),
    "long, one more": (LONG, f"{LONG[:1999]} {LONG[1999:]}"),
    "long, at the end": (LONG, f"{LONG}!"),
}
ALIKE = str.maketrans("\u0421\u2013\u00a0", "C- ")
"""What a person takes for something else -> for what."""
WIDTHS = (40, 80, 200)


def look(text: str) -> str:
    """What the eye sees of a text."""
    seen = unicodedata.normalize("NFKC", text).translate(ALIKE)
    return "".join(c for c in seen if unicodedata.category(c) not in ("Cf", "Cc")).strip()


def sides(lines: list[str], label: str) -> tuple[str, str]:
    """Both values of a change, as the lines of a plan show them."""
    first = next(i for i, line in enumerate(lines) if line.strip().startswith(f"{label}:"))
    rest = re.sub(r"\s+\S*m\.yaml:\d+$", "", lines[first]).strip().removeprefix(f"{label}:")
    if rest:
        before, after = rest[1:].split(" -> ")
        return before, after
    shown = {"-": "", "+": ""}
    sign = ""
    for line in lines[first + 1 :]:
        if not line.startswith(" " * 8):
            if re.fullmatch(r"\s*m\.yaml:\d+", line):
                continue
            break
        if re.fullmatch(r" *\^+", line):
            continue
        if line[8] not in " -+" and " -> " in line:
            before, after = line[8:].split(" -> ")
            return before, after
        sign = line[8] if line[8] in "-+" else sign
        shown[sign] += line[10:]
    return shown["-"], shown["+"]


def meaning(shown: str) -> str:
    """The value that is shown, where it is whole."""
    if not shown.startswith('"'):
        return shown
    value: str = ast.literal_eval(shown)
    return value


def plan_lines(
    before: Value | None, after: Value | None, *, width: int, terminal: bool, verbose: bool = False
) -> list[str]:
    """The lines of a plan with this change alone, without colour."""
    change = Change(("annex", "s", "x"), before, after, Position("m.yaml", 3))
    action = Update(Subject("AgentGroup/G", "AgentGroup", name="G"), changes=(change,))
    stream = StringIO()
    console = Console(
        file=stream, width=width, force_terminal=terminal, color_system=None, legacy_windows=False
    )
    PlanText(console, verbose=verbose).actions([action])
    return stream.getvalue().split("\n")


def ways() -> Iterator[tuple[int, bool, bool]]:
    for width in WIDTHS:
        yield from ((width, terminal, verbose) for terminal in (0, 1) for verbose in (0, 1))


@pytest.mark.parametrize("name", PAIRS)
def test_two_values_that_differ_in_one_character_are_seen_to_differ(name: str) -> None:
    for values in (PAIRS[name], PAIRS[name][::-1]):
        for width, terminal, verbose in ways():
            lines = plan_lines(*values, width=width, terminal=terminal, verbose=verbose)
            before, after = sides(lines, "annex/s/x")
            assert look(before) != look(after), "\n".join(lines)
            assert max(map(cell_len, lines)) <= width
            if verbose or not terminal:
                assert (meaning(before), meaning(after)) == values


@given(
    st.text(st.characters(exclude_characters="^"), max_size=60),
    st.sampled_from([0, 70, 700]),
    st.characters(exclude_characters="^"),
    st.integers(0, 3),
    st.data(),
    st.sampled_from(list(ways())),
)
@example("", 0, "\u0301", 0, None, (40, 1, 0))
def test_random_values_that_differ_in_one_character_are_seen_to_differ(
    text: str,
    padding: int,
    other: str,
    how: int,
    data: st.DataObject | None,
    way: tuple[int, bool, bool],
) -> None:
    before = f"{text[:30]}{'ab c' * padding}{text[30:]}"
    place = data.draw(st.integers(0, len(before))) if data else 0
    after = before[:place] + (other if how else "") + before[place + (how < 2) :]
    if before == after:
        return
    width, terminal, verbose = way
    lines = plan_lines(before, after, width=width, terminal=terminal, verbose=verbose)
    for line in lines:
        assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        assert cell_len(line) <= width
    if " -> " in before + after:
        return  # ``sides`` cannot tell where such a value ends
    one, two = sides(lines, "annex/s/x")
    assert look(one) != look(two), lines
    if verbose or not terminal:
        assert (meaning(one), meaning(two)) == (before, after)


def _manifest(index: int) -> str:
    options = {f"o{i}": pair[index] for i, pair in enumerate(PAIRS.values())}
    return (
        "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: G}\nspec:\n  annex:\n"
        f"    s: {json.dumps(options)}\n"
    )


def test_a_person_sees_every_change_wherever_the_plan_is_read(
    tmp_path: Path, in_terminal: InTerminal
) -> None:
    server = site_server(tmp_path)
    options = plan_arguments(Path(server.name), "-f", "m.yaml")
    (tmp_path / "m.yaml").write_text(_manifest(0), encoding="utf-8")
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 0
    (tmp_path / "m.yaml").write_text(_manifest(1), encoding="utf-8")
    for width in map(str, WIDTHS):
        piped = gwe("plan", *options, cwd=tmp_path, env={"COLUMNS": width}).out
        _, colour = in_terminal("plan", *options, cwd=tmp_path, COLUMNS=width)
        _, plain = in_terminal("plan", *options, cwd=tmp_path, COLUMNS=width, NO_COLOR="1")
        assert "\x1b[3" in colour
        assert "\x1b[3" not in plain
        for out in (piped, re.sub(r"\x1b\[[0-9;]*m", "", colour), plain):
            lines = out.split("\n")
            assert max(map(cell_len, lines)) <= int(width)
            for number, name in enumerate(PAIRS):
                before, after = sides(lines, f"annex/s/o{number}")
                assert look(before) != look(after), name


def test_on_a_terminal_the_common_ends_are_elided_and_the_difference_is_marked() -> None:
    long = f"{'a' * 100}8080{'b' * 100}"
    lines = plan_lines(long, long.replace("8080", "9081"), width=60, terminal=True)
    assert lines[2:7] == [
        "      annex/s/x:                                    m.yaml:3",
        "        - ...aaaaaaaaaaaaaaaaaaa8080bbbbbbbbbbbbbbbbbbb...",
        "                                ^^^^",
        "        + ...aaaaaaaaaaaaaaaaaaa9081bbbbbbbbbbbbbbbbbbb...",
        "                                ^^^^",
    ]


def test_where_a_value_lacks_something_the_place_is_marked() -> None:
    lines = plan_lines(
        "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmopqrstuvwxyz", width=60, terminal=False
    )
    assert lines[3:7] == [
        "        - abcdefghijklmnopqrstuvwxyz",
        "                       ^",
        "        + abcdefghijklmopqrstuvwxyz",
        "                       ^",
    ]


def test_a_difference_of_blanks_is_marked_even_in_a_short_value() -> None:
    lines = plan_lines("a b", "a  b", width=60, terminal=True)
    assert lines[3:7] == ["        - a b", "            ^", "        + a  b", "            ^"]


def test_columns_are_counted_in_cells() -> None:
    lines = plan_lines("東京" * 10 + "都" * 4, "東京" * 10 + "府" * 4, width=60, terminal=False)
    assert lines[3:5] == [
        "        - 東京東京東京東京東京東京東京東京東京東京都都都都",
        "                                                  ^^^^^^^^",
    ]


def test_a_long_new_value_on_a_terminal_says_what_is_left_out() -> None:
    short = plan_lines(None, "x" * 1000, width=80, terminal=True)
    assert short[3:8] == [*["        " + "x" * 72] * 4, "        (712 more characters: --verbose)"]
    whole = plan_lines(None, "x" * 1000, width=80, terminal=True, verbose=True)
    assert sum(line.count("x") for line in whole[3:]) == 1000


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, "(absent)", '"(absent)"'),
        ("(absent)", None, '"(absent)" -> (absent)'),
        ("a -> b", "c", '"a -> b" -> "c"'),
        ('"x"', "x", r'"\"x\"" -> "x"'),
        ("1", 1, '"1" -> 1'),
        (SecretText("a"), SecretText("b"), "(secret) -> (another secret)"),
        (b"a", b"b", "(1 bytes) -> (another 1 bytes)"),
    ],
)
def test_a_value_is_not_taken_for_a_word_of_ours(
    before: Value | None, after: Value | None, shown: str
) -> None:
    lines = plan_lines(before, after, width=80, terminal=False)
    assert re.fullmatch(rf" +annex/s/x: {re.escape(shown)} +m\.yaml:3", lines[2])
