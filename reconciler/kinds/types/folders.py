"""Folders below the default ones, in the form of object types: a type for each type that they hold.

To Configuration Server they are all of type Folder, and have a parent and a name. People know a
folder by what it holds and by its path: ``Chat/Queues``, for scripts. So manifests, plans and runs
have types such as ``Folder/Script``, whose objects belong to a tenant, a switch or a Business
Attribute as those objects do that they hold. ``server/folders.py`` translates.

A folder of folders is a configuration unit, of the type ``Folder/Folder``. The path of a folder in
a unit begins with that of the unit and two slashes: ``EMEA/Berlin//Queues``.

Other objects refer to a folder by what it holds and by its natural name: ``Script/Chat/Queues``,
``Folder/EMEA/Berlin``; the tenant stands before it, as in ``Branch:Script/Chat``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.kinds.model import Attribute, ObjectType
from reconciler.kinds.natural_keys import TENANT, unquoted
from reconciler.kinds.types.attributes import tenant

FOLDER = "Folder"
"""What the names of these types begin with, and the type that they all have on the server."""

UNIT = f"{FOLDER}/{FOLDER}"
"""The type of configuration units."""

PATH = "path"
"""The attribute with the names from below the default folder to the folder itself."""

MEMBERS = "objectIDs"
"""The attribute with what a folder holds, as far as the account may read it: type numbers and
DBIDs. No manifest, plan or fingerprint has it."""

PLACE = ("name", "type", "ownerID", "parentID")
"""The attributes of a folder on the server that say where it is; plans have others."""

_IN_UNIT = "//"
"""What stands between the path of a unit and that of a folder in it."""

_LONGEST = 100 * 256
"""Characters in a path: the server limits single names only."""


def folder_types(types: Mapping[str, ObjectType]) -> Mapping[str, ObjectType]:
    """The types of the folders that objects of ``types`` can be in, by name. Their numbers are
    those of the types that they hold."""
    folder = types[FOLDER]
    own = [one for one in folder.attributes if one.name not in (*PLACE, MEMBERS)]
    path = Attribute(PATH, mandatory=True, immutable=True, max_length=_LONGEST)
    unit = replace(
        folder,
        owner=TENANT,
        attributes=(tenant(), *folder.attributes),
        filters={"tenant_dbid": TENANT},
    )
    return {
        f"{FOLDER}/{held.name}": ObjectType(
            f"{FOLDER}/{held.name}",
            held.number,
            key=(*((held.owner,) if held.owner else ()), PATH),
            attributes=(*_owners(held), path, *own),
            owner=held.owner,
            owner_type=held.owner_type,
            filters={
                PATH: PATH,
                **{name: at for name, at in held.filters.items() if at in (TENANT, held.owner)},
            },
        )
        for held in (unit, *types.values())
        if held.folder or held is unit
    }


def _owners(held: ObjectType) -> Iterator[Attribute]:
    """The attributes with the owner of a folder, and with its tenant."""
    for name in dict.fromkeys((held.owner, TENANT)) if held.owner else ():
        found = held.attribute(name)
        if found is not None:
            yield replace(found, taken_from="")


def held_type(folder_type: str) -> str:
    """The type of the objects in folders of a type."""
    return folder_type.partition("/")[2]


def path_of(names: Sequence[str], unit: str = "") -> str:
    """The path of a folder. ``names``: from below the default folder to the folder itself, or from
    below the ``unit`` with that path. A slash in a name is written ``%2F``."""
    path = "/".join(map(_quoted, names))
    return f"{unit}{_IN_UNIT}{path}" if unit else path


def names_in_path(path: str) -> tuple[list[str], list[str]]:
    """The names of the units in a path, and those of the folders."""
    unit, mark, rest = path.partition(_IN_UNIT)
    parts = (unit, rest) if mark else ("", path)
    units, folders = ([*map(unquoted, one.split("/"))] if one else [] for one in parts)
    return units, folders


def plain_path(text: str) -> str:
    """A path that somebody has written, in the form in which paths are compared."""
    units, folders = names_in_path(text.removeprefix("/").removesuffix("/"))
    return path_of(folders, path_of(units))


def folder_around(path: str) -> str:
    """The path of the folder around a folder; empty: it is in the default folder. That of a unit
    ends with two slashes where the folder is directly in it (see ``type_at``)."""
    outer, _, _ = path.rpartition("/")
    return f"{outer}/" if outer.endswith("/") else outer


def type_at(folder_type: str, path: str) -> tuple[str, str]:
    """The type and the path of a folder that ``folder_around`` tells of folders of a type."""
    unit = path.removesuffix(_IN_UNIT)
    return (UNIT, unit) if unit != path else (folder_type, path)


def reference_to(folder_type: str, name: str, tenant_name: str = "") -> str:
    """What others call a folder with a natural name, of a tenant whose name must be said."""
    reference = f"{held_type(folder_type)}/{name}"
    return f"{tenant_name}:{reference}" if tenant_name else reference


def _quoted(name: str) -> str:
    """A name as a part of a path."""
    return re.sub("%(?=2F|25)", "%25", name).replace("/", "%2F")
