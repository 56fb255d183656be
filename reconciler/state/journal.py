"""The journal of a run: one JSON record a line, on disk before the next step is taken.

    run      which run, of which plan, on which server, by whom
    begin    a call to the server is about to go out: which, with the object as it was
    end      what became of that call, with the object as it is
    action   what became of an action of the plan
    finish   the end of the run

A ``begin`` without an ``end`` is a call whose outcome nobody knows. Objects are in clear:
they are what an undo puts back.
"""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol

from reconciler.errors import JournalError
from reconciler.kinds.model import Attributes
from reconciler.server.encoding import decode, encode
from reconciler.server.port import AccessEntry, ConfObject

FORMAT = "gwe-journal/1"

CallName = Literal["create", "update", "delete", "set_permissions"]
Result = Literal["answered", "refused", "unknown"]


class Recorder(Protocol):
    """Takes the records of a run. ``broken``: one could not be written, and none will be."""

    @property
    def broken(self) -> bool: ...

    def record(self, record: str, **data: Any) -> None:
        """Puts one record on disk. JournalError where it cannot."""


class NoJournal:
    """Keeps nothing. For servers whose loss is no loss, and for tests."""

    broken = False

    def record(self, record: str, **data: Any) -> None:
        """Does nothing."""


class Journal:
    """The journal file of one run, open for appending. A torn last line, which a process
    that died has left, is ended first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.broken = False
        try:
            written = path.read_bytes() if path.exists() else b""
            self._descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            if written and not written.endswith(b"\n"):
                self._write(b"\n")
        except OSError as error:
            raise _unwritable(path, error) from error

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def record(self, record: str, **data: Any) -> None:
        line = json.dumps({"record": record, **data}, ensure_ascii=False) + "\n"
        if self.broken:
            raise _unwritable(self._path, OSError(errno.EIO, "an earlier record is torn"))
        try:
            self._write(line.encode())
        except OSError as error:
            self.broken = True
            raise _unwritable(self._path, error) from error

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._descriptor, data) :]
        os.fsync(self._descriptor)


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"the journal {path} cannot be written: {error.strerror or error}",
        "Make room or choose another --state-dir; then run gwe recover.",
    )


def object_data(one: ConfObject | None) -> dict[str, Any] | None:
    """An object as a record holds it: whole, in clear."""
    if one is None:
        return None
    return {
        "type": one.type,
        "dbid": one.dbid,
        "folder": one.folder,
        "path": one.path,
        "attributes": attributes_data(one.attributes),
    }


def attributes_data(attributes: Attributes) -> Any:
    """Attributes as a record holds them: in clear."""
    return json.loads(encode(dict(attributes)))


def attributes_of(data: Any) -> dict[str, Any] | None:
    """The attributes that ``attributes_data`` made ``data`` of."""
    return None if data is None else decode(json.dumps(data, ensure_ascii=False))


def object_of(data: Mapping[str, Any] | None) -> ConfObject | None:
    """The object that ``object_data`` made ``data`` of."""
    if data is None:
        return None
    attributes = attributes_of(data["attributes"]) or {}
    return ConfObject(data["type"], data["dbid"], attributes, data["folder"], data["path"])


def access_data(entries: Sequence[AccessEntry]) -> list[list[Any]]:
    """Permissions as a record holds them."""
    return [[one.account_type, one.account, one.mask] for one in entries]


def access_of(data: Sequence[Sequence[Any]]) -> tuple[AccessEntry, ...]:
    """The permissions that ``access_data`` made ``data`` of."""
    return tuple(AccessEntry(*one) for one in data)
