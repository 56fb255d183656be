"""Attributes are stored as JSON, whose bytes do not depend on what writes them."""

from typing import Any

import pytest

from reconciler.kinds.fields import SecretText
from reconciler.server.encoding import decode, encode, encode_bytes

WRITTEN = {
    "plain values": (
        {"name": "é\u2028\x7f", "on": True, "off": None, "n": -5, "dbids": [1, 2]},
        '{"name":"é\u2028\x7f","on":true,"off":null,"n":-5,"dbids":[1,2]}',
    ),
    "characters that JSON escapes": (
        {"s": {'a"b': "\\ / \n\r\t\b\f\x00\x1f"}},
        '{"s":{"a\\"b":"\\\\ / \\n\\r\\t\\b\\f\\u0000\\u001f"}}',
    ),
    "a binary value": ({"s": {"a": b"\x00\xff", "b": "x"}}, '{"s":{"a":["00ff"],"b":"x"}}'),
    "a binary value in an entry of a list": (
        {"list": [{"n": 1}, {"s": {"a": b"\x01"}}]},
        '{"list":[{"n":1},{"s":{"a":["01"]}}]}',
    ),
    "half a character": ({"name": "a\ud800"}, '{"name":"a\ud800"}'),
    "half a character beside a binary value": ({"a\udfff": b""}, '{"a\udfff":[""]}'),
    "a secret": ({"s": {"login": SecretText("hush", "env.X")}}, '{"s":{"login":"hush"}}'),
    "lists in lists": ({"rows": [["Person", 1, 127]]}, '{"rows":[["Person",1,127]]}'),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_values_are_written_as_compact_json(case: str) -> None:
    values, text = WRITTEN[case]
    assert encode(values) == text
    assert encode_bytes(values) == text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("case", ["plain values", "a binary value"])
def test_what_was_written_is_read_as_it_was(case: str) -> None:
    values, text = WRITTEN[case]
    assert decode(text) == values


@pytest.mark.parametrize("value", [{1}, object()])
def test_a_value_that_json_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot store a"):
        encode({"name": value})
