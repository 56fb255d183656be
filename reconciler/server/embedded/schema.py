"""The tables of an embedded server's SQLite file, and a new file with them."""

import os
import sqlite3
import uuid
from pathlib import Path

APPLICATION_ID = 0x47574543
FORMAT = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE object (
    type TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    folder INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (type, dbid)
) WITHOUT ROWID;
CREATE TABLE unique_key (
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    PRIMARY KEY (type, key)
) WITHOUT ROWID;
CREATE INDEX unique_key_owner ON unique_key (type, dbid);
CREATE TABLE reference (
    type TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    attribute TEXT NOT NULL,
    target_type TEXT NOT NULL,
    target INTEGER NOT NULL,
    PRIMARY KEY (type, dbid, attribute, target_type, target)
) WITHOUT ROWID;
CREATE INDEX reference_target ON reference (target_type, target);
CREATE TABLE permission (
    type TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    account_type TEXT NOT NULL,
    account INTEGER NOT NULL,
    mask INTEGER NOT NULL,
    PRIMARY KEY (type, dbid, account_type, account)
) WITHOUT ROWID;
CREATE TABLE change (
    sequence INTEGER PRIMARY KEY,
    action TEXT NOT NULL,
    type TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    user TEXT NOT NULL,
    delta TEXT,
    body TEXT
);
CREATE INDEX object_folder ON object (folder, type);
CREATE TABLE counter (type TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
"""
ADD_TIMES = "ALTER TABLE change ADD COLUMN time INTEGER NOT NULL DEFAULT 0"
"""Seconds since 1970. Files from before it was added get it when they are opened."""


def create_file(path: Path, *, durable: bool = False) -> None:
    """Creates an empty server file. ``durable``: an answered write survives power loss, at the
    price of waiting for the disk each time. FileExistsError if ``path`` exists."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    os.close(descriptor)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN; {_SCHEMA} {ADD_TIMES}; PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {FORMAT}; COMMIT;"
        )
        connection.execute("INSERT INTO meta VALUES ('uuid', ?)", (str(uuid.uuid4()),))
        if durable:
            connection.execute("INSERT INTO meta VALUES ('durable', 'yes')")
    finally:
        connection.close()
