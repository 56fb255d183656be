"""Which lines of a batch file always run: blocks, jumps and the ends of a script.

An approximation that is wrong in one direction only: a line of which it is not certain
counts as one that does not always run. Pure; knows nothing of assignments.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from reconciler.launch.formats.lines import split_lines

_LABEL = re.compile(r"[ \t]*:([^:\s][^\s:+,;=&|<>]*)")
_COMMENT = re.compile(r"[ \t]*(?:@?[ \t]*rem(?:[ \t].*)?\Z|::)", re.IGNORECASE)
_COMPOUND = re.compile(r"[ \t]*@?[ \t]*(?:\(|\)|(?:if|for|else)\b)", re.IGNORECASE)
_JUMP = re.compile(r"\bgoto\b[ \t:]*([^\s:+,;=&|<>()]+)", re.IGNORECASE)
_LEAVES = re.compile(
    r"[ \t]*@?[ \t]*(?:exit\b|goto\b[ \t:]*(?P<label>[^\s:+,;=&|<>()]+))", re.IGNORECASE
)
_QUOTED = re.compile(r'"[^"]*"?|\^.')
_CONTINUES = re.compile(r"(?<!\^)(?:\^\^)*\^\Z")


class Line(Struct, frozen=True):
    """A line with commands. ``sometimes``: why it does not always run; empty if it does."""

    number: int
    start: int
    end: int
    text: str
    sometimes: str


class Flow(Struct, frozen=True):
    """The lines of a script. ``unfinished``: why a line after them would not always run."""

    lines: Sequence[Line]
    unfinished: str


def flow(text: str) -> Flow:
    """The lines of a script, without labels and comments."""
    spans = split_lines(text)
    texts = [text[start:end] for start, end, _ in spans]
    skipped = _skipped(texts)
    lines: list[Line] = []
    depth = 0
    dead = ""
    continued = False
    targets: set[str] = set()
    for index, line in enumerate(texts):
        if found := _LABEL.match(line):
            if found[1].upper() in targets:
                dead = ""
            continue
        if _COMMENT.match(line) and not continued:
            continue
        bare = _QUOTED.sub("", line)
        compound = depth > 0 or _COMPOUND.match(line) is not None
        why = dead or (depth > 0 and "it is inside a block") or skipped.get(index, "")
        why = "it continues the line before" if continued else why
        start, end, _ = spans[index]
        lines.append(Line(index + 1, start, end, line, why or ""))
        if compound:
            depth = max(0, depth + bare.count("(") - bare.count(")"))
        leaves = _LEAVES.match(line)
        if leaves and not compound and not why and not continued:
            dead = f"the script ends before it, in line {index + 1}"
            targets = {(leaves["label"] or "").upper()}
        continued = _CONTINUES.search(line) is not None
    if continued:
        return Flow(lines, "its last line is continued")
    return Flow(lines, dead or ("a block is still open at its end" if depth else ""))


def _skipped(texts: Sequence[str]) -> dict[int, str]:
    """Line index -> why it may be skipped: it is between a conditional jump and its label.

    A label that only jumps reach, after an exit, begins a path of its own, such as the
    usage message: the lines before it always run unless the script jumps.
    """
    result: dict[int, str] = {}
    labels = _fallen_into(texts)
    until, origin = 0, 0
    for index, line in enumerate(texts):
        if index < until:
            result[index] = f"line {origin + 1} may jump over it"
        if _COMMENT.match(line) or _LABEL.match(line):
            continue
        for jump in _JUMP.finditer(line):
            target = labels.get(jump[1].upper(), 0)
            if target > until:
                until, origin = target, index
    return result


def _fallen_into(texts: Sequence[str]) -> dict[str, int]:
    """The labels that are reached from the line before them."""
    result: dict[str, int] = {}
    leaves = False
    for index, line in enumerate(texts):
        if found := _LABEL.match(line):
            if not leaves:
                result.setdefault(found[1].upper(), index)
        elif line.strip() and not _COMMENT.match(line):
            leaves = _LEAVES.match(line) is not None
    return result
