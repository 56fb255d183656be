"""Which texts Configuration Server can be sent. Its protocol packs an object into one text, with
control characters between the parts. Pure.

What the Platform SDK 9.0 makes of such a character, tried with each of them: U+0018 ends a value
wherever it stands, and so does U+0017 at its beginning; what follows becomes an option of its own,
and an option behind it may be lost. In the name of a section or an option, U+0019 to U+001F do so
too. Tab, carriage return, line feed and all other control characters arrive as they are.
"""

import re

_BETWEEN_VALUES = re.compile("[\x17\x18]")
_BETWEEN_NAMES = re.compile("[\x17-\x1f]")
_HALVES = re.compile("[\ud800-\udfff]")

SEND_ADVICE = "Write it without that character."
"""What to do about a text that cannot be sent."""


def text_problem(text: str, *, name: bool = False) -> str:
    """Why a text cannot be sent, as "the text holds …"; empty: it can. ``name``: it is the name of
    a section or an option. The text, which may be a secret, is not repeated."""
    if text.isprintable():
        return ""
    if _HALVES.search(text):
        return "the text is not valid Unicode"
    found = (_BETWEEN_NAMES if name else _BETWEEN_VALUES).search(text)
    if found is None:
        return ""
    return (
        f"the text holds the control character U+{ord(found[0]):04X}, at which the protocol of"
        " Configuration Server ends a text"
    )
