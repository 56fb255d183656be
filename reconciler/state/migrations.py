"""The tables of a store, and how the tables of an older version become the present tables.

The statements are the same for both engines, except for the names of two types. Each migration is a
tuple of statements and raises the version by one; migrations of earlier versions are never changed.

    gwe_state    the version of the tables, the number of the next run, see ``facts``
    gwe_run      one row a run: see ``chain.RunRow``
    gwe_plan     the JSON text of the plan of each run
    gwe_record   the records of each run, numbered from 1: see ``chain.StoredRecord``
    gwe_backup   old contents of launch files; the digest covers path and content
    gwe_fact     what outlives the runs: see ``records.Fact``; the digest is of the data
"""

from reconciler.errors import JournalFormatError, StateError
from reconciler.state.session import SqlSession

RUN_COLUMNS = "number, name, created, plan_digest, last_number, last_digest, summary, seal"
"""The columns of ``gwe_run`` in the order of ``chain.RunRow``."""

Migration = tuple[str, ...]

MIGRATIONS: tuple[Migration, ...] = (
    (
        "CREATE TABLE gwe_state (version {integer} NOT NULL, next_run {integer} NOT NULL,"
        " facts {bytes})",
        "INSERT INTO gwe_state VALUES (0, 1, NULL)",
        "CREATE TABLE gwe_run (number {integer} PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
        " created {integer} NOT NULL, plan_digest {bytes} NOT NULL,"
        " last_number {integer} NOT NULL, last_digest {bytes} NOT NULL,"
        " summary {bytes} NOT NULL, seal {bytes} NOT NULL)",
        "CREATE TABLE gwe_plan (run {integer} PRIMARY KEY REFERENCES gwe_run (number),"
        " text {bytes} NOT NULL)",
        "CREATE TABLE gwe_record (run {integer} NOT NULL REFERENCES gwe_run (number),"
        " number {integer} NOT NULL, data {bytes} NOT NULL, digest {bytes} NOT NULL,"
        " PRIMARY KEY (run, number))",
        "CREATE TABLE gwe_backup (run {integer} NOT NULL REFERENCES gwe_run (number),"
        " digest {bytes} NOT NULL, path {bytes} NOT NULL, content {bytes} NOT NULL,"
        " PRIMARY KEY (run, digest))",
        "CREATE INDEX gwe_backup_digest ON gwe_backup (digest)",
        "CREATE TABLE gwe_fact (digest {bytes} PRIMARY KEY, data {bytes} NOT NULL)",
    ),
    # The tables stay as they are. From this version on, the facts of secrets also name the object
    # by its type and DBID, which an older program could not read.
    (),
)


def migrate(session: SqlSession, place: str, *, create: bool = True) -> bool:
    """Brings the tables to the version of this program, in one transaction. ``create``: makes
    them where there are none. Returns whether there are tables now. JournalFormatError if they
    are of a newer version."""
    version = version_of(session, place)
    if version == len(MIGRATIONS):
        return True
    if not version and not create:
        return False
    with session.transaction(writing=True):
        session.exclude_migrations()
        for statements in MIGRATIONS[version_of(session, place) :]:
            for statement in statements:
                session.change(session.typed(statement))
        session.change("UPDATE gwe_state SET version = ?", len(MIGRATIONS))
    return True


def version_of(session: SqlSession, place: str) -> int:
    """The version of the tables; 0: there are none. JournalFormatError if it is newer
    than this program."""
    if not any(map(session.has_table, ("gwe_state", "gwe_run", "gwe_record"))):
        return 0
    versions = [version for (version,) in session.rows("SELECT version FROM gwe_state")]
    if len(versions) != 1 or type(versions[0]) is not int or versions[0] < 1:
        raise StateError(
            f"the state in {place} is damaged: the version of its tables cannot be read",
            "Restore it from a backup, or begin with an empty state.",
        )
    if versions[0] > len(MIGRATIONS):
        raise JournalFormatError(
            f"the state in {place} has version {versions[0]}; this gwe reads versions up to"
            f" {len(MIGRATIONS)}",
            "Use the version of gwe that wrote it, or a newer version.",
        )
    return int(versions[0])
