"""Managed fields are compared as a library for nested documents compares them."""

from collections.abc import Mapping

from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Position
from reconciler.kinds.fields import FieldPath, SecretText, Value, pointer
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.manifest.desired import ManagedField
from reconciler.plan.diff import LiveFields, differing

SCRIPT = OBJECT_TYPES["Script"]
PATHS = st.one_of(
    st.tuples(st.sampled_from(["displayName", "state"])),
    st.tuples(st.just("annex"), st.sampled_from("st"), st.sampled_from("ab")),
)
TEXTS = st.sampled_from(["", "0", "1", "01", "True", "true", "a", "A"])
VALUES = st.one_of(TEXTS, st.integers(-1, 1), st.booleans(), st.binary(max_size=1))
DESIRED = st.one_of(st.none(), TEXTS, TEXTS.map(SecretText), st.booleans())


def _comparable(value: Value) -> Value:
    """An integer option is the text that it is written as; so is a secret."""
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else value


@given(st.dictionaries(PATHS, DESIRED), st.dictionaries(PATHS, VALUES))
def test_the_fields_that_differ_are_those_that_deepdiff_finds(
    desired: Mapping[FieldPath, Value | None], live: Mapping[FieldPath, Value]
) -> None:
    fields = [
        ManagedField(path, value, Position("m"), "m", path) for path, value in desired.items()
    ]
    wanted = {pointer(path): _comparable(v) for path, v in desired.items() if v is not None}
    found = {pointer(path): _comparable(live[path]) for path in desired if path in live}
    for path, value in desired.items():
        if len(path) == 1 and value == "" and path not in live:
            found[pointer(path)] = ""  # an absent attribute is an empty text
    tree = DeepDiff(found, wanted, view="tree", threshold_to_diff_deeper=0)
    different = {level.path(output_format="list")[0] for group in tree.values() for level in group}
    assert {
        pointer(field.path) for field in differing(SCRIPT, fields, LiveFields(live))
    } == different
