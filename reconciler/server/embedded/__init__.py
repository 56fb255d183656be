"""An embedded Configuration Server in one SQLite file.

scheme         what ``server.connect`` knows of it
adapter        the port: sessions and transactions
access         log-in, and what an account may do
engine         writes objects, and what follows from a write
relations      rules between objects; applications: those of applications; folders: where
               objects live (rules for one object alone: ``server/validation``)
filters        the filters of a read as SQL
store          rows in tables; database: the file, and its transactions
subscription   notifications, from the store's log of changes
passwords      hashes
sites/         site files: creating and exporting servers
"""
