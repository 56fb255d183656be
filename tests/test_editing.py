"""A value in the text of a manifest is edited, and the rest of the text stays."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.manifest.editing import NoEditError, edited, with_value, without_item
from reconciler.yaml.documents import YamlDocument
from reconciler.yaml.strict import load_text


def read(text: str) -> YamlDocument:
    problems: list[Diagnostic] = []
    (document,) = load_text(text, "m.yaml", problems)
    assert not problems
    return document


LISTS = """\
flow: {q: [a, b , c], one: [x]}
block:
- one  # first
- two
# about three
- 'three'
nested:
  - long
    text
  - last
"""


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        (("flow", "q", "0"), "a, "),
        (("flow", "q", "1"), "b , "),
        (("flow", "q", "2"), ", c"),
        (("block", "0"), "- one  # first\n"),
        (("block", "1"), "- two\n"),
        (("block", "2"), "- 'three'\n"),
        (("nested", "0"), "  - long\n    text\n"),
        (("nested", "1"), "  - last\n"),
    ],
)
def test_an_item_is_taken_out_with_its_line_or_its_comma(path: tuple[str, ...], gone: str) -> None:
    edit = without_item(LISTS, read(LISTS).at(path))
    assert (LISTS[edit.start : edit.end], edit.text) == (gone, "")


def test_the_last_item_stays_since_an_empty_list_says_nothing() -> None:
    with pytest.raises(NoEditError, match="it is the only item"):
        without_item(LISTS, read(LISTS).at(("flow", "one", "0")))


def test_a_structure_is_no_single_value() -> None:
    with pytest.raises(NoEditError, match="it is not a single value there"):
        with_value(LISTS, read(LISTS).at(("flow", "q")), "x")


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["0123", "on", "null", "~", " x ", "a\nb\n", "\n", "#", "- a", "a: b", "'", '"', "\\", "\x85"]
)
_SCALARS = _TEXTS | st.integers(-(10**17), 10**17) | st.booleans() | st.none()
_STYLES = st.sampled_from([None, "'", '"', "|", ">"])


@given(
    st.dictionaries(st.text("abé'# ", min_size=1, max_size=4), _TEXTS, min_size=1, max_size=4),
    _STYLES,
    st.booleans(),
    _SCALARS,
    st.data(),
)
def test_any_value_takes_the_place_of_any_other(
    values: dict[str, str], style: str | None, flow: bool, new: Any, data: st.DataObject
) -> None:
    """Wherever the edit is made, the text reads as before with that one value changed, and
    keeps all before the value and all behind it."""
    text = yaml.safe_dump(
        {"before": "# x", "spec": values, "after": ["x"]},
        default_style=style,
        default_flow_style=flow,
        sort_keys=False,
    )
    document = read(text)
    name = data.draw(st.sampled_from(sorted(values)))
    edit = with_value(text, document.at(("spec", name)), new)
    after = edited(text, [edit])
    assert after[: edit.start] == text[: edit.start]
    assert after.endswith(text[edit.end :])
    expected = {**document.data, "spec": {**document.data["spec"], name: new}}
    assert repr(read(after).data) == repr(expected)
