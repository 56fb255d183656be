"""Which texts can be sent, which can be names of objects, folders, sections and options, and which
names look the same. Pure.

People read and type names. Invisible characters make two names look the same, and a control
character can forge a line of output.

Configuration Server's protocol packs an object into one text, with control characters between the
parts. How the Platform SDK 9.0 reads such a character, tried with each of them: U+0018 ends a value
wherever it is, and so does U+0017 at its beginning; what follows becomes a separate option, and an
option after it may be lost. In the name of a section or an option, U+0019 to U+001F do so too. Tab,
carriage return, line feed and all other control characters arrive unchanged.
"""

import re
import unicodedata

from reconciler.text.visible import escaped, is_unseen

_DRAWN_IN_MORE_THAN_ONE_WAY = frozenset({"Lo", "Sm", "So"})
"""Categories of Unicode: letters without upper case, mathematical and other symbols."""


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


def name_problem(text: str) -> str:
    """What keeps a text from being a name, such as "has blanks around it: ' Sales'"; empty:
    nothing. The text is shown with escapes."""
    if unseen := _unseen_in(text):
        code = f"U+{ord(unseen):04X}"
        kind = "a control" if unicodedata.category(unseen) == "Cc" else "an invisible"
        called = {"\n": "a line feed", "\r": "a carriage return", "\t": "a tab"}.get(
            unseen, unicodedata.name(unseen, f"{kind} character").lower()
        )
        return f"holds {called} ({code}): {_quoted(text)}"
    if not text.strip():
        return "is blank"
    return f"has blanks around it: {_quoted(text)}" if text != text.strip() else ""


def _unseen_in(text: str) -> str:
    """The first invisible character; empty: there is none."""
    if text.isascii() and text.isprintable():
        return ""
    pairs = zip(f" {text}", text, strict=False)
    return next((one for before, one in pairs if is_unseen(one) and not _varies(before, one)), "")


def _varies(before: str, one: str) -> bool:
    """Whether a character only selects how the character before it is drawn, as in emoji and
    Chinese."""
    return unicodedata.category(
        before
    ) in _DRAWN_IN_MORE_THAN_ONE_WAY and "VARIATION SELECTOR" in unicodedata.name(one, "")


def name_advice(text: str) -> str:
    """What to do about the problem of a name."""
    if text.endswith("\n") and not name_problem(text[:-1]):
        return "A text below | or > ends with a line feed: write the name on the line of its key."
    todo = "Write it without." if text.strip() else "Write the name."
    return f"{todo} If the server has an object of exactly this name, say exact: true in metadata."


def alike_key(text: str) -> str:
    """A key that is equal for all names that people take for the same name: it ignores case,
    Unicode form, blanks and invisible characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.casefold().split())
    folded = _composed(unicodedata.normalize("NFD", text).casefold())
    return _seen(folded)


def likeness(one: str, other: str) -> str:
    """In what names that look the same differ, as the end of "they differ only in"."""
    ways = {
        "case": str.casefold,
        "the Unicode form of characters": _composed,
        "blanks or invisible characters": _seen,
    }
    for way, without in ways.items():
        if without(one) == without(other):
            return way
    return "case, blanks and the Unicode form of characters"


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _seen(text: str) -> str:
    """The text without invisible characters, and with single blanks between its words."""
    return " ".join("".join(c for c in text if c.isspace() or not is_unseen(c)).split())


def _quoted(text: str) -> str:
    """The text in quotes; what cannot be seen is written as an escape."""
    return f"'{escaped(text if len(text) <= 80 else text[:80] + '...')}'"
