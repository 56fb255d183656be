"""What the reconciler and the embedded server know of Configuration Server, as data.

model        what a table entry is made of: object types and attributes
types        the table of object types, in parts; attributes: what they share
manifests    the table of manifest kinds; schema: their JSON Schema
fields       objects as flat fields, the form in which manifests and plans speak of them
enums, predefined, roles, options, addresses

This package imports no other of ours.
"""
