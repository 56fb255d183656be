"""Compares two sides, each a site on a server or an export of a site.

model        a side, and what a comparison finds
sides        turns documents of an export, live or from files, into the objects of a side mapping
known differences of environments: texts that count as equal pairing      which object of one side
is which of the other nested       the fields in which two objects differ comparison   the
differences of the sides

Pure: what is read, and from where, is decided elsewhere.
"""
