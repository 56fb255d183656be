"""Site files: the objects of a server as YAML. ``create`` makes a server of one, ``export``
writes one; ``file`` reads it, ``words`` and ``describe`` translate its objects."""
