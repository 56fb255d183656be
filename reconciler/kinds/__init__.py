"""What the reconciler and the embedded server know of Configuration Server, as data.

model        the classes of table entries: object types and attributes types        the table of
object types, in parts; attributes: what they share manifests    the table of manifest kinds;
schema: their JSON Schema fields       objects as flat fields, the form that manifests and plans use
enums, predefined, roles, options, addresses

This package imports no other package of gwe.
"""
