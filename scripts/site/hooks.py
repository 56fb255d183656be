"""Hooks of MkDocs: files at the top of the repository become part of the site.

Pages there link through ``docs/``, and pages in ``docs/`` link upwards. Both are rewritten, so that
the same text works in a repository and on the site. A linked file that is no page, such as an
example of a pipeline, is copied as it is.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

TOP = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Page at the top of the repository -> its name on the site."""

_DIALOG = 'data-md-component="search" role="dialog"'
_LINK = re.compile(r"\]\(([^)\s#]+)((?:#[^)\s]*)?)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages of ``TOP``, and the files to which pages link."""
    root = Path(config.config_file_path).parent
    for name, page in TOP.items():
        content = (root / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=content))
    linked = {name for file in files.documentation_pages() for name in _links(file)}
    for name in sorted(linked - TOP.keys()):
        if not name.startswith(("docs/", "../")) and (root / name).is_file():
            files.append(File(name, str(root), config.site_dir, use_directory_urls=False))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - mkdocs names them
    """The text with the links that the site needs."""
    here = page.file.src_uri

    def rewritten(found: re.Match[str]) -> str:
        target = _target(here, found[1])
        named = TOP.get(target, target.removeprefix("docs/"))
        if ":" in found[1] or not files.get_file_from_path(named):
            return found[0]
        return f"]({posixpath.relpath(named, posixpath.dirname(here) or '.')}{found[2]})"

    return _LINK.sub(rewritten, markdown)


def _links(file: File) -> Iterator[str]:
    for link, _ in _LINK.findall(file.content_string):
        yield _target(file.src_uri, link)


def _target(page: str, link: str) -> str:
    """Where a link leads, as a path from the top of the repository. ``page``: on the site."""
    folder = "" if page in TOP.values() else posixpath.join("docs", posixpath.dirname(page))
    return posixpath.normpath(posixpath.join(folder, link))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 - mkdocs names them
    """The page with a name for the dialog of the search, which a screen reader needs."""
    return output.replace(_DIALOG, f'{_DIALOG} aria-label="Search"')
