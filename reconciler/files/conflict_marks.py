"""The marks that a merge leaves around lines that both sides have changed, as git writes them."""

import re
from collections.abc import Iterator

from reconciler.diagnostics import Diagnostic, Position

_ANY = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
_MARK = re.compile(rf"(?:{'|'.join(map(re.escape, _ANY))})(?: |$)")
_SOLVE = "Of the text between <<<<<<< and >>>>>>>, keep what is right; then delete these marks."
_BREAK = re.compile(r"\r\n|\n|\r")


def conflicts(text: str, name: str) -> list[Diagnostic]:
    """The conflicts in the text of the file ``name``: a problem for each, where it begins. A mark
    that was left without its conflict is a problem too."""
    if not any(mark in text for mark in _ANY):
        return []
    return list(_found(text, name))


def _found(text: str, name: str) -> Iterator[Diagnostic]:
    inside = False
    for number, line in enumerate(_BREAK.split(text), 1):
        if not _MARK.match(line):
            continue
        place = Position(name, number, 1)
        if line.startswith("<<<<<<<"):
            inside = True
            yield Diagnostic("a merge has left a conflict here", place, _SOLVE)
        elif not inside:
            yield Diagnostic(
                f"a merge has left the mark {line[:7]} of a conflict here",
                place,
                "Delete this line, if the lines around it are right.",
            )
        elif line.startswith(">>>>>>>"):
            inside = False
