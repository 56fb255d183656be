"""What stands beside Configuration Server's objects: launch files of this host.

They have the shape of an object, so that plans, runs and undo treat them alike; they are
in no server, and their DBID is made of their path.
"""

import hashlib

from reconciler.kinds.attributes import name
from reconciler.kinds.model import Attribute, ObjectType, ValueType

LAUNCH_FILE = "LaunchFile"
LAUNCH_FORMATS = ("properties", "ini", "xml", "shell", "batch")
VALUES = "values"
"""The attribute with the values of a launch file: format -> key -> text."""

CONTENT = "content"
"""The attribute with the whole content of a launch file, as bytes."""

_LAUNCH_FILE = ObjectType(
    LAUNCH_FILE,
    0,
    key=("name",),
    owner="",
    attributes=(
        name(immutable=True),
        Attribute(VALUES, ValueType.KEY_VALUES),
        Attribute(CONTENT),
    ),
    filters={"name": "name"},
)

FILE_TYPES = (_LAUNCH_FILE,)


def file_dbid(path: str) -> int:
    """The number that stands for a file in plans and journals."""
    return int(hashlib.sha256(path.encode()).hexdigest()[:8], 16) + 1
