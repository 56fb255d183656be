"""Untrusted text as it may be shown: no character of it moves the cursor, starts a line, hides what
follows or looks like another character. Pure; every form of output uses it.

Names and messages go through ``escaped``. Values go through ``value_text``, which also quotes a
value that would be mistaken for another value, and ``pair_text``, for the two sides of a change.
Two similar names in one message go through ``quoted_pair``.
"""

import re
import unicodedata

import msgspec

_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_NEVER_SHOWN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Categories of Unicode: control, format, surrogate, unassigned, private, separators of lines and
paragraphs."""
_BLANKS = "Zs"
"""The category of blanks, such as the no-break space."""
_DRAWN_AS_NOTHING = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}.union(
        range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0)
    )
)
"""Letters, marks and signs that are nevertheless invisible: fillers, variation selectors and others
that Unicode calls default ignorable, and the empty Braille pattern."""
_RAW_IN_JSON = re.compile("[^ -~\n]")


def escaped(text: str) -> str:
    """The text with every invisible character as an escape: ``\\n``, ``\\x1b``, ``\\u202e``.

    A backslash stays single, so that paths stay readable.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if is_invisible(c) else c for c in text)


def value_text(value: str) -> str:
    """A value as it is shown: unchanged, or ``quoted`` if it might be misread."""
    return quoted(value) if _needs_quotes(value) else value


def quoted(value: str, *, ascii_only: bool = False) -> str:
    """A value in double quotes with escapes, as YAML and Python read it.

    If a value has two spellings in Unicode, or for ``ascii_only``, every character beyond ASCII is
    escaped.
    """
    all_of_them = ascii_only or _has_two_spellings(value)
    inner = (
        f"\\{c}"
        if c in '"\\'
        else _escape(c)
        if is_invisible(c) or (all_of_them and not c.isascii())
        else c
        for c in value
    )
    return f'"{"".join(inner)}"'


def pair_text(before: str, after: str) -> tuple[str, str]:
    """Two different values as they are shown beside each other: they never look the same."""
    if _look_alike(before, after):
        return quoted(before, ascii_only=True), quoted(after, ascii_only=True)
    if _needs_quotes(before) or _needs_quotes(after):
        return quoted(before), quoted(after)
    return before, after


def quoted_pair(one: str, other: str) -> tuple[str, str]:
    """Two different names in quotes, as messages show them beside each other: they never
    look the same."""
    first, second = pair_text(one, other)
    return _in_quotes(first), _in_quotes(second)


def _in_quotes(shown: str) -> str:
    return shown if shown.startswith('"') else f"'{shown}'"


def json_text(data: object) -> str:
    """Data as an indented JSON text that ends with a line feed, ``json_escaped``."""
    # Python's own encoder writes the same indented text, ten times slower.
    try:
        plain = msgspec.json.encode(data)
    except (UnicodeEncodeError, TypeError):  # half a character; a text of a class of its own
        import json  # noqa: PLC0415 - hardly ever

        plain = json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")
    text = msgspec.json.format(plain, indent=2).decode("utf-8", "surrogatepass")
    return json_escaped(text) + "\n"


def json_escaped(text: str) -> str:
    """A JSON text with JSON's own escapes for what is invisible. It means the same."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return _RAW_IN_JSON.sub(
        lambda found: _json_escape(found[0]) if is_invisible(found[0]) else found[0], text
    )


def is_invisible(c: str) -> bool:
    """Whether a character cannot be seen, or is a blank other than the usual space."""
    return is_unseen(c) or (not c.isascii() and unicodedata.category(c) == _BLANKS)


def is_unseen(c: str) -> bool:
    """Whether a character cannot be seen; a blank counts as seen, between others."""
    if c.isascii():
        return not c.isprintable()
    return unicodedata.category(c) in _NEVER_SHOWN or ord(c) in _DRAWN_AS_NOTHING


def _escape(c: str) -> str:
    code = ord(c)
    if c in _ESCAPES:
        return _ESCAPES[c]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(c: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _needs_quotes(value: str) -> bool:
    """Whether a value is empty, has blanks at an end or invisible characters, has another spelling,
    or looks like a quoted value, like a word of ours, such as ``(absent)``, or like a change."""
    return (
        value != value.strip()
        or not value
        or value[0] in "\"'"
        or (value[0] == "(" and value[-1] == ")")
        or " -> " in value
        or _has_invisible(value)
        or _has_two_spellings(value)
    )


def _has_invisible(value: str) -> bool:
    return not value.isprintable() if value.isascii() else any(map(is_invisible, value))


def _has_two_spellings(value: str) -> bool:
    """Whether Unicode has another spelling for the same characters, such as an accent separate from
    its letter. A mark at the beginning, without a letter, counts as well."""
    if value.isascii():
        return False
    return not unicodedata.is_normalized("NFC", value) or _is_mark(value[0])


def _is_mark(c: str) -> bool:
    return unicodedata.category(c).startswith("M")


def _look_alike(one: str, other: str) -> bool:
    """Whether two values may be drawn alike, such as a Latin and a Cyrillic letter a."""
    if one.isascii() and other.isascii():
        return False
    if unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other):
        return True
    return len(one) == len(other) and all(
        a == b or (_script(a) != _script(b) and _is_wide(a) == _is_wide(b))
        for a, b in zip(one, other, strict=True)
    )


def _script(c: str) -> str:
    """The script of a letter; for other characters, the first word of their Unicode name."""
    return unicodedata.name(c, f"{ord(c)}").partition(" ")[0]


def _is_wide(c: str) -> bool:
    return unicodedata.east_asian_width(c) in "WF"
