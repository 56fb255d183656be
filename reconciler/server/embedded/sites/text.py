"""Site files as text: YAML in which every value reads back as it was. Pure."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

# Texts that every YAML reader takes for texts, if the emitter's own rules allow them plain.
_PLAIN = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./:@+ -]*[A-Za-z0-9_./-])?")
_READ_AS_OTHER = re.compile(r"true|false|null|[0-9]+", re.IGNORECASE)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that could be read as something else; writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and not _READ_AS_OTHER.fullmatch(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _represent_text)


def site_text(document: Mapping[str, Any]) -> str:
    """A site file as YAML, without folded lines."""
    text: str = yaml.dump(
        dict(document),
        Dumper=_Dumper,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=2**31,
    )
    return text
