"""The adapter for a real Configuration Server, through the vendor's Platform SDK.

The SDK is the user's own, in a Java virtual machine in this process. One mapping serves
every object type, driven by our table of types and the SDK's metadata; ``server/wire`` uses
it for the other end of a connection.

scheme       what ``server.connect`` knows of it
adapter      the port: reads, writes, permissions, subscriptions
session      one of several hosts, and failing over to another
login        opening a connection; endpoint, upgrade: its TLS
channel      requests and answers on an open connection
requests     the SDK's requests; objects, values, shapes: what is in them
notices      change notifications
jvm, jars    Java and the SDK's classes; archive, archive_maker: a faster start
checks       what ``gwe doctor`` checks
"""
