"""The state folder: where the journals of runs are, and who holds one right now.

    STATE/runs/RUN/journal.jsonl    what the run did, with every object as it was
    STATE/runs/RUN/plan.json        the plan that it carried out
    STATE/runs/RUN/holder           held by the process that writes the journal

Mode 0700: the backups in it are in clear. Nothing else is kept here; without the folder
plans are made and applied as well, but cannot be taken back.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reconciler.errors import RunHeldError, StateFolderError

JOURNAL = "journal.jsonl"
PLAN = "plan.json"
_HOLDER = "holder"


def default_state_folder() -> Path:
    """The platform's own place for the state of programs."""
    from platformdirs import user_state_path  # noqa: PLC0415 - only where none is given

    return user_state_path("gwe-reconciler")


class StateFolder:
    """The state folder at ``path``, which is made when the first run is."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run_names(self) -> list[str]:
        """The runs that have a journal, in no order that means anything."""
        try:
            found = [one.name for one in (self.path / "runs").iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.path, error) from error
        return [one for one in found if (self.run_path(one) / JOURNAL).exists()]

    def run_path(self, run: str) -> Path:
        return self.path / "runs" / run

    def make_run(self, run: str, plan_text: str) -> Path:
        """A new folder for a run, with its plan."""
        folder = self.run_path(run)
        try:
            for one in (self.path, folder.parent):
                one.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            descriptor = os.open(folder / PLAN, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(plan_text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unusable(self.path, error) from error
        return folder

    @contextmanager
    def held(self, run: str) -> Iterator[None]:
        """While inside, no other process can hold the run; the system ends the hold where
        the process dies. RunHeldError where somebody holds it."""
        path = self.run_path(run) / _HOLDER
        lock = FileLock(path, timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout as error:
            raise RunHeldError(
                f"the run {run} is still going on", "Wait for it, or stop its process."
            ) from error
        except OSError as error:
            raise _unusable(self.path, error) from error
        try:
            yield
        finally:
            lock.release()


def _unusable(path: Path, error: OSError) -> StateFolderError:
    return StateFolderError(
        f"the state folder {path} cannot be used: {error.strerror or error}",
        "Name another one with --state-dir; nothing was written.",
    )
