"""The value of a shell word, and the word for a value. Pure; runs nothing.

Source: POSIX.1-2017, XCU 2.2 (quoting), 2.6 (word expansions).
"""

import re

from reconciler.launch.formats.shell_scan import JOINED

_EXPANSION = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!{(-]|\\\r?\n)")
_BARE = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
_IN_DOUBLE = re.compile(r"\\\r?\n|\\[$`\"\\]")


def literal(word: str, exported: bool) -> tuple[str | None, str]:
    """The value of the text after ``=``; None if it is not plain, and why.

    ``exported``: the word is an argument of ``export``, where some shells expand more.
    """
    result: list[str] = []
    at = 0
    bare = ""
    while at < len(word):
        character = word[at]
        if character == "'":
            end = word.index("'", at + 1)
            result.append(word[at + 1 : end])
            at = end + 1
        elif character == '"':
            text, at, reason = _double(word, at + 1)
            if reason:
                return None, reason
            result.append(text)
        elif character == "\\":
            joined = JOINED.match(word, at)
            result.append("" if joined else word[at + 1 : at + 2] or "\\")
            at = joined.end() if joined else at + 2
        else:
            reason = _expands(word, at)
            if character == "$" and word[at + 1 : at + 2] in ("'", '"'):
                reason = f"the meaning of ${word[at + 1]} depends on the shell"
            if character == "~" and (at == 0 or word[at - 1] == ":"):
                reason = "it expands ~"
            if exported and character in "*?[{":
                reason = f"it contains {character} outside quotes"
            if reason:
                return None, reason
            result.append(character)
            bare += character
            at += 1
    return "".join(result), ""


def _double(word: str, at: int) -> tuple[str, int, str]:
    """The text in double quotes, the position after them, and why it is not plain."""
    result: list[str] = []
    while word[at] != '"':
        escaped = _IN_DOUBLE.match(word, at)
        reason = _expands(word, at)
        if escaped:
            result.append("" if escaped.group().endswith("\n") else escaped.group()[1])
            at = escaped.end()
        elif reason:
            return "", at, reason
        else:
            result.append(word[at])
            at += 1
    return "".join(result), at + 1, ""


def _expands(word: str, at: int) -> str:
    if word[at] == "`":
        return "it holds the output of a command"
    expansion = _EXPANSION.match(word, at)
    if not expansion:
        return ""
    if expansion.group() == "$(":
        return "it holds the output of a command"
    name = expansion.group().rstrip("{\\\r\n")
    return f"it expands {name}"


def quoted(value: str, like: str) -> str:
    """The value as a shell word, in the quotes of ``like`` if they can hold it."""
    if not like.startswith(("'", '"')) and _BARE.fullmatch(value):
        return value
    if like.startswith('"') and "!" not in value:  # interactive shells expand ! in double quotes
        return '"' + re.sub(r"([$`\"\\])", r"\\\1", value) + '"'
    return "'" + value.replace("'", "'\\''") + "'"
