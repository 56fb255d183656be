"""What is written as YAML reads back as it was, and people can read it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.text.yaml import yaml_text
from reconciler.yaml.strict import load_text

_HOSTILE = st.sampled_from(
    [
        *("0123", "on", "yes", "y", "null", "~", "", "1_000", "22:30", "0x1F", "1e3", ".5", "-1"),
        *("2026-11-26", "a: b", "a:", "a #b", "#", "- a", "?", "!tag", "&a", "*a", "%a", "@a"),
        *("a ", " a", "a\tb", "\ta", "a\x85b", "a\u2028b", "a\rb", "a\r\nb", "\n", "a\n", "a\n\n"),
        *("a\n b", " a\nb", "a \nb", "\na", "---", "...", "a\n---\nb", "{", "}", "[", "]", ","),
        *(
            "'",
            '"',
            "\\",
            "''",
            "'\"",
            "\ufeff",
            "\x00",
            "é",
            "名前",
            "😀",
            "`",
            "|",
            ">",
            "<<",
            "=",
        ),
        *("${x}", "$${x}", "a" * 200, "a, b", "true", "True", "FALSE", "12", "9" * 30),
    ]
)
TEXTS = st.one_of(
    _HOSTILE,
    st.text(max_size=30),
    st.text(st.sampled_from("ab \n\t:#-'\"\\\r\x85"), max_size=12),
    st.lists(_HOSTILE, max_size=4).map("".join),
)
_SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(-(10**18) + 1, 10**18 - 1))
VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_what_is_written_reads_back_as_it_was(document: dict[str, Any]) -> None:
    problems: list[Diagnostic] = []
    (found,) = load_text(yaml_text(document), "it", problems)
    assert problems == []
    assert found.data == document
    assert repr(found.data) == repr(document)  # True is not 1


@given(st.lists(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=2), max_size=4))
def test_documents_one_after_the_other_read_back_as_they_were(
    documents: list[dict[str, Any]],
) -> None:
    problems: list[Diagnostic] = []
    found = load_text("---\n".join(map(yaml_text, documents)), "it", problems)
    assert problems == []
    assert [one.data for one in found] == documents


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("script:Chat.Routing", "script:Chat.Routing"),
        ('PairExists("MediaType","chat")', 'PairExists("MediaType","chat")'),
        ("_age_in_queue() > 3600", "_age_in_queue() > 3600"),
        ("Größe", "Größe"),
        ("0123", '"0123"'),
        ("on", '"on"'),
        ("1_000", '"1_000"'),
        ("22:30", '"22:30"'),
        ("9.0", '"9.0"'),
        ('"a"', "'\"a\"'"),
        ("a\x85b", '"a\\Nb"'),
        ("one\n  two\nthree", "|-\n  one\n    two\n  three"),
        ("one \ntwo", '"one \\ntwo"'),
        ("one\ntwo\n", "|\n  one\n  two"),
        ("one\n\ntwo", "|-\n  one\n\n  two"),
        (True, "true"),
        (7, "7"),
        (None, "null"),
    ],
)
def test_a_value_is_written_as_people_write_it(value: Any, written: str) -> None:
    assert yaml_text({"key": value}) == f"key: {written}\n"
