"""The rows of an embedded server: objects, unique keys, references, permissions, changes.

Knows none of Configuration Server's rules. Methods run inside ``reading`` or ``writing``.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.embedded.database import Database
from reconciler.server.encoding import encode_delta
from reconciler.server.values import is_integer

KEPT_CHANGES = 1000
"""The least number of changes in the log (reference: the history log's max-records)."""

_PRUNE_EVERY = 100
_KEPT_ROWS = 1000

ChangeRow = tuple[int, str, str, int, int, str, str | None, str | None]
"""Sequence number, action, type, DBID, tenant DBID, user, delta, body of a new object."""

Row = tuple[int, int, int, str]
"""One object row: DBID, tenant DBID, folder DBID, body."""


class Store(Database):
    """The tables of a server file."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(path, timeout)
        self._folder_writes = 0
        self._access_writes = 0
        self._settings: tuple[tuple[int, int], dict[str, str]] | None = None

    def identity(self) -> str:
        """The file's own UUID."""
        with self._lock, self._explained():
            row = self.connection.execute("SELECT value FROM meta WHERE key = 'uuid'").fetchone()
        if row is None:
            raise self.damaged("it has no identity")
        return str(row[0])

    def rows(
        self, object_type: str, where: str = "", parameters: Sequence[Any] = ()
    ) -> Iterator[Row]:
        """The rows of a type, by DBID. ``where``: trusted SQL."""
        statement = f"SELECT dbid, tenant, folder, body FROM object WHERE type = ? {where}"  # noqa: S608
        return self.connection.execute(statement + " ORDER BY dbid", (object_type, *parameters))

    def names(
        self, object_type: str, where: str, parameters: Sequence[Any]
    ) -> Iterator[tuple[int, Any]]:
        """The DBIDs of the objects of a type, and their names. ``where``: trusted SQL."""
        name = OBJECT_TYPES[object_type].name_attribute
        statement = f"SELECT dbid, json_extract(body, ?) FROM object WHERE type = ? {where}"  # noqa: S608
        given = (f"$.{name}", object_type, *parameters)
        return self.connection.execute(statement + " ORDER BY dbid", given)

    def dbids(self, object_type: str) -> Iterator[int]:
        """The DBIDs of a type, in order."""
        found = self.connection.execute(
            "SELECT dbid FROM object WHERE type = ? ORDER BY dbid", (object_type,)
        )
        return (dbid for (dbid,) in found)

    def row(self, object_type: str, dbid: int) -> Row | None:
        """The row of an object; None if there is none. Read once in a transaction."""
        if not is_integer(dbid):
            return None
        key = (object_type, dbid)
        if key not in self.transaction_rows:
            self._keep(key, next(self.rows(object_type, "AND dbid = ?", (dbid,)), None))
        return self.transaction_rows[key]

    def _keep(self, key: tuple[str, int], row: Row | None) -> None:
        """Keeps a row for the rest of the transaction, which may write a hundred thousand rows."""
        if len(self.transaction_rows) >= _KEPT_ROWS:
            self.transaction_rows.clear()
        self.transaction_rows[key] = row

    def next_dbid(self, object_type: str, first: int, wanted: int | None = None) -> int:
        """The next DBID that the type never had, or ``wanted`` if given; later ones are higher."""
        row = self.connection.execute(
            "SELECT next FROM counter WHERE type = ?", (object_type,)
        ).fetchone()
        following = row[0] if row else first
        dbid = following if wanted is None else wanted
        self.connection.execute(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
            (object_type, max(following, dbid + 1)),
        )
        return int(dbid)

    def put(self, object_type: str, dbid: int, tenant: int, folder: int, body: str) -> None:
        """Writes an object row, new or not. ``body``: attributes as ``encode`` writes them."""
        self.connection.execute(
            "INSERT INTO object VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " tenant = excluded.tenant, folder = excluded.folder, body = excluded.body",
            (object_type, dbid, tenant, folder, body),
        )
        self._keep((object_type, dbid), (dbid, tenant, folder, body))
        self._access_writes += object_type == "AccessGroup"

    def set_keys(
        self, object_type: str, dbid: int, keys: Sequence[str], *, new: bool = False
    ) -> str | None:
        """Claims the unique keys of an object. Returns a key that another object has, or None."""
        if not new:
            self.connection.execute(
                "DELETE FROM unique_key WHERE type = ? AND dbid = ?", (object_type, dbid)
            )
        for key in keys:
            try:
                self.connection.execute(
                    "INSERT INTO unique_key VALUES (?, ?, ?)", (object_type, key, dbid)
                )
            except sqlite3.IntegrityError:
                return key
        return None

    def set_references(
        self,
        object_type: str,
        dbid: int,
        references: Sequence[tuple[str, str, int]],
        *,
        new: bool = False,
    ) -> None:
        """Replaces the references of an object: (attribute, target type, target DBID)."""
        if not new:
            self.connection.execute(
                "DELETE FROM reference WHERE type = ? AND dbid = ?", (object_type, dbid)
            )
        if not references:
            return
        self.connection.executemany(
            "INSERT OR IGNORE INTO reference VALUES (?, ?, ?, ?, ?)",
            [(object_type, dbid, *reference) for reference in references],
        )

    def referrers(self, target_type: str, target: int) -> list[tuple[str, int, str]]:
        """What refers to an object: (type, DBID, attribute), in a stable order."""
        return self.connection.execute(
            "SELECT type, dbid, attribute FROM reference"
            " WHERE target_type = ? AND target = ? ORDER BY type, dbid, attribute",
            (target_type, target),
        ).fetchall()

    def dangling(self) -> list[tuple[str, int, str, str, int]]:
        """The references to objects that do not exist: (type, DBID, attribute, target type,
        target)."""
        return self.connection.execute(
            "SELECT type, dbid, attribute, target_type, target FROM reference WHERE NOT EXISTS"
            " (SELECT 1 FROM object WHERE type = target_type AND object.dbid = target)"
            " ORDER BY 1, 2, 3"
        ).fetchall()

    def remove(self, object_type: str, dbid: int) -> None:
        """Removes an object's rows."""
        self.transaction_rows.pop((object_type, dbid), None)
        self._access_writes += 1
        if object_type in ("Person", "AccessGroup"):
            self.connection.execute(
                "DELETE FROM permission WHERE account_type = ? AND account = ?", (object_type, dbid)
            )
        for table in ("object", "unique_key", "reference", "permission"):
            self.connection.execute(
                f"DELETE FROM {table} WHERE type = ? AND dbid = ?",  # noqa: S608 - our own names
                (object_type, dbid),
            )

    def members(self, folder: int | None = None) -> dict[int, list[tuple[str, int, int]]]:
        """Folder -> its members (type, DBID, folder); of all folders, or of ``folder``."""
        where, parameters = ("folder <> 0", ()) if folder is None else ("folder = ?", (folder,))
        statement = f"SELECT type, dbid, folder FROM object WHERE {where} ORDER BY 1, 2"  # noqa: S608
        found: dict[int, list[tuple[str, int, int]]] = {}
        for row in self.connection.execute(statement, parameters):
            found.setdefault(row[2], []).append(row)
        return found

    def has_members(self, folder: int) -> bool:
        """Whether a folder has members."""
        found = self.connection.execute("SELECT 1 FROM object WHERE folder = ? LIMIT 1", (folder,))
        return found.fetchone() is not None

    def version(self) -> tuple[int, int, int]:
        """A value that changes whenever folders may have changed."""
        return self.data_version(), self._folder_writes, self.rollbacks

    def access_version(self) -> tuple[object, ...]:
        """A value that changes whenever permissions may have changed: those of an object, or of a
        folder or an access group from which others get them."""
        return *self.version(), self._access_writes

    def settings(self) -> Mapping[str, str]:
        """The settings of the server; read again only after a write."""
        version = (self.data_version(), self.rollbacks)
        if self._settings is None or self._settings[0] != version:
            rows = self.connection.execute("SELECT key, value FROM meta").fetchall()
            self._settings = (version, dict(rows))
        return self._settings[1]

    def setting(self, key: str, default: str = "") -> str:
        return self.settings().get(key, default)

    def set_setting(self, key: str, value: str) -> None:
        self._settings = None
        self.connection.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def remove_setting(self, key: str) -> None:
        self._settings = None
        self.connection.execute("DELETE FROM meta WHERE key = ?", (key,))

    def permissions(self) -> list[tuple[str, int, str, int, int]]:
        """Every entry: (type, DBID, account type, account, mask)."""
        return self.connection.execute(
            "SELECT type, dbid, account_type, account, mask FROM permission ORDER BY 1, 2, 3, 4"
        ).fetchall()

    def permissions_of(self, object_type: str, dbid: int) -> list[tuple[str, int, int]]:
        """The entries of an object: (account type, account, mask)."""
        return self.connection.execute(
            "SELECT account_type, account, mask FROM permission WHERE type = ? AND dbid = ?"
            " ORDER BY 1, 2, 3",
            (object_type, dbid),
        ).fetchall()

    def set_permissions(
        self, object_type: str, dbid: int, entries: Sequence[tuple[str, int, int]]
    ) -> None:
        """Replaces the entries of an object: (account type, account, mask)."""
        self._access_writes += 1
        self.connection.execute(
            "DELETE FROM permission WHERE type = ? AND dbid = ?", (object_type, dbid)
        )
        self.connection.executemany(
            "INSERT INTO permission VALUES (?, ?, ?, ?, ?)",
            [(object_type, dbid, *entry) for entry in entries],
        )

    def log(
        self,
        object_type: str,
        dbid: int,
        tenant: int,
        user: str,
        change: tuple[str, Delta | None, str | None],
    ) -> None:
        """Logs a change for subscribers, and prunes the oldest changes. ``change``: created,
        updated or deleted; the delta; the body of a new object."""
        if object_type == "Folder":
            self._folder_writes += 1
        action, delta, body = change
        encoded = encode_delta(delta) if delta is not None else None
        cursor = self.connection.execute(
            "INSERT INTO change (action, type, dbid, tenant, user, delta, body, time)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (action, object_type, dbid, tenant, user, encoded, body, int(time.time())),
        )
        if cursor.lastrowid and cursor.lastrowid % _PRUNE_EVERY == 0:
            oldest = cursor.lastrowid - KEPT_CHANGES
            self.connection.execute("DELETE FROM change WHERE sequence <= ?", (oldest,))

    def changes(self, after: int) -> list[ChangeRow]:
        """The changes after a sequence number, in order."""
        return self.connection.execute(
            "SELECT sequence, action, type, dbid, tenant, user, delta, body FROM change"
            " WHERE sequence > ? ORDER BY sequence",
            (after,),
        ).fetchall()

    def history(self, object_type: str, dbid: int) -> list[tuple[str, int, str, int]]:
        """The changes of one object in order: action, tenant DBID, user, seconds since 1970."""
        statement = (
            f"SELECT action, tenant, user, {'time' if self.has_times else 0} FROM change"  # noqa: S608 - our own names
            " WHERE type = ? AND dbid = ? ORDER BY sequence"
        )
        return self.connection.execute(statement, (object_type, dbid)).fetchall()

    def last_change(self) -> int:
        """The sequence number of the last change; 0: there was none."""
        row = self.connection.execute("SELECT max(sequence) FROM change").fetchone()
        return int(row[0] or 0)

    def note_folder_write(self) -> None:
        """Makes ``version`` change, after a write of a folder that is not logged."""
        self._folder_writes += 1
