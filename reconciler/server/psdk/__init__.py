"""The real Configuration Server, through the vendor's Platform SDK in a JVM of the user's.

One mapping, driven by our table of types and by the SDK's own metadata, serves every type
and both ends of the wire: the adapter and the listener of ``gwe embedded serve``.
"""
