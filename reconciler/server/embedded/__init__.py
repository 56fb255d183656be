"""An embedded Configuration Server in one SQLite file.

scheme         what ``server.connect`` knows of it
adapter        the port: sessions and transactions
access         log-in, and what an account may do
engine         writes objects, and what follows from a write
relations      rules between objects; rules: those of single types; applications: those of
               applications (rules for one object alone: ``server/validation``)
folders        where objects live; folder_writes: makes folders, moves what is in them
last_login     when people last logged in
filters        the filters of a read as SQL
store          rows in tables; database: the file, and its transactions
subscription   notifications, from the store's log of changes
passwords      hashes
sites/         site files: creating and exporting servers
"""
