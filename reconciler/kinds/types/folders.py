"""Folders below the default folders, as object types: a folder type for each type that folders
hold.

To Configuration Server they are all of type Folder, and have a parent and a name. People identify a
folder by what it holds and by its path: ``Chat/Queues``, for scripts. So manifests, plans and runs
have types such as ``Folder/Script``. Such a folder belongs to a tenant, a switch or a Business
Attribute, like the objects in it. ``server/folders.py`` translates.

A folder of folders is a configuration unit, of the type ``Folder/Folder``. The path of a folder in
a unit begins with the path of the unit and two slashes: ``EMEA/Berlin//Queues``.

Other objects refer to a folder by what it holds and by its natural name: ``Script/Chat/Queues``,
``Folder/EMEA/Berlin``; the tenant comes before it, as in ``Branch:Script/Chat``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.kinds.model import Attribute, ObjectType
from reconciler.kinds.natural_keys import TENANT, unquoted
from reconciler.kinds.types.attributes import tenant

FOLDER = "Folder"
"""The prefix of the names of these types, and the type that they all have on the server."""

UNIT = f"{FOLDER}/{FOLDER}"
"""The type of configuration units."""

PATH = "path"
"""The attribute with the names from below the default folder to the folder itself."""

MEMBERS = "objectIDs"
"""The attribute with the members of a folder that the account may read: type numbers and DBIDs. No
manifest, plan or fingerprint has it."""

PLACE = ("name", "type", "ownerID", "parentID")
"""The attributes of a folder on the server that say where it is; plans have other attributes for
that."""

_IN_UNIT = "//"
"""The separator between the path of a unit and the path of a folder in it."""

_LONGEST = 100 * 256
"""Characters in a path: the server limits single names only."""


def folder_types(types: Mapping[str, ObjectType]) -> Mapping[str, ObjectType]:
    """The types of the folders that objects of ``types`` can be in, by name. A folder type has the
    number of the type that it holds."""
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
    """The path of a folder. ``names``: from below the default folder, or from below the unit with
    the path ``unit``, to the folder itself. A slash in a name is written ``%2F``."""
    path = "/".join(map(_quoted, names))
    return f"{unit}{_IN_UNIT}{path}" if unit else path


def names_in_path(path: str) -> tuple[list[str], list[str]]:
    """The names of the units in a path, and those of the folders."""
    unit, mark, rest = path.partition(_IN_UNIT)
    parts = (unit, rest) if mark else ("", path)
    units, folders = ([*map(unquoted, one.split("/"))] if one else [] for one in parts)
    return units, folders


def plain_path(text: str) -> str:
    """A path from a user, in the form used to compare paths."""
    units, folders = names_in_path(text.removeprefix("/").removesuffix("/"))
    return path_of(folders, path_of(units))


def folder_around(path: str) -> str:
    """The path of the folder around a folder; empty: that is the default folder. If the folder is
    directly in a unit, the path ends with two slashes (see ``type_at``)."""
    outer, _, _ = path.rpartition("/")
    return f"{outer}/" if outer.endswith("/") else outer


def type_at(folder_type: str, path: str) -> tuple[str, str]:
    """The type and the path of a folder that ``folder_around`` returned for a folder of this
    type."""
    unit = path.removesuffix(_IN_UNIT)
    return (UNIT, unit) if unit != path else (folder_type, path)


def reference_to(folder_type: str, name: str, tenant_name: str = "") -> str:
    """How other objects refer to a folder with a natural name. ``tenant_name``: that of its tenant,
    if it must be given."""
    reference = f"{held_type(folder_type)}/{name}"
    return f"{tenant_name}:{reference}" if tenant_name else reference


def _quoted(name: str) -> str:
    """A name as a part of a path."""
    return re.sub("%(?=2F|25)", "%25", name).replace("/", "%2F")
