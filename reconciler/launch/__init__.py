"""The launch files: configuration files and scripts that start Web Engagement Servers.

``formats`` edits their text and is pure; ``files`` reads and writes them in an installation
folder; ``adapter`` offers them as objects beside those of Configuration Server. None of
them knows manifests or plans.
"""
