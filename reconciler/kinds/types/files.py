"""Launch files, in the form of an object type.

So plans, runs and undo treat them like objects. They are on this host, not on a server; their DBID
is derived from their path.
"""

import hashlib

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.attributes import name

LAUNCH_FILE = "LaunchFile"
LAUNCH_FORMATS = ("properties", "ini", "xml", "shell", "batch")
VALUES = "values"
"""The attribute with a launch file's values: format -> key -> text."""

CONTENT = "content"
"""The attribute with a launch file's whole content, as bytes."""

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
    """The DBID of a launch file in plans and journals."""
    return int(hashlib.sha256(path.encode()).hexdigest()[:8], 16) + 1
