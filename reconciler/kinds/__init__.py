"""The table of kinds: what the reconciler and the embedded server know of
Configuration Server's objects, as data. This package imports nothing else of ours."""
