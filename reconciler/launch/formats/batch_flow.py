"""Which lines of a batch file always run: blocks, jumps and the ends of a script.

An approximation that errs on the safe side: a line that may not always run counts as a line that
does not. What a script does after ``if`` and ``||`` when something is wrong, such as to exit, is
ignored. A batch file that is called without ``call`` is recognised by the suffix ``.bat`` or
``.cmd``. Pure; knows nothing of assignments.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from reconciler.launch.formats.lines import split_lines

_LABEL = re.compile(r"[ \t]*:([^:\s][^\s:+,;=&|<>]*)")
_COMMENT = re.compile(r"[ \t]*(?:@?[ \t]*rem(?:[ \t].*)?\Z|::)", re.IGNORECASE)
_BEGINS = r"[ \t,;=@]*"
"""What cmd skips before a command."""
_CONDITION = re.compile(r"[ \t,;=@()]*(?:if|for|else)\b", re.IGNORECASE)
_BLOCK = re.compile(rf"{_BEGINS}[()]")
_REMARK = re.compile(rf"{_BEGINS}rem\b", re.IGNORECASE)
_JUMP = re.compile(r"\bgoto\b[ \t:]*([^\s:+,;=&|<>()]+)", re.IGNORECASE)
_LEAVES = re.compile(
    r"[ \t,;=@(]*(?:exit\b|goto\b[ \t:]*(?P<label>[^\s:+,;=&|<>()]+)"
    # Without call, cmd does not return from another batch file.
    r"|(?:\"[^\"]*\.(?:bat|cmd)\"|[^\s\"&|<>()=,;]+\.(?:bat|cmd)(?![^\s&|<>()=,;])))",
    re.IGNORECASE,
)
_SPLIT = re.compile(r'"[^"]*"?|\^.|(&&|\|\||&|\|)')
_QUOTED = re.compile(r'"[^"]*"?|\^.')
_CONTINUES = re.compile(r"(?<!\^)(?:\^\^)*\^\Z")


class _Command(Struct, frozen=True):
    """A command of a line. ``before``: the operator between it and the command before it."""

    before: str
    text: str


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
    blocks: list[bool] = []  # the open blocks, from outside: whether each is under a condition
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
        why = dead or (blocks and "it is inside a block") or skipped.get(index, "")
        why = "it continues the line before" if continued else why
        start, end, _ = spans[index]
        lines.append(Line(index + 1, start, end, line, why or ""))
        commands = _commands(line)
        _open_and_close(blocks, line, commands)
        leaves = _leaving(commands)
        goes_on = dead or continued or any(blocks) or index in skipped
        if leaves and not goes_on:
            dead = f"the script ends before it, in line {index + 1}"
            targets = {(leaves["label"] or "").upper()}
        continued = _CONTINUES.search(line) is not None
    if continued:
        return Flow(lines, "its last line is continued")
    return Flow(lines, dead or ("a block is still open at its end" if blocks else ""))


def _commands(line: str) -> list[_Command]:
    """The commands of a line, without what ``rem`` makes a comment."""
    found: list[_Command] = []
    before, start = "", 0
    for split in [*filter(lambda one: one[1], _SPLIT.finditer(line)), None]:
        command = line[start : split.start() if split else None]
        if _REMARK.match(command):
            break
        found.append(_Command(before, command))
        if split:
            before, start = split[1], split.end()
    return found


def _open_and_close(blocks: list[bool], line: str, commands: Sequence[_Command]) -> None:
    """Opens and closes blocks as a line does. Parentheses count if a command begins with a
    parenthesis, or with a word that a block follows."""
    conditional = any(_CONDITION.match(one.text) for one in commands)
    opening = [one.before for one in commands if _BLOCK.match(one.text)]
    if not (blocks or conditional or opening):
        return
    change = _parentheses(line)
    if change > 0:
        blocks += [conditional or "||" in opening] * change
    else:
        del blocks[max(0, len(blocks) + change) :]


def _parentheses(text: str) -> int:
    """How many more parentheses a text opens than it closes."""
    bare = _QUOTED.sub("", text)
    return bare.count("(") - bare.count(")")


def _leaving(commands: Sequence[_Command], *, certain: bool = False) -> re.Match[str] | None:
    """The command of a line with which the script ends or continues elsewhere. Commands after
    ``if`` and ``||`` do not count: scripts use them to end when something is wrong. ``certain``:
    commands after ``&&`` do not count either."""
    inside = 0  # parentheses opened after ||
    for command in commands:
        if inside:
            inside = max(0, inside + _parentheses(command.text))
        elif _CONDITION.match(command.text):
            return None  # the rest of the line belongs to it
        elif command.before in ("||", "|"):
            inside = max(0, _parentheses(command.text)) if _BLOCK.match(command.text) else 0
        elif (command.before != "&&" or not certain) and (found := _LEAVES.match(command.text)):
            return found
    return None


def _skipped(texts: Sequence[str]) -> dict[int, str]:
    """Line index -> why it may be skipped: it is between a conditional jump and its label. A label
    after an exit, which only jumps reach, begins a separate path, such as the usage message: the
    lines before it always run unless the script jumps.
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
            leaves = _leaving(_commands(line), certain=True) is not None
    return result
