"""Which names are alike, and in what they are said to differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.names import alike_key, likeness

ALIKE = [
    ("WebMe", "webme", "case"),
    ("Stra\u00dfe", "STRASSE", "case"),
    ("caf\u00e9", "cafe\u0301", "the Unicode form of characters"),
    ("Sales", "Sales ", "blanks or invisible characters"),
    ("Web Chat", "Web\u00a0Chat", "blanks or invisible characters"),
    ("Web Chat", "Web  Chat", "blanks or invisible characters"),
    ("Sales", "Sa\u200bles", "blanks or invisible characters"),
    ("Sales", "Sales\ufe0f", "blanks or invisible characters"),
    ("Sales", "Sales\u180b", "blanks or invisible characters"),
    ("Sales", "Sales\U000e0101", "blanks or invisible characters"),
    ("Sales", "Sales\u0378", "blanks or invisible characters"),
    ("Sales", "Sales\ue000", "blanks or invisible characters"),
    ("Caf\u00e9", "cafe\u0301 ", "case, blanks and the Unicode form of characters"),
]


@pytest.mark.parametrize(("one", "other", "differ_in"), ALIKE)
def test_names_that_people_take_for_one_are_alike(one: str, other: str, differ_in: str) -> None:
    assert alike_key(one) == alike_key(other)
    assert likeness(one, other) == differ_in


@pytest.mark.parametrize(
    ("one", "other"),
    [("Sales", "Sale"), ("cafe", "caf\u00e9"), ("Web Chat", "WebChat"), ("A1", "A2")],
)
def test_names_that_people_tell_apart_are_not_alike(one: str, other: str) -> None:
    assert alike_key(one) != alike_key(other)


@given(st.text())
def test_a_key_is_alike_to_its_name(name: str) -> None:
    assert alike_key(alike_key(name)) == alike_key(name)
