"""Whether data fits a JSON Schema: a fast check, whose only answer is yes or no.

jsonschema explains mistakes, and decides where this check cannot: where jsonschema-rs is not
installed or cannot read the data. Data without a mistake needs no import of jsonschema.
"""

from collections.abc import Callable, Mapping
from typing import Any

FitsSchema = Callable[[Any], bool]
"""Whether data surely fits; False: it does not, or jsonschema must decide."""


def schema_check(schema: Mapping[str, Any]) -> FitsSchema:
    """The check of a draft-07 schema."""
    try:
        import jsonschema_rs  # noqa: PLC0415 - where nothing is checked, it is not needed
    except ImportError:  # it has no wheel for some platforms
        return lambda _: False
    validator = jsonschema_rs.Draft7Validator(dict(schema))

    def fits(data: Any) -> bool:
        try:
            return validator.is_valid(data)
        except (ValueError, TypeError, OverflowError, RecursionError):
            # A key or a text that Rust cannot hold: subclasses of str, half a surrogate pair.
            return False

    return fits
