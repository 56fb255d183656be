"""The configuration files that launch the Web Engagement Servers.

``formats`` edits their text and is pure; ``files`` is the adapter that reads and
writes them in an installation folder. Neither knows manifests, plans or a server.
"""
