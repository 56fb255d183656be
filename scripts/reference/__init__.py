"""The generated pages of the documentation: ``make reference`` writes them.

They follow from the program: commands from click, settings and kinds from their schemas, object
types from their table, errors from their classes. What is known of the manifests that come
with gwe is generated too. A test compares the files with these values.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.reference import (
    commands,
    environment,
    errors,
    kinds,
    known_manifests,
    man,
    object_types,
    settings,
)
from scripts.reference.messages import page as messages

ROOT = Path(__file__).parent.parent.parent

_PAGES: Mapping[str, Callable[[], str]] = {
    "commands": commands.page,
    "environment": environment.page,
    "errors": errors.page,
    "kinds": kinds.page,
    "messages": messages.page,
    "object-types": object_types.page,
    "settings": settings.page,
}

_COMMENT = "<!-- Written by `make reference`: change the program, not this page. -->"

FOLDERS = ("docs/reference", "man", "manifests/known")
"""Folders in which every file is generated."""


def generated_files() -> dict[str, str]:
    """Path below the repository -> text, of every file that is generated here."""
    docs = {f"docs/reference/{name}.md": _marked(page()) for name, page in _PAGES.items()}
    known = {"manifests/known/web-engagement.json": known_manifests.text()}
    return docs | known | {f"man/{name}": text for name, text in man.pages().items()}


def written_files() -> dict[str, str]:
    """The same of the files as they are in the repository."""
    found = (path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.*")))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}


def write() -> None:
    """Writes what differs, and removes what is generated no more."""
    texts = generated_files()
    for name in written_files().keys() - texts.keys():
        (ROOT / name).unlink()
    for name, text in texts.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text, encoding="utf-8", newline="\n")


def _marked(page: str) -> str:
    """The page with a comment below its title that says where it comes from."""
    title, _, rest = page.partition("\n")
    return f"{title}\n\n{_COMMENT}\n{rest}"
