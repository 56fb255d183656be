"""From live objects to manifests: the inverse of ``manifest``, derived from the same table.

selection    which objects belong to the export
documents    makes a document of an object; options: makes documents of options in applications
proof        leaves out, and lists, what a plan would refuse or change
files        makes the text of files from documents

Pure: what is read, and what is written to a folder, is decided elsewhere.
"""
