"""What differs between two sides as Markdown: a section for each kind that opens on a click.

All text from a server or a manifest is code, see ``code.py``. Objects with equal differences are
shown once.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

from reconciler.compare.model import Comparison, ObjectDifference
from reconciler.diagnostics import counted
from reconciler.render.comparison_words import (
    remark_of_object,
    rest,
    side_text,
    summary,
    uncompared,
)
from reconciler.render.markdown.actions import field_cell, value_cells
from reconciler.render.markdown.code import codes, html_code, short_code, table
from reconciler.render.markdown.fitting import Block, FoldedSection, assembled
from reconciler.render.output_form import OutputStyle

_HEADER = 100
_NAMES = 50
_WHOLE = "`gwe compare` prints everything."


def comparison_markdown(found: Comparison, style: OutputStyle) -> str:
    """A comparison as Markdown of at most ``style.max_bytes`` bytes."""
    sections = [] if style.quiet else [*_kinds(found, style), *_notes(found)]
    return assembled(_head(found), sections, "", _WHOLE, style.max_bytes)


def _head(found: Comparison) -> str:
    """What is always shown: the counts, and what the sides are."""
    lines = [f"## {summary(found, 'A', 'B')}", ""]
    for letter, side in (("A", found.a), ("B", found.b)):
        lines.append(
            f"- {letter}: {short_code(side.name, _HEADER)}: {short_code(side_text(side), _HEADER)}"
        )
    lines += ["", *rest(found)]
    return "\n".join(lines).rstrip("\n") + "\n\n"


def _kinds(found: Comparison, style: OutputStyle) -> Iterator[FoldedSection]:
    for kind, group in groupby(found.differences, key=lambda one: one.kind):
        members = list(group)
        head = f"<details>\n<summary>{html_code(kind)}: {_counts(members)}</summary>\n\n"
        blocks = [
            Block(len(same), partial(_block, same, found, verbose=style.verbose))
            for same in _groups(members, found)
        ]
        yield FoldedSection(head, blocks, "</details>\n\n")


def _counts(members: Sequence[ObjectDifference]) -> str:
    words = {"differs": "differing", "only-in-a": "only in A", "only-in-b": "only in B"}
    counts = ((sum(one.found == name for one in members), word) for name, word in words.items())
    return ", ".join(f"{number:,} {word}" for number, word in counts if number)


def _groups(
    members: Sequence[ObjectDifference], found: Comparison
) -> Iterator[list[ObjectDifference]]:
    """The objects in their order, with objects that have the same differences together."""
    alike: dict[object, list[ObjectDifference]] = {}
    for one in members:
        changes = one.changes if one.found == "differs" else ()
        key = (one.found, remark_of_object(one, found), changes)
        alike.setdefault(key, []).append(one)
    yield from alike.values()


def _block(same: Sequence[ObjectDifference], found: Comparison, *, verbose: bool) -> str:
    """What differs in one object, or in several alike."""
    one = same[0]
    names = codes([each.address.removeprefix(f"{each.kind}/") for each in same], _NAMES)
    number = f"{counted(len(same), 'object')}: " if len(same) > 1 else ""
    remark = remark_of_object(one, found)
    text = f"**{one.found}** {number}{names}{f': {short_code(remark)}' if remark else ''}\n\n"
    if one.found != "differs" and not verbose:
        return text
    header = ("Field", "A", "B")
    rows = [(field_cell(c), *value_cells(c, whole=verbose)) for c in one.changes]
    hints = dict.fromkeys(c.hint for c in one.changes if c.hint)
    remarks = "".join(f"{short_code(hint)}\n\n" for hint in hints)
    return f"{text}{table(header, rows) if rows else ''}{remarks}"


def _notes(found: Comparison) -> Iterator[FoldedSection]:
    for title, texts in (("not compared", [*uncompared(found)]), ("notes", found.notices)):
        blocks = [Block(1, partial("- {}\n".format, short_code(text, 400))) for text in texts]
        if blocks:
            head = f"<details>\n<summary>{len(blocks):,} {title}</summary>\n\n"
            yield FoldedSection(head, blocks, "\n</details>\n\n", "note")
