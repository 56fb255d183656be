"""Two sides, each a site on a server or an export of one, and what differs between them.

model        a side, and what a comparison finds
sides        documents of an export, live or from files, become the objects of a side
mapping      known differences of environments: texts that stand for each other
pairing      which object of one side is which of the other
nested       the fields in which two objects differ
comparison   the differences of the sides

Pure: what is read, and from where, is decided elsewhere.
"""
