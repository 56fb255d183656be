"""Writes documents in canonical layout: two spaces a level, lists below their key, an entry a line.
Pure.

A collection in brackets on one line stays so if it fits. Long texts keep their line breaks.
"""

from collections.abc import Iterator, Sequence

from reconciler.manifest.formatting.tree import BLOCK_STYLES, Collection, Entry, Leaf, Page
from reconciler.text.yaml import is_text_everywhere, quoted
from reconciler.yaml.construction import plain_value

WIDTH = 100
"""The longest line with brackets. Other lines are never broken."""
_STEP = 2


def page_lines(page: Page, *, first: bool) -> Iterator[str]:
    """The lines of a document. ``first``: it is the first of its file."""
    if page.explicit or not first:
        yield _behind("---", page.tail)
    head = _without_blank_start(page.head)
    yield from head
    if page.root is not None:
        stays = bool(head) and head[-1] != ""
        if page.root.entries and page.root.one_line and _fits(page.root, 0):
            yield _behind(_flow(page.root), _tails(page.root))
        else:
            yield from _block(page.root, 0, after_comment=stays)
    foot = page.foot
    yield from foot if head or page.root else _without_blank_start(foot)


def _block(collection: Collection, indent: int, *, after_comment: bool = False) -> Iterator[str]:
    """The lines of a mapping or list, each with its indentation."""
    if not collection.entries:
        yield " " * indent + _flow(collection)
    for number, entry in enumerate(collection.entries):
        above = entry.head if number or after_comment else _without_blank_start(entry.head)
        yield from _indented(above, indent)
        yield from _entry(entry, indent)
        yield from _indented(entry.foot, indent)


def _entry(entry: Entry, indent: int) -> Iterator[str]:
    space = " " * indent
    start = space + (_key(entry.key) if entry.key else "-")
    value = entry.value
    anchor = f" &{value.anchor}" if value.anchor else ""
    if isinstance(value, Leaf):
        first, *rest = _leaf(value, indent + _STEP)
        line = f"{start}{anchor} {first}"
        if rest and value.style not in BLOCK_STYLES:
            yield line
            *rest, last = rest
            yield from rest
            yield _behind(last, entry.tail)
        else:
            yield _behind(line, entry.tail)
            yield from rest
        return
    if not value.entries or (value.one_line and _fits(value, len(start + anchor) + 1)):
        below = _tails(value)
        yield from _indented([entry.tail] if entry.tail and below else [], indent)
        yield _behind(f"{start}{anchor} {_flow(value)}", below or entry.tail)
        return
    lines = list(_block(value, indent + _STEP))
    if entry.key or anchor or entry.tail or lines[0].lstrip(" ").startswith("#"):
        yield _behind(start + anchor, entry.tail)
    else:
        lines[0] = f"{space}- {lines[0][indent + _STEP :]}"
    yield from lines


def _leaf(leaf: Leaf, indent: int) -> list[str]:
    """The lines of a scalar or alias; all but the first with their indentation."""
    if leaf.style in BLOCK_STYLES:
        return _block_scalar(leaf, indent)
    if leaf.in_lines:
        first, *rest = leaf.text.split("\n")
        # YAML folds these two characters only: another blank is a part of the value.
        lines = (_indented_line(line.strip(" \t"), indent) for line in rest)
        return [first.rstrip(" \t"), *lines]
    return [_inline(leaf)]


def _block_scalar(leaf: Leaf, indent: int) -> list[str]:
    value = leaf.value
    if not value.strip("\n"):
        return [quoted(value)]
    header, *lines = leaf.text.split("\n")
    digits = [one for one in header.partition("#")[0] if one.isdigit()]
    contents = [line for line in lines if line.strip(" ")]
    shift = (
        max(leaf.parent, 0) + int(digits[0])
        if digits
        else len(contents[0]) - len(contents[0].lstrip(" "))
    )
    lines = [line[shift:] for line in lines]
    while not lines[-1]:
        lines.pop()
    begins_with_space = next(line for line in lines if line).startswith(" ")
    ends = len(value) - len(value.rstrip("\n"))
    chomping = "-" if ends == 0 else "+" if ends > 1 else ""
    lines += [""] * (ends - 1)
    header = f"{leaf.style}{_STEP if begins_with_space else ''}{chomping}"
    return [header, *(_indented_line(line, indent) for line in lines)]


def _inline(leaf: Leaf) -> str:
    """A scalar or alias on one line, in quotes if another reader could read it differently."""
    value = leaf.value
    match leaf.style:
        case "*":
            return value
        case "":
            same = isinstance(plain_value(value), str) and not is_text_everywhere(value)
            return quoted(value) if same else value
        case '"' if not value.isprintable():
            return leaf.text
    return quoted(value)


def _key(key: Leaf) -> str:
    text = quoted(key.value) if key.in_lines else _inline(key)
    anchor = f"&{key.anchor} " if key.anchor else ""
    return f"{anchor}{text}{' ' if key.style == '*' else ''}:"


def _flow(collection: Collection) -> str:
    parts = []
    for entry in collection.entries:
        value = entry.value
        anchor = f"&{value.anchor} " if value.anchor else ""
        text = _inline(value) if isinstance(value, Leaf) else _flow(value)
        parts.append(f"{_key(entry.key)} {anchor}{text}" if entry.key else anchor + text)
    inside = ", ".join(parts)
    return f"{{{inside}}}" if collection.mapping else f"[{inside}]"


def _fits(collection: Collection, column: int) -> bool:
    return column + len(_flow(collection)) <= WIDTH


def _tails(collection: Collection) -> str:
    """The comment after a collection in brackets on one line."""
    for entry in collection.entries:
        below = _tails(entry.value) if isinstance(entry.value, Collection) else ""
        if entry.tail or below:
            return entry.tail or below
    return ""


def _behind(line: str, comment: str) -> str:
    return f"{line}  {comment}" if comment else line


def _indented(lines: Sequence[str], indent: int) -> Iterator[str]:
    return (_indented_line(line, indent) for line in lines)


def _indented_line(line: str, indent: int) -> str:
    return " " * indent + line if line else ""


def _without_blank_start(lines: Sequence[str]) -> Sequence[str]:
    return lines[1:] if lines and not lines[0] else lines
