"""Fits Markdown into a number of bytes. What does not fit is left out and counted.

A comment on GitHub may have 65,536 characters; a longer comment is refused. Here UTF-8 bytes are
counted, of which there are never fewer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.diagnostics import counted

_NOTE = 80
"""The largest number of bytes that a section needs to say what it leaves out."""
_LEAST = 20
"""The smallest number of bytes of a block."""
_LEFT_OUT = 200
"""Room, in bytes, to say what was left out."""


class Block(Struct, frozen=True):
    """A part of a section that is shown whole or left out. ``count``: how many things, such as
    objects, it shows."""

    count: int
    text: Callable[[], str]


class FoldedSection(Struct, frozen=True):
    """Blocks between a head and a foot. ``thing``: what blocks count, in the singular."""

    head: str
    blocks: Sequence[Block]
    foot: str = ""
    thing: str = "object"


class Fitted(Struct, frozen=True):
    """The text, and how many of which things are not in it: thing -> number."""

    text: str
    left_out: Mapping[str, int]


def fitted(sections: Sequence[FoldedSection], room: int) -> Fitted:
    """The sections in their order, in at most ``room`` bytes. A block that does not fit is
    left out; smaller blocks after it may still fit."""
    texts: list[str] = []
    left_out: Counter[str] = Counter()
    for section in sections:
        frame = _size(section.head) + _size(section.foot)
        inner = room - frame
        shown = list(_fitting(section, inner)) if inner >= 0 else []
        missing = sum(b.count for b in section.blocks) - sum(block.count for block, _ in shown)
        left_out[section.thing] += missing
        if not shown:
            continue
        body = "".join(text for _, text in shown)
        note = f"\n{counted(missing, section.thing)} left out here.\n\n" if missing else ""
        texts.append(f"{section.head}{body}{note}{section.foot}")
        room -= frame + _size(body) + _size(note)
    return Fitted("".join(texts), +left_out)


def _fitting(section: FoldedSection, room: int) -> Iterator[tuple[Block, str]]:
    """The blocks that fit, with their texts. Room for the note is kept free."""
    room -= _NOTE
    for block in section.blocks:
        if room < _LEAST:
            return
        text = block.text()
        if _size(text) <= room:
            room -= _size(text)
            yield block, text


def assembled(
    head: str, sections: Iterable[FoldedSection], tail: str, whole: str, max_bytes: int
) -> str:
    """The head, as much of the sections as fits, and the tail. ``whole``: where the whole text
    is."""
    room = max_bytes - len((head + tail + whole).encode()) - _LEFT_OUT
    body = fitted(list(sections), room)
    note = ""
    if body.left_out:
        missing = ", ".join(counted(number, thing) for thing, number in body.left_out.items())
        note = f"**Left out to stay within {max_bytes:,} bytes: {missing}.** {whole}\n\n"
    return f"{head}{body.text}{note}{tail}".rstrip("\n") + "\n"


def _size(text: str) -> int:
    return len(text.encode())
