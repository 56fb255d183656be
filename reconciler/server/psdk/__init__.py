"""The real Configuration Server, through the vendor's Platform SDK in a JVM of the user's.

One mapping, driven by our table of types and by the SDK's own metadata, serves every type;
``server/wire`` uses it for the other end of the connection.
"""
