"""Writes an export into a folder: which files there it may replace, and which not.

The hidden file ``.gwe-export.json`` keeps a digest of every file as an export wrote it. A file that
still has its digest has not been edited, and may be replaced. The digests of all files of an export
are recorded before the first file is written, so that an interrupted export can be repeated.
"""

import hashlib
import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from reconciler.errors import ReconcilerError, UsageError
from reconciler.files.errors import reading_advice
from reconciler.files.reading import read_content
from reconciler.files.writing import write_file

RECORD = ".gwe-export.json"
_FORMAT = "gwe-export/1"

Word = Literal["new", "updated", "unchanged", "kept", "stale"]


_EDITED = "edited since it was exported"
_FOREIGN = "it differs, and no export is known to have written it"
_STALE = "nothing is exported to it any more"


class FileResult(Struct, frozen=True):
    """What an export did with a file. ``kept``: somebody has edited or made the file; ``stale``: an
    earlier export wrote it, and this export has no content for it. Such files are left alone, and
    ``remark`` says why."""

    name: str
    word: Word
    remark: str = ""


def check_folder(folder: Path) -> None:
    """UsageError if a folder cannot be written into, since it is a file."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder", "Name a folder.")


def write_folder(folder: Path, files: Mapping[str, str], *, merge: bool) -> list[FileResult]:
    """Writes files into a folder, each whole or not at all.

    Without ``merge``, UsageError if a file exists and differs; then nothing is written. With it,
    files that nobody has edited are updated, and the others are kept. ReconcilerError if a file
    cannot be read, or the record is damaged and a file differs; FileWriteError if a file cannot be
    written.
    """
    contents = {name: text.encode() for name, text in files.items()}
    written, begun, damage = _record(folder)
    results = [
        _result(folder / name, content, {written.get(name), begun.get(name)})
        for name, content in contents.items()
    ]
    differ = [one.name for one in results if one.word in ("updated", "kept")]
    if differ and damage:
        raise ReconcilerError(
            f"{folder / RECORD} is damaged: {damage}",
            "Nothing was written. That file says which files nobody has edited since the last"
            " export. Restore it, such as from git. Or delete it: then --merge keeps each file that"
            " differs from the export, as if it was edited.",
        )
    if differ and not merge:
        them, verb = ("a file", "differs") if len(differ) == 1 else ("files", "differ")
        raise UsageError(
            f"{folder} has {them} that {verb} from the export: {', '.join(differ)}",
            "Nothing was written. --merge updates the files that nobody has edited since the"
            " last export, and keeps the others; or name another folder.",
        )
    to_write = [one.name for one in results if one.word in ("new", "updated")]
    if to_write:
        begun |= {name: _digest(contents[name]) for name in to_write}
        _write_record(folder, written, begun)
    for name in to_write:
        write_file(folder / name, contents[name])
    known = {**written, **begun}
    stale = [name for name in known if name not in files and (folder / name).is_file()]
    ours = {one.name: _digest(contents[one.name]) for one in results if one.word != "kept"}
    kept = {name: known[name] for name in known if name in files or name in stale}
    _write_record(folder, {**kept, **ours}, {})
    return [*results, *(FileResult(name, "stale", _STALE) for name in sorted(stale))]


def _result(path: Path, content: bytes, ours: Collection[str | None]) -> FileResult:
    """``ours``: the digests of content that exports wrote, so that the file is unedited if it has
    any of them."""
    if not path.exists():
        return FileResult(path.name, "new")
    try:
        there = read_content(path, sys.maxsize)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReconcilerError(
            f"{path} cannot be read: {reason}",
            f"Nothing was written. {reading_advice(error, path)}".rstrip(),
        ) from error
    if there == content:
        return FileResult(path.name, "unchanged")
    if path.is_symlink() or _digest(there) not in ours:
        return FileResult(path.name, "kept", _EDITED if any(ours) else _FOREIGN)
    return FileResult(path.name, "updated")


def _record(folder: Path) -> tuple[dict[str, str], dict[str, str], str]:
    """Name -> digests of the files that exports have written, including an interrupted export; and
    what is wrong with the record; empty: nothing."""
    path = folder / RECORD
    if not path.exists():
        return {}, {}, ""
    try:
        found = json.loads(read_content(path, sys.maxsize))
        if found["format"] != _FORMAT:
            return {}, {}, f"its format is not {_FORMAT}"
        return dict(found["files"]), dict(found.get("begun", {})), ""
    except OSError as error:
        return {}, {}, error.strerror or str(error)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}, {}, "it is not as an export writes it"


def _write_record(folder: Path, written: Mapping[str, str], begun: Mapping[str, str]) -> None:
    record = {"format": _FORMAT, "files": dict(sorted(written.items()))}
    if begun:
        record["begun"] = dict(sorted(begun.items()))
    write_file(folder / RECORD, f"{json.dumps(record, indent=2)}\n".encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
