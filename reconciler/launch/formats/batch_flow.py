"""Which lines of a batch file always run: blocks, jumps and the ends of a script.

An approximation that errs to one side: what it is not sure of runs only sometimes.
Pure; knows nothing of assignments.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Line:
    """One line that holds commands. ``sometimes``: why it does not always run."""

    number: int
    start: int
    end: int
    text: str
    sometimes: str


@dataclass(frozen=True)
class Flow:
    """The lines of a script. ``unfinished``: why a line behind them would not always run."""

    lines: Sequence[Line]
    unfinished: str


def flow(text: str) -> Flow:
    """The lines of a script but for labels and comments."""
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
        why = dead or (depth > 0 and "it stands in a block") or skipped.get(index, "")
        why = "it goes on from the line before" if continued else why
        start, end, _ = spans[index]
        lines.append(Line(index + 1, start, end, line, why or ""))
        if compound:
            depth = max(0, depth + bare.count("(") - bare.count(")"))
        leaves = _LEAVES.match(line)
        if leaves and not compound and not why and not continued:
            dead = f"the script leaves before it, in line {index + 1}"
            targets = {(leaves["label"] or "").upper()}
        continued = _CONTINUES.search(line) is not None
    if continued:
        return Flow(lines, "its last line goes on")
    return Flow(lines, dead or ("a block is open at its end" if depth else ""))


def _skipped(texts: Sequence[str]) -> dict[int, str]:
    """The lines between a jump under a condition and its label further down.

    A label that is reached by jumps only, behind an exit, begins a path of its own, such
    as the usage message: the lines before it always run on the way that does not jump.
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
    """The labels that the line before them goes on into."""
    result: dict[str, int] = {}
    leaves = False
    for index, line in enumerate(texts):
        if found := _LABEL.match(line):
            if not leaves:
                result.setdefault(found[1].upper(), index)
        elif line.strip() and not _COMMENT.match(line):
            leaves = _LEAVES.match(line) is not None
    return result
