"""One connection to the database of a store, whichever engine it is.

Statements are written once, with ``?`` for a parameter and ``{integer}`` and ``{bytes}`` for
the two types whose names differ. What else differs between the engines is a ``Dialect``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from msgspec import Struct

from reconciler.errors import RunHeldError, StateError

Row = tuple[Any, ...]


class Dialect(Struct, frozen=True):
    """What differs between the engines. ``begin_reading`` begins a transaction in which all reads
    see the same state; ``has_table`` asks whether a table exists; ``exclude_migrations``: makes
    other sessions that would migrate wait until the transaction ends; ``errors``: what the driver
    raises."""

    types: Mapping[str, str]
    placeholder: str
    begin_reading: str
    begin_writing: str
    has_table: str
    exclude_migrations: str
    errors: tuple[type[Exception], ...]


class SqlSession:
    """A connection. One thread at a time may use it.

    ``explain`` turns an exception of the driver into a StateError; every method raises StateError.
    ``guard`` is an SQL condition for changes that no other connection may make; empty if there can
    be none.
    """

    def __init__(
        self,
        connection: Any,
        dialect: Dialect,
        explain: Callable[[Exception], StateError],
        guard: str = "",
    ) -> None:
        self.connection = connection
        self.guard = guard
        self._dialect = dialect
        self._explain = explain

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        """The rows that a query finds."""
        with self._explained():
            return list(self._execute(statement, parameters).fetchall())

    def change(self, statement: str, *parameters: Any) -> int:
        """Executes a statement that returns no rows. Returns how many rows it has changed."""
        with self._explained():
            return int(self._execute(statement, parameters).rowcount)

    def insert(self, statement: str, rows: Sequence[Row]) -> None:
        """Executes a statement once for each row."""
        with self._explained():
            cursor = self.connection.cursor()
            cursor.executemany(statement.replace("?", self._dialect.placeholder), rows)

    @contextmanager
    def transaction(self, *, writing: bool) -> Iterator[None]:
        """A transaction that is committed at the end, or not at all. A commit is durable
        when it returns."""
        dialect = self._dialect
        self.change(dialect.begin_writing if writing else dialect.begin_reading)
        try:
            yield
            self.change("COMMIT")
        except BaseException:
            # If the connection is lost, or the commit was interrupted after it was done.
            with suppress(*dialect.errors):
                self._execute("ROLLBACK", ())
            raise

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return bool(self.rows(self._dialect.has_table, name))

    def exclude_migrations(self) -> None:
        """Waits until no other session migrates, and keeps other sessions from migrating until the
        transaction ends."""
        if self._dialect.exclude_migrations:
            self.rows(self._dialect.exclude_migrations)

    def typed(self, statement: str) -> str:
        """A statement with the names that the engine has for the types."""
        return statement.format_map(self._dialect.types)

    def close(self) -> None:
        """Closes the connection. What was not committed is lost."""
        with suppress(*self._dialect.errors):
            self.connection.close()

    def _execute(self, statement: str, parameters: Row) -> Any:
        if not parameters:
            return self.connection.execute(statement)
        return self.connection.execute(
            statement.replace("?", self._dialect.placeholder), parameters
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._dialect.errors as error:
            raise self._explain(error) from error


def run_held(run: str) -> RunHeldError:
    """The error that another process holds a run."""
    return RunHeldError(f"the run {run} is still going on", "Wait for it, or stop its process.")
