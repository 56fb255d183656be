"""Whether data fits a JSON Schema: a fast check that only answers yes or no.

jsonschema explains mistakes, and decides if this check cannot: if jsonschema-rs is not installed or
cannot read the data. For data without a mistake, jsonschema is not imported.
"""

from collections.abc import Callable, Mapping
from typing import Any

FitsSchema = Callable[[Any], bool]
"""Whether data certainly fits. False: it does not, or jsonschema must decide."""


def schema_check(schema: Mapping[str, Any]) -> FitsSchema:
    """The check of a draft-07 schema."""
    try:
        import jsonschema_rs  # noqa: PLC0415 - where nothing is checked, it is not needed
    except ImportError:  # jsonschema-rs has no wheel for some platforms
        return lambda _: False
    validator = jsonschema_rs.Draft7Validator(dict(schema))

    def fits(data: Any) -> bool:
        try:
            return validator.is_valid(data)
        except (ValueError, TypeError, OverflowError, RecursionError):
            # A key or a text that Rust cannot hold: subclasses of str, a lone surrogate.
            return False

    return fits
