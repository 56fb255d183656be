"""README.md as a package index shows it, where no file of the repository is beside it.

A hook of hatchling. ``files`` in pyproject.toml is the address at which the repository shows its
files; links and pictures then lead there. Without an address a link is its text, and a picture is
left out.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)")


def for_an_index(readme: str, files: str) -> str:
    """The text with absolute links. ``files``: such as ``https://HOST/PROJECT/-/blob/main``."""

    def absolute(link: re.Match[str]) -> str:
        picture, text, target = link.groups()
        if not files:
            return "" if picture else text
        shown = files.replace("/blob/", "/raw/") if picture else files
        return f"{picture}[{text}]({shown}/{target})"

    return re.sub(r"\n{3,}", "\n\n", _LINK.sub(absolute, readme))


class ReadmeHook(MetadataHookInterface):
    """Sets the long description of the package."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Adds ``readme`` to the metadata of the project."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": for_an_index(text, self.config.get("files", "")),
        }
