"""What a command leaves that is killed, for each moment of its run, from one run of it.

A killed process leaves the files as they are: what it had in memory is lost, and the system
releases its locks. So one run that keeps a copy of its files at each moment shows what as many
runs leave that are killed, for a tenth of their processor time. At each kind of moment one
process is killed all the same.
"""

import marshal
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.runs import Place, Strike

Files = dict[str, tuple[int, bytes]]
"""Paths below a folder -> the mode of the file, and its content."""


def keep_files(kept: Path) -> None:
    """Writes into a new file what is in the folder that a command runs in, and in the folders
    beside it, such as that of its state."""
    kept.write_bytes(marshal.dumps(_files_in(Path.cwd().parent)))


def _files_in(folder: Path) -> Files:
    return {
        file.relative_to(folder).as_posix(): (file.stat().st_mode & 0o7777, file.read_bytes())
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def found_by_commands(place: "Place", *more: object) -> object:
    """For ``once_in_each``: all that a command finds in a place, and more that the check is
    told. SQLite's shared memory is left out: who opens a database that nobody has open makes
    it anew. What is in PostgreSQL is taken to be different each time."""
    if place.database:
        return object()
    found = _files_in(place.folder.parent).items()
    kept = [one for one in found if not one[0].endswith("-shm")]
    return sha256(marshal.dumps(kept)).digest(), more


class Moments:
    """Commands that are killed in a place which lies alone in its parent folder, and is now as
    they find it. ``command`` runs there, with what strikes it, and returns its exit code;
    ``really``: the strikes that come to a process."""

    def __init__(
        self, place: "Place", command: Callable[["Strike"], int], really: Collection["Strike"] = ()
    ) -> None:
        self._place = place
        self._command = command
        self._really = really
        self._before = _files_in(place.folder.parent)
        self._kept: dict[str, dict[str, Files]] = {}

    def kill(self, strike: "Strike") -> "Place":
        """The place as the command leaves it that is killed there."""
        if strike.at not in self._kept:
            self._kept[strike.at] = self._run(strike)
        left = self._kept[strike.at].get(f"{strike.number}-{strike.side}")
        if left is None or strike in self._really:  # no run that goes on has half a file
            self._restore(self._before)
            assert self._command(strike) == -9
            assert left is None or _kinds(left) == _kinds(_files_in(self._place.folder.parent))
        else:
            self._restore(left)
        return self._place

    def _run(self, strike: "Strike") -> dict[str, Files]:
        """What the files are at each moment of that kind."""
        self._restore(self._before)
        with TemporaryDirectory() as folder:
            assert self._command(replace(strike, number=0, keeps=folder)) == 0
            return {one.name: marshal.loads(one.read_bytes()) for one in Path(folder).iterdir()}  # noqa: S302 - our own

    def _restore(self, files: Files) -> None:
        folder = self._place.folder.parent
        shutil.rmtree(folder)
        for name, (mode, content) in files.items():
            path = folder / name
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)


def _kinds(files: Files) -> Counter[tuple[PurePath, str]]:
    """Which files there are, whatever the run is called."""
    return Counter((PurePath(name).parent, PurePath(name).suffix) for name in files)
