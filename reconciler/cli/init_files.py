"""The files of ``gwe init``: copies of what comes with gwe, and files to start from."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.files.reading import read_content
from reconciler.files.writing import write_file
from reconciler.resources import bundled, bundled_manifests
from reconciler.settings.search import FILE_NAME

MANIFESTS = "manifests/web-engagement"
SCHEMAS = "schemas"
BASE = ".gwe/base"
"""The folder with the unedited copies, the base for the merge of ``gwe init --update``."""

FRESH = {".git", ".gitignore", ".gitattributes", "README.md", "LICENSE"}
"""What a folder may contain and still count as new: the files of an empty repository."""

_SETTINGS = """\
#:schema schemas/settings.schema.json
# What gwe reads when it runs in this folder or below it. Options on the command line win.
# server = "embedded:gwe.db"
# app = "Web_Engagement_Server"
file = ["manifests"]

# Values of the variables that manifests/web-engagement/variables.yaml declares.
[vars]

# Another environment, chosen with --profile NAME. The same settings as above.
# [profiles.test]
# server = "embedded:test.db"
"""

_IGNORED = """\
# Plans are made for one moment and one server.
*.plan
# Embedded servers.
*.db
*.db-*
# The vendor's jars, which may not be published.
psdk/
# Passwords have no place in a repository.
password*
"""

_README = """\
# Web Engagement in Configuration Server

The manifests in this folder declare the objects that Genesys Web Engagement
needs in Configuration Server. `gwe.toml` names the server and the application
of the Web Engagement Server; `gwe plan` shows how the server differs from the
manifests, and `gwe apply` writes the difference once you have approved it.

`manifests/web-engagement` came with gwe: edit it as you need. Put what is your
own beside it, such as `manifests/site`. Propose every change as a commit: `gwe
validate` checks it without a server, `gwe plan --out change.plan` makes the
plan to review, and `gwe apply change.plan` applies just that plan. `gwe drift`
in a nightly job exits with 2 when the server differs.

After an upgrade of gwe, `gwe init --update .` merges its newer manifests into
yours. For that it keeps the manifests as they came in `.gwe`, which belongs in
the repository too. Passwords do not: gwe reads them from `GWE_PASSWORD`, from a
file or from the keyring.
"""


def copied_files() -> dict[str, str]:
    """Name in the new folder -> text, of the manifests and schemas that come with gwe."""
    sources = {MANIFESTS: bundled_manifests(), SCHEMAS: bundled("schemas")}
    return {
        f"{name}/{file.relative_to(folder).as_posix()}": file.read_text(encoding="utf-8")
        for name, folder in sources.items()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def starting_files() -> dict[str, str]:
    """Name -> text, of the files that are the site's own from the start."""
    return {FILE_NAME: _SETTINGS, ".gitignore": _IGNORED, "README.md": _README}


def write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Writes the files below a folder that do not have these texts yet. FileWriteError if it
    cannot."""
    for name, text in files.items():
        if not has_text(folder / name, text):
            write_file(folder / name, text.encode())


def has_text(file: Path, text: str) -> bool:
    """Whether a file exists and has this text."""
    content = text.encode()
    try:
        return read_content(file, len(content) + 1) == content
    except OSError:
        return False
