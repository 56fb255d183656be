"""Masks the secrets in the text of a manifest, so that it can be shown. Pure."""

import re

from reconciler.kinds.fields import HIDDEN
from reconciler.kinds.secret_names import SecretNames
from reconciler.manifest.formatting.tree import BLOCK_STYLES, Entry, Leaf, read_pages
from reconciler.yaml.construction import plain_value


def masked(text: str, names: SecretNames) -> str:
    """A text of strict YAML with ``(secret)`` in place of each value whose name marks it as a
    secret, in the same quotes, and of every other occurrence of such a value."""
    found = [
        entry.value
        for page in read_pages(text)
        for entry in page.entries
        if isinstance(entry.value, Leaf) and _is_text(entry.value) and names.marks(_path(entry))
    ]
    values = {line.strip() for leaf in found for line in leaf.value.splitlines()} - {""}
    if not values:
        return text
    elsewhere = re.compile("|".join(map(re.escape, sorted(values, key=len, reverse=True))))
    parts, end = [], 0
    for leaf in found:
        parts += [elsewhere.sub(HIDDEN, text[end : leaf.start]), _hidden(leaf, text)]
        end = leaf.end
    return "".join([*parts, elsewhere.sub(HIDDEN, text[end:])])


def _is_text(leaf: Leaf) -> bool:
    return leaf.style not in ("", "*") or isinstance(plain_value(leaf.value), str)


def _path(entry: Entry) -> tuple[str, ...]:
    return tuple(one.key.value if one.key else "" for one in (*entry.parents, entry))


def _hidden(leaf: Leaf, text: str) -> str:
    if leaf.style not in BLOCK_STYLES:
        return f"{leaf.style}{HIDDEN}{leaf.style}"
    after = "\n" if text[leaf.start : leaf.end].endswith("\n") else ""
    return f"{leaf.style} {HIDDEN}{after}"
