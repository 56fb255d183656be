"""An embedded Configuration Server in one SQLite file.

adapter        the port: sessions, transactions
access         who may do what
engine         objects: rows, folders, keys, references, the log of changes
relations      what is checked between objects, and what one change does to others
               (of one object alone: server/validation)
store          rows in tables;  database  the file;  encoding  what stands in a row
sites/         from site files to servers and back
"""
