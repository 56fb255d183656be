"""Which texts can be names, of objects, folders, sections and options, and which are alike. Pure.

A name is read by people and typed by them. Characters that nobody sees make two names look
alike, and a control character can forge a line of output.
"""

import unicodedata

from reconciler.text.visible import escaped

# Control and format characters (zero width, direction), halves of surrogate pairs, separators
# of lines and paragraphs.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Fillers: of other categories, but as invisible.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def name_problem(text: str) -> str:
    """What keeps a text from being a name, such as "has blanks around it: ' Sales'"; empty:
    nothing. The text is shown with escapes."""
    if text.isascii() and text.isprintable():
        unseen = ""
    else:
        unseen = next((one for one in text if _is_unseen(one)), "")
    if unseen:
        code = f"U+{ord(unseen):04X}"
        called = {"\n": "a line feed", "\r": "a carriage return", "\t": "a tab"}.get(
            unseen, unicodedata.name(unseen, "a control character").lower()
        )
        return f"holds {called} ({code}): {_quoted(text)}"
    if not text.strip():
        return "is blank"
    return f"has blanks around it: {_quoted(text)}" if text != text.strip() else ""


def name_advice(text: str) -> str:
    """What to do about the problem of a name."""
    if text.endswith("\n") and not name_problem(text[:-1]):
        return "A text below | or > ends with a line feed: write the name on the line of its key."
    todo = "Write it without." if text.strip() else "Write the name."
    return f"{todo} If the server has an object of exactly this name, say exact: true in metadata."


def alike_key(text: str) -> str:
    """A key that is equal for all names that people take for the same name: it leaves out
    differences in case, Unicode form, blanks, and characters that nobody sees."""
    if text.isascii() and text.isprintable():
        return " ".join(text.casefold().split())
    folded = _composed(unicodedata.normalize("NFD", text).casefold())
    return _seen(folded)


def likeness(one: str, other: str) -> str:
    """In what alike names differ, as the end of "they differ only in"."""
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
    return " ".join("".join(c for c in text if c.isspace() or not _is_unseen(c)).split())


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _FILLERS


def _quoted(text: str) -> str:
    """The text in quotes; what cannot be seen is written as an escape."""
    return f"'{escaped(text if len(text) <= 80 else text[:80] + '...')}'"
