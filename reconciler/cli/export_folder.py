"""The folder that an export goes into: which of its files it may replace, and which not.

The hidden file ``.gwe-export.json`` keeps a digest of every file as an export wrote it. A file
that still has its digest has been edited by nobody, and may be replaced.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct

from reconciler.errors import UsageError
from reconciler.files.errors import unwritable

RECORD = ".gwe-export.json"
_FORMAT = "gwe-export/1"

Word = Literal["new", "updated", "unchanged", "kept", "stale"]


class FileResult(Struct, frozen=True):
    """What an export did with a file. ``kept``: somebody has edited the file; ``stale``: an
    earlier export wrote it, and this export has nothing for it. Such files are left alone."""

    name: str
    word: Word


def check_folder(folder: Path) -> None:
    """UsageError where a folder cannot be written into, since it is a file."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder", "Name a folder.")


def write_folder(folder: Path, files: Mapping[str, str], *, merge: bool) -> list[FileResult]:
    """Writes files into a folder, each whole or not at all.

    Without ``merge``, UsageError where a file is there and differs; then nothing is written.
    With it, files that nobody has edited are updated, and the others are kept.
    """
    try:
        return _write(folder, {name: text.encode() for name, text in files.items()}, merge)
    except OSError as error:
        raise unwritable(Path(error.filename or folder), error) from error


def _write(folder: Path, files: Mapping[str, bytes], merge: bool) -> list[FileResult]:
    record = _record(folder)
    results = [_result(folder / name, content, record) for name, content in files.items()]
    differ = [one.name for one in results if one.word in ("updated", "kept")]
    if differ and not merge:
        them, verb = ("a file", "differs") if len(differ) == 1 else ("files", "differ")
        raise UsageError(
            f"{folder} has {them} that {verb} from the export: {', '.join(differ)}",
            "Nothing was written. --merge updates the files that nobody has edited since the"
            " last export, and keeps the others; or name another folder.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for one in results:
        if one.word in ("new", "updated"):
            _replace(folder / one.name, files[one.name])
        if one.word != "kept":
            record[one.name] = _digest(files[one.name])
    stale = [name for name in record if name not in files and (folder / name).is_file()]
    there = {name: record[name] for name in sorted(record) if name in files or name in stale}
    text = json.dumps({"format": _FORMAT, "files": there}, indent=2)
    _replace(folder / RECORD, f"{text}\n".encode())
    return [*results, *(FileResult(name, "stale") for name in sorted(stale))]


def _result(path: Path, content: bytes, record: Mapping[str, str]) -> FileResult:
    if not path.exists():
        return FileResult(path.name, "new")
    there = path.read_bytes()
    if there == content:
        return FileResult(path.name, "unchanged")
    edited = record.get(path.name) != _digest(there)
    return FileResult(path.name, "kept" if edited else "updated")


def _record(folder: Path) -> dict[str, str]:
    """Name -> digest of the files that exports have written. One that cannot be read counts as
    none: then no file is replaced."""
    with suppress(OSError, ValueError, AttributeError):
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if found.get("format") == _FORMAT:
            return {str(name): str(digest) for name, digest in found["files"].items()}
    return {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Writes a file under a name of its own, which then takes the name asked for."""
    draft = path.with_name(f".gwe-export.{uuid.uuid4().hex}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
