"""Folders below the default ones, in the form of object types: a type for each type that they hold.

To Configuration Server they are all of type Folder, and have a parent and a name. People know a
folder by what it holds and by its path: ``Chat/Queues``, for scripts. So manifests, plans and runs
have types such as ``Folder/Script``, whose objects belong to a tenant, a switch or a Business
Attribute as those objects do that they hold. ``server/folders.py`` translates.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from reconciler.kinds import enums
from reconciler.kinds.attributes import annex, description, integer, state
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.natural_keys import TENANT

FOLDER = "Folder"
"""What the names of these types begin with, and the type that they all have on the server."""

PATH = "path"
"""The attribute with the names from below the default folder to the folder itself."""

MEMBERS = "objectIDs"
"""The attribute with what a folder holds, as far as the account may read it: type numbers and
DBIDs. No manifest, plan or fingerprint has it."""

_LONGEST = 100 * 256
"""Characters in a path: the server limits single names only."""

_OWN = (
    Attribute(PATH, mandatory=True, immutable=True, max_length=_LONGEST),
    Attribute(
        "folderClass", ValueType.ENUM, default=1, immutable=True, enumeration=enums.FOLDER_CLASS
    ),
    integer("customType"),
    description(),
    state(),
    annex(),
)


def folder_types(types: Iterable[ObjectType]) -> Mapping[str, ObjectType]:
    """The types of the folders that objects of ``types`` can be in, by name. Their numbers are
    those of the types that they hold."""
    return {
        f"{FOLDER}/{held.name}": ObjectType(
            f"{FOLDER}/{held.name}",
            held.number,
            key=(*((held.owner,) if held.owner else ()), PATH),
            attributes=(*_owners(held), *_OWN),
            owner=held.owner,
            owner_type=held.owner_type,
            filters={
                PATH: PATH,
                **{name: at for name, at in held.filters.items() if at in (TENANT, held.owner)},
            },
        )
        for held in types
        if held.folder
    }


def folder_around(path: str) -> str:
    """The path of the folder around a folder; empty: it is in the default folder."""
    return path.rpartition("/")[0]


def _owners(held: ObjectType) -> Iterator[Attribute]:
    """The attributes with the owner of a folder, and with its tenant."""
    for name in dict.fromkeys((held.owner, TENANT)) if held.owner else ():
        found = held.attribute(name)
        if found is not None:
            yield replace(found, taken_from="")
