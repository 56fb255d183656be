"""From live objects to manifests: the opposite of ``manifest``, derived from the same table.

selection    which objects belong to the export
documents    an object becomes a document; options: options in applications become documents
proof        what a plan would refuse or change is left out, and listed
files        documents become the text of files

Pure: what is read, and what is written to a folder, is decided elsewhere.
"""
