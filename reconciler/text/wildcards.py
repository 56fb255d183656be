"""Patterns that users write: ``*`` is any text, ``?`` any character, nothing else is special.

A backslash makes the character after it literal. Addresses are printed with such backslashes, so
that a printed address is a pattern that matches this address only.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_ESCAPES = str.maketrans({special: f"\\{special}" for special in "*?\\"})
_TOKEN = re.compile(r"\\(.)|([*?])|(.)", re.DOTALL)
_ANY = {"*": ".*", "?": "."}


def literal(text: str) -> str:
    """The pattern that only ``text`` matches."""
    return text.translate(_ESCAPES)


def plain(pattern: str) -> str:
    """The text of a pattern without wildcards, as ``literal`` makes it."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL) if "\\" in pattern else pattern


def matches(text: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns matches the whole text."""
    return any(_compiled(pattern).fullmatch(text) is not None for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = _TOKEN.findall(pattern)
    return re.compile(
        "".join(_ANY.get(wildcard) or re.escape(kept or other) for kept, wildcard, other in parts),
        re.DOTALL,
    )
