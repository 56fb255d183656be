"""The comments of a text, and the entry that each belongs to. Pure.

A comment at the end of a line belongs to the entry on that line. A comment on a line of its own
belongs to what follows, unless it is indented deeper: then to the end of the block before it.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.manifest.formatting.tree import (
    BLOCK_STYLES,
    Collection,
    Entry,
    Leaf,
    Page,
    UnformattableError,
)


class Comment(Struct, frozen=True):
    """A comment. ``start``: its offset; ``line``, ``column``: from 0; ``alone``: it has a line of
    its own."""

    text: str
    start: int
    line: int
    column: int
    alone: bool


def comments_of(text: str, pages: Sequence[Page]) -> list[Comment]:
    """Every comment of a text, in its order."""
    found: list[Comment] = []
    line, counted = 0, 0
    for start, end in _gaps(text, pages):
        at = text.find("#", start, end)
        while at >= 0:
            stop = text.find("\n", at, end)
            stop = end if stop < 0 else stop
            line += text.count("\n", counted, at)
            counted = at
            column = at - text.rfind("\n", 0, at) - 1
            alone = not text[at - column : at].strip(" \t")
            found.append(Comment(text[at:stop].rstrip(" \t"), at, line, column, alone))
            at = text.find("#", stop, end)
    return found


def _gaps(text: str, pages: Sequence[Page]) -> Iterator[tuple[int, int]]:
    """The spans between scalars. There, # begins a comment."""
    end = 0
    for page in pages:
        for entry in page.entries:
            for leaf in (entry.key, entry.value):
                if isinstance(leaf, Leaf):
                    yield end, leaf.body
                    end = leaf.end
    yield end, len(text)


def attach(text: str, pages: Sequence[Page]) -> None:
    """Gives every comment of a text, and every blank line, to the entry that it belongs to."""
    comments = comments_of(text, pages)
    lines = text.split("\n")
    starts = [one.start for one in comments]
    ends = [bisect_left(starts, page.start) for page in pages[1:]] + [len(comments)]
    for page, start, end in zip(pages, [0, *ends], ends, strict=False):
        _Attaching(page, lines).attach(comments[start:end])


class _Attaching:
    """Gives the comments of one document to its entries."""

    def __init__(self, page: Page, lines: Sequence[str]) -> None:
        self._page = page
        self._lines = lines
        self._starts = [entry.start for entry in page.entries]

    def attach(self, comments: Sequence[Comment]) -> None:
        for comment in comments:
            self._attach(comment)
        for number, entry in enumerate(self._page.entries):
            before = self._page.entries[number - 1] if number else None
            if self._after_blank_line(entry.line, before):
                entry.head.append("")
        if self._page.entries:  # these comments stay at the top, whichever key comes first
            first = self._page.entries[0]
            self._page.head += first.head
            first.head = []

    def _attach(self, comment: Comment) -> None:
        number = bisect_left(self._starts, comment.start)
        before = self._page.entries[number - 1] if number else None
        if not comment.alone and self._attach_tail(comment, before):
            return
        into = self._lines_for(comment, number, before)
        if self._after_blank_line(comment.line, before):
            into.append("")
        into.append(comment.text)

    def _attach_tail(self, comment: Comment, before: Entry | None) -> bool:
        """Attaches a comment at the end of a line to the entry on that line. Returns whether there
        is such an entry."""
        page = self._page
        if before is None:
            on_line = page.explicit and page.line == comment.line and comment.start > page.start
            page.tail = comment.text if on_line else page.tail
            return on_line
        ends = before.value.line if isinstance(before.value, Leaf) else before.line
        if comment.line not in (before.line, ends) and not _is_header(before.value, comment):
            return False
        if before.tail:
            before.head.append(before.tail)
        before.tail = comment.text
        return True

    def _lines_for(self, comment: Comment, number: int, before: Entry | None) -> list[str]:
        """The list of lines to which a comment on a line of its own belongs."""
        page = self._page
        after = page.entries[number] if number < len(page.entries) else None
        if before is None:
            if after is None or comment.start < page.start:
                return page.head
            return after.head
        if before.value.start > comment.start and not _is_block(before.value):
            return before.head
        inside = [one for one in (*before.parents, before) if _spans(one.value, comment)]
        if inside and isinstance(inside[-1].value, Collection) and inside[-1].value.flow:
            last = inside[-1].value
            if after is not None and after.start < last.end:
                return after.head
            if not last.entries:
                raise UnformattableError("there is a comment inside empty brackets")
            return last.entries[-1].foot
        if after is not None and (before in after.parents or comment.column <= after.column):
            return after.head
        return self._foot(comment, before, after)

    def _foot(self, comment: Comment, before: Entry, after: Entry | None) -> list[str]:
        """The end of the innermost block with the indentation of a comment."""
        for entry in reversed((*before.parents, before)):
            if entry.within.flow or entry.within.column > comment.column:
                continue
            if after is not None and entry.within is after.within:
                return after.head
            return self._page.foot if entry.within is self._page.root else entry.foot
        return self._page.foot if after is None else after.head

    def _after_blank_line(self, line: int, before: Entry | None) -> bool:
        """Whether the line above is blank and no part of a value."""
        if line == 0 or self._lines[line - 1].strip(" \t"):
            return False
        value = before.value if before else None
        return not (isinstance(value, Leaf) and value.keeps_blank_lines and value.line >= line)


def _is_header(value: Leaf | Collection, comment: Comment) -> bool:
    """Whether a comment is on the line of a ``|`` or ``>``."""
    return (
        isinstance(value, Leaf)
        and value.style in BLOCK_STYLES
        and value.start < comment.start < value.body
    )


def _is_block(value: Leaf | Collection) -> bool:
    return isinstance(value, Collection) and not value.flow


def _spans(value: Leaf | Collection, comment: Comment) -> bool:
    return value.start < comment.start < value.end
