"""``gwe init --update``: the manifests of this version of gwe, merged into an edited copy.

Three versions of each file are compared: the base, from the version of gwe that made the copy;
ours, as the site has edited it; theirs, from this version of gwe. If both have changed the file,
``git merge-file`` merges it line by line (docs/decisions/0009-merging-manifests.md).
"""

import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

import reconciler
from reconciler.cli.init_files import BASE, SCHEMAS, copied_files, write_all
from reconciler.diagnostics import Diagnostic, counted
from reconciler.errors import ManifestError, ReconcilerError, UsageError
from reconciler.files.conflict_marks import conflicts
from reconciler.files.reading import MAX_BYTES, read_text, shown_path
from reconciler.files.writing import remove_file, rewrite_file, write_file


class FileUpdate(Struct, frozen=True):
    """What became of one file. ``text``: its new content; None: it is not written. ``conflicts``:
    the lines on which conflicts begin in it."""

    name: str
    word: str
    reason: str = ""
    text: str | None = None
    conflicts: tuple[int, ...] = ()


def update(folder: Path) -> list[FileUpdate]:
    """Merges the files of this version into ``folder``. Returns what became of each file that is
    new or differs from its base. UsageError if the folder has no base, ManifestError if conflicts
    of an earlier update are left, ReconcilerError if git is needed and does not run, or if a file
    cannot be read, FileWriteError if a file cannot be written. Nothing is written before everything
    is merged."""
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {what}", "Name the folder that gwe init made.")
    if not (folder / BASE).is_dir():
        raise UsageError(
            f"{folder} has no folder {BASE} with the manifests as gwe init copied them",
            "Without it, your changes cannot be told from those of gwe. Make a new folder with gwe"
            " init and take over your changes by hand.",
        )
    theirs = copied_files()
    bases = {
        file.relative_to(folder / BASE).as_posix(): _read(file)
        for file in sorted((folder / BASE).rglob("*"))
        if file.is_file()
    }
    ours = {name: _read(folder / name) for name in (bases | theirs) if (folder / name).exists()}
    _check_solved(folder, ours)
    results = list(_merged(ours, bases, theirs))
    for one in results:
        if one.word == "removed":
            remove_file(folder / one.name)
        elif one.text is not None and one.name in ours:
            old = ours[one.name]
            rewrite_file(folder / one.name, old, _with_line_ends_of(old, one.text))
        elif one.text is not None:
            write_file(folder / one.name, one.text.encode())
    write_all(folder / BASE, theirs)
    for name in bases.keys() - theirs.keys():
        remove_file(folder / BASE / name)
    return results


def _check_solved(folder: Path, ours: Mapping[str, str]) -> None:
    """ManifestError if a file contains conflicts: another merge would nest their marks."""
    left = [
        problem
        for name, text in ours.items()
        if not _is_schema(name)
        for problem in conflicts(text, shown_path(folder / name))
    ]
    if left:
        count = len({one.position.file for one in left if one.position})
        hold = f"{counted(count, 'file')} still {'holds' if count == 1 else 'hold'} conflicts"
        again = f"gwe init --update {shlex.quote(str(folder))}"
        raise ManifestError(
            left, f"Nothing was written, since {hold}. Solve them, then run {again} again."
        )


def _is_schema(name: str) -> bool:
    return name.startswith(f"{SCHEMAS}/")


def _merged(
    all_ours: Mapping[str, str], bases: Mapping[str, str], theirs: Mapping[str, str]
) -> Iterator[FileUpdate]:
    for name in sorted({*bases, *theirs}):
        base, ours, new = (
            _with_unix_line_ends(files[name]) if name in files else None
            for files in (bases, all_ours, theirs)
        )
        if new in (base, ours):
            continue  # nothing is new, or the site has it already
        if ours == base or (new is not None and _is_schema(name)):
            word = "added" if base is None else "removed" if new is None else "updated"
            yield FileUpdate(name, word, text=new)
        elif new is None:
            yield FileUpdate(name, "kept", "it no longer comes with gwe, and you have edited it")
        elif ours is None:
            yield FileUpdate(name, "left out", "it has changed in gwe, but you have removed it")
        else:
            text = _merge(name, ours, base or "", new)
            lines = tuple(one.position.line for one in conflicts(text, name) if one.position)
            word, where = ("CONFLICT", _on_lines(lines)) if lines else ("merged", "")
            yield FileUpdate(name, word, where, text, lines)


def _with_unix_line_ends(text: str) -> str:
    """The text with Unix line ends, like the files that come with gwe."""
    return text.replace("\r\n", "\n")


def _with_line_ends_of(old: str, text: str) -> str:
    """A text, which has Unix line ends, with the line ends that ``old`` mostly has."""
    windows = old.count("\r\n")
    return text.replace("\n", "\r\n") if windows > old.count("\n") - windows else text


def _on_lines(lines: Sequence[int]) -> str:
    return f"line{'' if len(lines) == 1 else 's'} {', '.join(map(str, lines))}"


def _merge(name: str, ours: str, base: str, theirs: str) -> str:
    """The merged text, with git's marks around conflicts."""
    versions = {"yours": ours, "as it came": base, f"gwe {reconciler.__version__}": theirs}
    with tempfile.TemporaryDirectory() as place:
        command = ["merge-file", "--stdout"]
        files = []
        for number, (label, text) in enumerate(versions.items()):
            file = Path(place) / str(number)
            file.write_text(text, encoding="utf-8", newline="\n")
            command += ["-L", label]
            files.append(str(file))
        _git(name, place, "version")  # another program's exit code would count conflicts
        done = _git(name, place, *command, *files)
    if done.returncode > 127:  # below it is the number of conflicts
        raise _not_merged(name, f"which failed ({_first_line(done.stderr)})")
    return done.stdout.decode("utf-8")


def _git(name: str, place: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Runs git outside of any repository, to merge the file ``name``."""
    try:
        done = subprocess.run(  # noqa: S603 - git, with files of ours
            ["git", *arguments],  # noqa: S607 - where PATH leads
            cwd=place,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise _not_merged(name, "which is not installed") from error
    except OSError as error:
        raise _not_merged(name, f"which does not run ({error.strerror})") from error
    if arguments == ("version",) and done.returncode:
        raise _not_merged(name, f"which does not run ({_first_line(done.stderr)})")
    return done


def _not_merged(name: str, reason: str) -> ReconcilerError:
    return ReconcilerError(
        f"gwe init --update needs git, {reason}: {name} has changed both here and in gwe",
        "Nothing was written. Install git, then run the command again.",
    )


def _first_line(output: bytes) -> str:
    return output.decode(errors="replace").strip().partition("\n")[0] or "it said nothing"


def _read(file: Path) -> str:
    """The text, with unchanged line ends."""
    text = read_text(file, MAX_BYTES)
    if isinstance(text, Diagnostic):
        raise ReconcilerError(
            f"{file} {text.summary}", f"Nothing was written. {text.hint}".rstrip()
        )
    return text
