"""YAML is read strictly: characters are kept, places are right, the rest is refused."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Position
from reconciler.yaml import strict as strict_yaml
from reconciler.yaml.documents import YamlDocument, as_text
from reconciler.yaml.strict import load_file, load_text


def read(text: str) -> list[YamlDocument]:
    """The documents of a text that has no problem."""
    problems: list[Diagnostic] = []
    documents = load_text(text, "f.yaml", problems)
    assert problems == []
    return documents


def value_of(text: str) -> object:
    """The one document of a text that has no problem."""
    (document,) = read(text)
    return document.data


def problems_of(text: str) -> list[Diagnostic]:
    problems: list[Diagnostic] = []
    load_text(text, "f.yaml", problems)
    return problems


def only_problem(text: str) -> Diagnostic:
    problems = problems_of(text)
    assert len(problems) == 1, problems
    return problems[0]


# Scalars


@pytest.mark.parametrize(
    "written",
    [
        *("0123", "+49891234", "22:30", "on", "off", "yes", "no", "y", "1_000", "1.50", "1e3"),
        *("True", "TRUE", "False", "FALSE", "0x1F", "0o17", "0b1", "-0", "+1", "00", "-01"),
        *(".inf", ".nan", "2024-01-01", "2024-01-01 10:00:00", "=", "12345678901234567890123"),
        *("script:Webengagement_Chat.Routing", "a b  c", "http://host:9081/x#y", "ä€😀"),
    ],
)
def test_a_plain_scalar_keeps_the_characters_that_were_written(written: str) -> None:
    assert value_of(f"key: {written}\n") == {"key": written}


@pytest.mark.parametrize(
    ("written", "value"),
    [("true", True), ("false", False), ("0", 0), ("7", 7), ("-12", -12), ("101", 101)],
)
def test_flags_and_canonical_integers_are_values_of_their_own(
    written: str, value: bool | int
) -> None:
    data = value_of(f"key: {written}\n")
    assert isinstance(data, dict)
    assert data["key"] == value
    assert type(data["key"]) is type(value)
    assert as_text(data["key"]) == written


def test_the_word_null_is_the_absent_value() -> None:
    assert value_of("key: null\n") == {"key": None}


@pytest.mark.parametrize("written", ["true", "null", "12", "0123", "~", "", "on", "<<", "a: b"])
def test_a_quoted_scalar_is_always_a_text(written: str) -> None:
    assert value_of(f"a: '{written}'\nb: \"{written}\"\n") == {"a": written, "b": written}


@pytest.mark.parametrize("written", ["~", "Null", "NULL"])
def test_other_spellings_of_null_are_refused(written: str) -> None:
    problem = only_problem(f"a: 1\nkey: {written}\n")
    assert str(problem.position) == "f.yaml:2:6"
    assert problem.summary == f"{written} is not allowed"
    assert problem.hint == (
        "Write the value. An option that must be absent is null, and an empty text is ''."
    )


def test_a_key_without_a_value_is_refused() -> None:
    problem = only_problem("section:\n  option:\n  other: 1\n")
    assert str(problem.position) == "f.yaml:2:10"
    assert problem.summary == "the value is missing"
    assert problem.hint == (
        "Write the value. An option that must be absent is null, and an empty text is ''."
    )


def test_an_empty_list_item_is_refused() -> None:
    assert str(only_problem("a:\n  - x\n  -\n").position) == "f.yaml:3:4"


def test_block_scalars_keep_their_lines() -> None:
    assert value_of("a: |\n  x\n   y\nb: >-\n  p\n  q\n") == {"a": "x\n y\n", "b": "p q"}


def test_keys_are_texts_however_they_look() -> None:
    assert value_of("1: a\ntrue: b\nnull: c\n0123: d\non: e\n'': f\n") == {
        "1": "a",
        "true": "b",
        "null": "c",
        "0123": "d",
        "on": "e",
        "": "f",
    }


@pytest.mark.parametrize("tag", ["!!str", "!!int", "!!binary", "!own", "!!python/name:os.system"])
def test_a_tag_is_refused(tag: str) -> None:
    problem = only_problem(f"a: 1\nkey: {tag} text\n")
    assert str(problem.position) == "f.yaml:2:6"
    assert problem.summary == "tags (!) are not supported"


@pytest.mark.parametrize("start", ["*", "!", "!x!"])
def test_a_password_that_lacks_its_quotes_is_not_repeated(start: str) -> None:
    problems = problems_of(f"password: {start}hunter2\n")
    assert "hunter2" not in repr(problems)
    assert "in quotes" in problems[0].hint


def test_a_tagged_null_does_not_silently_mean_absent() -> None:
    assert problems_of("key: !!str null\n") != []


def test_a_tag_on_a_mapping_and_on_a_list_is_refused() -> None:
    problems = problems_of("a: !!omap {b: c}\nd: !!set [e]\n")
    assert [str(p.position) for p in problems] == ["f.yaml:1:4", "f.yaml:2:4"]


# Keys


def test_a_duplicate_key_is_refused_with_both_places() -> None:
    problem = only_problem("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert str(problem.position) == "f.yaml:5:3"
    assert problem.summary == "duplicate key 'c', first at f.yaml:3:3"


@pytest.mark.parametrize("text", ["{a: 1, a: 2}", '{"a": 1, a: 2}', "{a: 1, 'a': 2}"])
def test_quotes_and_flow_style_hide_no_duplicate_key(text: str) -> None:
    problem = only_problem(text)
    assert str(problem.position).startswith("f.yaml:1:")
    assert "duplicate key 'a', first at f.yaml:1:2" in problem.summary


def test_each_repetition_of_a_key_is_reported() -> None:
    problems = problems_of("a: 1\na: 2\na: 3\n")
    assert [str(p.position) for p in problems] == ["f.yaml:2:1", "f.yaml:3:1"]


def test_keys_that_differ_in_case_are_different() -> None:
    assert value_of("a: 1\nA: 2\n") == {"a": 1, "A": 2}


def test_a_merge_key_is_refused() -> None:
    problem = only_problem("a: &a {x: 1}\nb:\n  <<: *a\n")
    assert str(problem.position) == "f.yaml:3:3"
    assert "merge keys" in problem.summary


@pytest.mark.parametrize("text", ["? [a, b]\n: c\n", "{{a: b}: c}\n"])
def test_a_key_that_is_no_text_is_refused(text: str) -> None:
    assert only_problem(text).summary == "a key must be a string"


# Aliases and depth


def test_an_alias_stands_for_its_value() -> None:
    text = "a: &x {k: v}\nb: *x\nc: [*x, *x]\n"
    assert value_of(text) == {"a": {"k": "v"}, "b": {"k": "v"}, "c": [{"k": "v"}, {"k": "v"}]}


def test_an_unknown_alias_is_refused_at_its_place() -> None:
    problem = only_problem("a: 1\nb: *nope\n")
    assert str(problem.position) == "f.yaml:2:4"
    assert problem.summary == "undefined alias: no anchor of this name comes before it"
    assert problem.hint == "Put a text that begins with * in quotes."


def test_an_alias_finds_no_anchor_of_another_document() -> None:
    problem = only_problem("a: &x 1\n---\nb: *x\n")
    assert str(problem.position) == "f.yaml:3:4"


def test_a_duplicate_anchor_is_refused_with_both_places() -> None:
    problem = only_problem("a: &x 1\nb: &y {c: &x 2}\n")
    assert str(problem.position) == "f.yaml:2:11"
    assert problem.summary == "duplicate anchor, first at f.yaml:1:4"
    assert problem.hint == "Put a text that begins with & in quotes."


def _bomb(levels: int) -> str:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        inner = ", ".join([f"*l{level - 1}"] * 10)
        lines.append(f"l{level}: &l{level} [{inner}]")
    return "\n".join(lines) + "\n"


def test_aliases_that_multiply_are_stopped() -> None:
    problem = only_problem(_bomb(9))
    assert problem.summary == "aliases expand to more than 10,000 values"


def test_what_aliases_stand_for_has_the_places_of_the_anchored_value() -> None:
    (document,) = read("a: &x {k: [v]}\nb: *x\nc: [*x]\n? &k d\n: e\nf: {*k : g}\n")
    assert document.data["f"] == {"d": "g"}
    assert str(document.at(("b", "k"))) == "f.yaml:1:8"
    assert str(document.at(("c", "0"))) == "f.yaml:1:4"
    assert str(document.at(("f", "d"))) == "f.yaml:4:3"


def test_a_mistake_is_one_problem_however_many_aliases_lead_to_it() -> None:
    assert str(only_problem("a: &x {k: ~}\nb: [*x, *x]\n").position) == "f.yaml:1:11"


def _list_of(count: int) -> str:
    return f"[{'v, ' * count}]"


@pytest.mark.parametrize(
    "text",
    [
        f"a: {_list_of(49_998)}\n",
        f"a: &x {_list_of(6_000)}\nb: *x\nc: {_list_of(37_994)}\n",
        f"? {_list_of(50_000)}\n: a\n",
        f"a: 1\na: {_list_of(50_000)}\n",
    ],
    ids=["written", "through an alias", "in a key", "of a duplicate key"],
)
def test_a_file_of_too_many_values_is_refused(text: str) -> None:
    assert only_problem(text).summary == "the file has more than 50,000 keys and values"


def test_a_file_of_fifty_thousand_keys_and_values_is_read() -> None:
    assert read(f"a: {_list_of(49_997)}\n")
    assert read(f"a: &x {_list_of(6_000)}\nb: *x\nc: {_list_of(37_992)}\n")


def test_a_hundred_aliased_values_are_allowed() -> None:
    assert value_of(_bomb(2)) == {"l0": ["x"] * 10, "l1": [["x"] * 10] * 10}


@pytest.mark.parametrize(
    "text", ["a: &x [*x]\n", "a: &x {b: *x}\n", "a: &x [*x, *x]\n", "a: &x {b: [*x], c: [*x]}\n"]
)
def test_an_alias_inside_itself_is_one_problem(text: str) -> None:
    assert str(only_problem(text).position) == "f.yaml:1:4"


def test_an_alias_inside_itself_is_named_as_such() -> None:
    assert "itself" in only_problem("a: &x [*x]\n").summary


def test_fifty_levels_are_read_and_more_are_refused() -> None:
    assert read("[" * 50 + "]" * 50)
    problem = only_problem("[" * 53 + "]" * 53)
    assert problem.summary == "nested deeper than 50 levels"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000 + "x\n",
        "".join(f"{' ' * level}a:\n" for level in range(2000)) + " " * 2000 + "a: 1\n",
    ],
    ids=["lists", "mappings", "block lists", "block mappings"],
)
def test_nesting_without_end_is_refused_and_breaks_nothing(text: str) -> None:
    assert "nest" in only_problem(text).summary


# Files and documents


def test_a_file_may_hold_several_documents_and_empty_ones_are_passed_over() -> None:
    documents = read("a: 1\n---\n---\n# nothing\n---\nb: 2\n...\n")
    assert [one.data for one in documents] == [{"a": 1}, {"b": 2}]
    assert [str(one.position) for one in documents] == ["f.yaml:1:1", "f.yaml:6:1"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n"])
def test_a_text_without_content_has_no_documents(text: str) -> None:
    assert read(text) == []


def test_a_problem_in_one_document_leaves_the_documents_before_it() -> None:
    problems: list[Diagnostic] = []
    documents = load_text("a: 1\n---\nb: [\n", "f.yaml", problems)
    assert [one.data for one in documents] == [{"a": 1}]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a:\n\tb: 1\n", "f.yaml:2:1"),
        ("a:\n  b: 1\n\tc: 1\n", "f.yaml:3:1"),
        ("a:\n  b:\n  \tc: 1\n", "f.yaml:3:3"),
    ],
)
def test_a_tab_that_indents_is_named(text: str, place: str) -> None:
    problem = only_problem(text)
    assert str(problem.position) == place
    assert problem.summary == "tabs are not allowed as indentation"
    assert problem.hint == "Indent with spaces."


def test_a_conflict_that_a_merge_has_marked_is_named() -> None:
    problem = only_problem("a: 1\n<<<<<<< yours\nb: 1\n=======\nb: 2\n>>>>>>> gwe 1.0\n")
    assert str(problem.position) == "f.yaml:2:1"
    assert problem.summary == "a merge has left a conflict here"
    assert problem.hint == (
        "Of the text between <<<<<<< and >>>>>>>, keep what is right; then delete these marks."
    )


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("<<<<<<< a\n=======\n>>>>>>> b\nc: 1\n<<<<<<< a\n||||||| o\n=======\n>>>>>>> b\n", [1, 5]),
        ('a: "x\n<<<<<<< yours\ny"\n', [2]),  # valid YAML, and never meant
        ("a: 1\n=======\nb: 2\n>>>>>>> gwe 1.0\n", [2, 4]),
        ("a: 1\r\n<<<<<<<\r\nb: 2\r\n", [2]),
    ],
)
def test_every_conflict_and_every_mark_that_was_left_is_named(text: str, places: list[int]) -> None:
    problems: list[Diagnostic] = []
    assert load_text(text, "f.yaml", problems) == []
    assert [one.position for one in problems] == [Position("f.yaml", line, 1) for line in places]


def test_what_only_looks_like_the_mark_of_a_conflict_is_text() -> None:
    text = "# =======\na: |\n  =======\n  <<<<<<< no\nb: <<<<<<< no\n"
    assert value_of(text) == {"a": "=======\n<<<<<<< no\n", "b": "<<<<<<< no"}


def test_a_tab_inside_a_value_is_kept() -> None:
    assert value_of('a: "x\ty"\nb: x\ty\n') == {"a": "x\ty", "b": "x\ty"}


def test_a_tab_inside_a_value_is_not_blamed_for_another_mistake() -> None:
    problem = only_problem("a: x\ty: z\n")
    assert str(problem.position) == "f.yaml:1:7"
    assert "tab" not in problem.summary


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: c: d\n", "f.yaml:2:5"),
        ("a: 1\nb: [1, 2\n", "f.yaml:3:1"),
        ('a: 1\nb: "x\n', "f.yaml:3:1"),
        ("a: 1\n  b: 2\n", "f.yaml:2:4"),
        ("a: @x\n", "f.yaml:1:4"),
    ],
)
def test_a_mistake_in_the_syntax_has_its_place(text: str, place: str) -> None:
    problem = only_problem(text)
    assert str(problem.position) == place
    assert problem.summary.startswith("not valid YAML: ")


def test_a_mistake_in_the_syntax_says_first_what_is_wrong() -> None:
    assert only_problem("kind: [a\nb: }\n").summary == (
        "not valid YAML: did not find expected ',' or ']', while parsing a flow sequence"
    )


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ("a: 1\nb: \x07\n", 2, "#x0007"),
        ("a: 1\nb: 2\nc: '\x00'\n", 3, "#x0000"),
        ("a: \x1b[31m\n", 1, "#x001b"),
        # Characters before it take several bytes: lines are not counted in bytes.
        ("ä: öööööööö\nb: \x07\nc: 1\nd: 2\n", 2, "#x0007"),
        ("# 😀😀😀😀😀😀😀😀\na: \x07\nb: 1\nc: 2\nd: 3\n", 2, "#x0007"),
    ],
    ids=["bell", "nul", "escape", "after umlauts", "after emoji"],
)
def test_a_control_character_is_refused_with_its_line(text: str, line: int, name: str) -> None:
    problem = only_problem(text)
    assert problem.position is not None
    assert (problem.position.file, problem.position.line) == ("f.yaml", line)
    assert f"the character {name} is not allowed" in problem.summary
    found = text.split("\n")[line - 1][problem.position.column - 1]
    assert found == chr(int(name[2:], 16))


def test_line_ends_of_windows_are_line_ends() -> None:
    problem = only_problem("a: 1\r\nb: 2\r\nb: 3\r\n")
    assert str(problem.position) == "f.yaml:3:1"
    assert value_of("a: x\r\nb: y\r\n") == {"a": "x", "b": "y"}


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_a_rare_line_separator_in_quotes_is_kept_or_refused_but_never_changed(
    character: str,
) -> None:
    problems: list[Diagnostic] = []
    documents = load_text(f'a: "x{character}y"\n', "f.yaml", problems)
    assert problems or documents[0].data == {"a": f"x{character}y"}


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfkey: value\nkey: 2\n")
    problems: list[Diagnostic] = []
    (document,) = load_file(path, "f.yaml", problems)
    assert document.data == {"key": "value"}
    assert [str(p.position) for p in problems] == ["f.yaml:2:1"]


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes("a: 1\nb: ü\n".encode("latin-1"))
    problems: list[Diagnostic] = []
    assert load_file(path, "f.yaml", problems) == []
    assert [str(p) for p in problems] == [
        "f.yaml:2:4: cannot be read: it is not UTF-8\n  Save it as UTF-8."
    ]


def test_a_file_in_utf_16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes("a: 1\n".encode("utf-16"))
    problems: list[Diagnostic] = []
    assert load_file(path, "f.yaml", problems) == []
    assert [p.summary for p in problems] == ["cannot be read: it is UTF-16, not UTF-8"]


def test_a_file_over_10_mib_is_refused_and_one_of_10_mib_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    limit = 10 * 1024 * 1024
    path.write_bytes(b"a: 1\n#" + b"x" * (limit - 7) + b"\n")
    problems: list[Diagnostic] = []
    assert [one.data for one in load_file(path, "f.yaml", problems)] == [{"a": 1}]
    assert problems == []
    with path.open("ab") as file:
        file.write(b"\n")
    assert load_file(path, "f.yaml", problems) == []
    assert [str(p) for p in problems] == [
        "f.yaml: cannot be read: it is larger than 10 MiB\n  Is it the right file?"
    ]


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    problems: list[Diagnostic] = []
    assert load_file(tmp_path / "none.yaml", "none.yaml", problems) == []
    assert [str(p) for p in problems] == [
        "none.yaml: cannot be read: No such file or directory\n"
        f"  Check the name: there is no {tmp_path}/none.yaml."
    ]


def test_all_problems_of_a_document_are_reported() -> None:
    text = "a: ~\nb:\nc: !x y\na: 1\n? [d]\n: e\n"
    problems = problems_of(text)
    assert [str(p.position) for p in problems] == [
        "f.yaml:1:4",
        "f.yaml:2:3",
        "f.yaml:3:4",
        "f.yaml:4:1",
        "f.yaml:5:3",
    ]


# Places


def test_a_value_in_a_mapping_stands_where_its_key_stands() -> None:
    (document,) = read("spec:\n  annex:\n    Orchestration: {application: x, other: y}\n")
    assert str(document.at(("spec",))) == "f.yaml:1:1"
    assert str(document.at(("spec", "annex", "Orchestration"))) == "f.yaml:3:5"
    assert str(document.at(("spec", "annex", "Orchestration", "application"))) == "f.yaml:3:21"
    assert str(document.at(("spec", "annex", "Orchestration", "other"))) == "f.yaml:3:37"


def test_a_list_item_has_its_own_place() -> None:
    (document,) = read("agents:\n  - one\n  - two\n")
    assert str(document.at(("agents", "1"))) == "f.yaml:3:5"


def test_a_path_without_a_place_has_that_of_its_nearest_ancestor() -> None:
    (document,) = read("---\nspec:\n  annex: {}\n")
    assert str(document.at(("spec", "annex", "no", "such"))) == "f.yaml:3:3"
    assert str(document.at(("policy",))) == "f.yaml:2:1"


def test_columns_count_characters_not_bytes() -> None:
    (document,) = read("{ü: 1, 😀: 2, last: 3}\n")
    assert str(document.at(("last",))) == "f.yaml:1:14"


# Properties

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_PRINTABLE = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
    )
)
_NUMERALS = st.from_regex(r"[+-]?[0-9]([0-9_:.eEx+-]{0,12}[0-9])?", fullmatch=True)


def double_quoted(text: str) -> str:
    """A text in double quotes, with everything escaped that is not plain ASCII."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\U{ord(character):08X}"


@given(_TEXTS)
def test_any_text_in_double_quotes_comes_back_identical(text: str) -> None:
    assert value_of(f"option: {double_quoted(text)}\n") == {"option": text}


@given(_PRINTABLE)
def test_any_printable_text_in_single_quotes_comes_back_identical(text: str) -> None:
    quoted = text.replace("'", "''")
    assert value_of(f"option: '{quoted}'\n") == {"option": text}


@given(_NUMERALS)
def test_whatever_looks_like_a_number_keeps_its_characters(written: str) -> None:
    data = value_of(f"option: {written}\n")
    assert isinstance(data, dict)
    assert as_text(data["option"]) == written


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 6), _PRINTABLE, st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_places_point_at_the_line_and_column_of_every_key(
    entries: list[tuple[int, int, str, bool]],
) -> None:
    lines: list[str] = []
    expected: dict[tuple[str, ...], str] = {}
    for number, (blanks, indent, text, comment) in enumerate(entries):
        lines += ["# ü 😀" if comment else ""] * blanks
        lines.append(f"section{number}:")
        expected[(f"section{number}",)] = f"f.yaml:{len(lines)}:1"
        quoted = text.replace("'", "''")
        lines.append(f"{' ' * (indent + 1)}option: '{quoted}'")
        expected[(f"section{number}", "option")] = f"f.yaml:{len(lines)}:{indent + 2}"
    (document,) = read("\n".join(lines) + "\n")
    assert {path: str(document.at(path)) for path in expected} == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [("?", "f.yaml:1:1"), ("- ?", "f.yaml:1:3"), ("? a", "f.yaml:1:3"), ("a:\n", "f.yaml:1:3")],
)
def test_what_is_empty_is_reported_at_what_it_belongs_to(text: str, place: str) -> None:
    problems: list[Diagnostic] = []
    load_text(text, "f.yaml", problems)
    assert [str(problem.position) for problem in problems] == [place]


@given(_TEXTS)
def test_no_text_makes_the_loader_fail_and_every_problem_has_a_place(text: str) -> None:
    problems: list[Diagnostic] = []
    load_text(text, "f.yaml", problems)
    lines = 1 + sum(text.count(end) for end in "\n\r\x85\u2028\u2029")
    assert all(p.position is not None and 1 <= p.position.line <= lines for p in problems)


class Counted:
    """A pattern for line breaks, and how often it went through a text."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.passes = 0

    def __getattr__(self, name: str) -> Any:
        self.passes += 1
        return getattr(self._pattern, name)


class Unsearched(list[Diagnostic]):
    """A list of problems in which nobody looks for one."""

    def __contains__(self, problem: object) -> bool:
        raise AssertionError("searched for every mistake")


@pytest.mark.parametrize("lines", [2, 2_000])
def test_a_file_full_of_mistakes_is_gone_through_once(
    lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is not split, nor the list of problems searched, for every mistake."""
    breaks = Counted(strict_yaml._BREAK)  # nobody else sees how often a text is split
    monkeypatch.setattr(strict_yaml, "_BREAK", breaks)
    problems = Unsearched()
    load_text("".join(f"k{line}:\n" for line in range(lines)), "f.yaml", problems)
    assert len(problems) == lines
    assert breaks.passes == 0
