"""Hooks of MkDocs: pages at the top of the repository become pages of the site.

There, links lead through ``docs/``; from pages in ``docs/`` links lead upwards. Both are
rewritten, so that the same text works in a repository and on the site.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

TOP = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.md",
}
"""File at the top of the repository -> its page."""

_DIALOG = 'data-md-component="search" role="dialog"'
_LINK = re.compile(r"\]\(([^)\s#]+)((?:#[^)\s]*)?)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages of ``TOP``."""
    root = Path(config.config_file_path).parent
    for name, page in TOP.items():
        text = (root / name).read_text(encoding="utf-8")
        content = text if name.endswith(".md") else f"# Licence\n\n```text\n{text}```\n"
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - mkdocs names them
    """The text with the links that the site needs."""
    here = page.file.src_uri
    inside = here not in TOP.values()
    folder = posixpath.join("docs", posixpath.dirname(here)) if inside else ""

    def rewritten(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, found[1]))
        if not inside and target.startswith("docs/"):
            return f"]({target.removeprefix('docs/')}{found[2]})"
        if target in TOP:
            relative = posixpath.relpath(TOP[target], posixpath.dirname(here) or ".")
            return f"]({relative}{found[2]})"
        return found[0]

    return _LINK.sub(rewritten, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 - mkdocs names them
    """The page with a name for the dialog of the search, which a screen reader needs."""
    return output.replace(_DIALOG, f'{_DIALOG} aria-label="Search"')
