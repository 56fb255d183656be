"""The fields in which two objects differ, as ``deepdiff`` finds them. Pure."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldPath, Value


def differing_paths(
    one: Mapping[FieldPath, Value], other: Mapping[FieldPath, Value]
) -> set[FieldPath]:
    """The paths at which two objects have different values, or only one of them has any."""
    if one == other:
        return set()
    from deepdiff import DeepDiff  # noqa: PLC0415 - 100 ms to import, and sides are mostly equal

    # Compare numbers in place of values, since deepdiff would compare long texts line by line.
    # Equal values get equal numbers.
    numbers: dict[Value, int] = {}
    found = DeepDiff(
        _nested(one, numbers),
        _nested(other, numbers),
        view="tree",
        threshold_to_diff_deeper=0,  # otherwise two objects with little in common differ as a whole
        ignore_private_variables=False,  # otherwise options that begin with __ count as equal
    )
    places = {
        tuple(level.path(output_format="list")) for levels in found.values() for level in levels
    }
    return {
        path
        for path in {*one, *other}
        if any(path[:length] in places for length in range(len(path) + 1))
    }


def _nested(fields: Mapping[FieldPath, Value], numbers: dict[Value, int]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for (*outer, last), value in fields.items():
        inner = made
        for word in outer:
            inner = inner.setdefault(word, {})
        inner[last] = numbers.setdefault(value, len(numbers))
    return made
