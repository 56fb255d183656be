"""Data as YAML text, for people to read and for ``yaml.strict`` to read back as it was. Pure.

A text is written plain only if every YAML reader takes it for a text: not ``on``, ``0123``,
``1_000`` or ``22:30``. Several lines are written as a block (``|``) if all their characters can be
seen.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

_TEXT = "tag:yaml.org,2002:str"
_OTHER_WORDS = frozenset({"y", "n", "Y", "N"})
"""Words that YAML 1.1 takes for booleans, and PyYAML does not."""

_PLAIN_START = re.compile(r"[^\W\d]|/")
_NOT_PLAIN = re.compile(r": | #|:$|\s$")


_resolve: Any = yaml.resolver.Resolver().resolve


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and indents lists below their key."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: Any, text: str) -> yaml.ScalarNode:
    node: yaml.ScalarNode = dumper.represent_scalar(_TEXT, text, style=_style(text))
    return node


_Dumper.add_representer(str, _represent_text)


def _style(text: str) -> str | None:
    """How a text is written: None for plain, else the character of the style."""
    if "\n" in text and _can_be_block(text):
        return "|"
    if not text.isprintable():
        return _quote(text)
    if is_text_everywhere(text) and _PLAIN_START.match(text) and not _NOT_PLAIN.search(text):
        return None
    return _quote(text)


def is_text_everywhere(text: str) -> bool:
    """Whether every YAML reader reads the unquoted text as a text."""
    resolved = _resolve(yaml.ScalarNode, text, (True, False))
    return bool(resolved == _TEXT) and text not in _OTHER_WORDS


def quoted(text: str) -> str:
    """A text in quotes, on one line."""
    style = _quote(text)
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if text.isprintable():
        return f'"{text}"'
    line: str = yaml.safe_dump(text, default_style=style, allow_unicode=True, width=2**31)
    return line.removesuffix("\n")


def _quote(text: str) -> str:
    """The quotes that need the fewest escapes."""
    return "'" if text.isprintable() and ('"' in text or "\\" in text) else '"'


def _can_be_block(text: str) -> bool:
    """Whether a text as a block (``|``) reads back unchanged, and shows all of its characters."""
    lines = text.removesuffix("\n").split("\n")
    ends_are_seen = bool(lines[0] and lines[-1]) and not lines[0].startswith(" ")
    return ends_are_seen and all(line.isprintable() and line == line.rstrip() for line in lines)


def yaml_text(document: Mapping[str, Any]) -> str:
    """A document of mappings, lists, texts, integers, booleans and null, without folded lines."""
    text: str = yaml.dump(
        dict(document),
        Dumper=_Dumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=2**31,
    )
    return text
