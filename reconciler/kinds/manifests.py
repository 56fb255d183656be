"""The table of manifest kinds: what a manifest may declare of which object type.

A new kind is one entry of ``_KINDS``, which schemas, binding, planner and addresses read. The
order of the entries is the order of the output. Every object type without an entry is described
by manifests of kind ``Object``, and every folder by those of kind ``Folder``.
"""

from collections.abc import Mapping

from reconciler.kinds.manifest_kind import OBJECT, ManifestKind
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.kinds.types.folders import FOLDER
from reconciler.kinds.types.table import FOLDER_TYPES, OBJECT_TYPES

_KINDS = (
    ManifestKind(
        "AgentGroup",
        "AgentGroup",
        "An agent group of the tenant.",
        fields=("agents", "managers", "annex", "state"),
        # Campaign groups go with it, and an undo creates them again.
        overwrite="replace",
    ),
    ManifestKind(
        "BusinessAttribute",
        "Enumerator",
        "A Business Attribute, found by its name or else by its exact display name.",
        fields=("displayName", "type", "description", "annex", "state"),
        required=("displayName", "type"),
        by_display_name=True,
        # Deleting a Business Attribute deletes every value in it.
        overwrite="correct",
    ),
    ManifestKind(
        "BusinessAttributeValue",
        "EnumeratorValue",
        "A value of the Business Attribute that metadata.attribute names.",
        fields=("displayName", "isDefault", "description", "annex", "state"),
        required=("displayName",),
        defaults={"isDefault": False},
    ),
    ManifestKind(
        "EnhancedRouting",
        "Script",
        "A script of type EnhancedRouting: where Orchestration finds a strategy.",
        fixed={"type": "EnhancedRouting"},
        fields=("annex", "state"),
    ),
    ManifestKind(
        "InteractionQueue",
        "Script",
        "A script of type InteractionQueue.",
        fixed={"type": "InteractionQueue"},
        fields=("annex", "state"),
    ),
    ManifestKind(
        "InteractionQueueView",
        "Script",
        "A script of type InteractionQueueView: which interactions leave a queue, and when.",
        fixed={"type": "InteractionQueueView"},
        fields=("annex", "state"),
    ),
    ManifestKind(
        "Script",
        "Script",
        "A script of any type. The three types above also have kinds of their own.",
    ),
    ManifestKind(
        "Transaction",
        "Transaction",
        "A transaction of any type, such as a List, which strategies read.",
    ),
    ManifestKind(
        "Skill",
        "Skill",
        "A skill of the tenant.",
    ),
    ManifestKind(
        "Person",
        "Person",
        "A person: an agent with skills and log-ins, or another user.",
    ),
    ManifestKind(
        "AccessGroup",
        "AccessGroup",
        "An access group: persons and access groups that have the same permissions.",
    ),
    ManifestKind(
        "Role",
        "Role",
        "A role: what its members may do in the vendor's user interfaces.",
    ),
    ManifestKind(
        "PlaceGroup",
        "PlaceGroup",
        "A place group of the tenant.",
    ),
    ManifestKind(
        "Place",
        "Place",
        "A place: the DNs at which one agent works.",
    ),
    ManifestKind(
        "Host",
        "Host",
        "A host, on which applications run.",
    ),
    ManifestKind(
        "Application",
        "Application",
        "An application, with its connections, ports and options.",
    ),
    ManifestKind(
        "ApplicationOptions",
        "Application",
        "Options in applications that others own: all of a role, or one by its name.",
        binding="options",
        fields=("options", "sections"),
        overwrite="correct",
    ),
    ManifestKind(
        "LaunchFile",
        LAUNCH_FILE,
        "A file under the installation folder, and the values that it must hold.",
        binding="file",
        fields=("file", "format", "values"),
        required=("file", "values"),
        spec_only=("file", "format"),
        overwrite="correct",
    ),
    ManifestKind(
        "Variables",
        "",
        "Variables of the manifests, each with a description and usually a default.",
        binding="variables",
    ),
)

MANIFEST_KINDS: Mapping[str, ManifestKind] = {kind.name: kind for kind in _KINDS}
"""The kinds with an entry, by name."""

KIND_OF_TYPE: Mapping[str, str] = {
    kind.type: kind.name for kind in reversed(_KINDS) if kind.binding == "object"
}
"""Object type -> the kind with an entry that describes it; the first, if several do."""

OBJECT_KINDS: Mapping[str, ManifestKind] = {
    name: ManifestKind(f"{OBJECT}/{name}", name, f"An object of type {name}.")
    for name, entry in OBJECT_TYPES.items()
    if name not in (*KIND_OF_TYPE, FOLDER) and not entry.written_by_server
}
"""Object type -> the kind of the manifests of objects that name the type in ``metadata.type``."""

FOLDER_KINDS: Mapping[str, ManifestKind] = {
    name.partition("/")[2]: ManifestKind(
        name,
        name,
        "A folder, for objects of the type that metadata.type names.",
        # A folder cannot be deleted while it holds anything.
        overwrite="correct",
    )
    for name in FOLDER_TYPES
}
"""Object type -> the kind of the manifests of folders that hold it."""

TYPED_KINDS: Mapping[str, Mapping[str, ManifestKind]] = {OBJECT: OBJECT_KINDS, FOLDER: FOLDER_KINDS}
"""The value of ``kind`` in manifests with an object type in ``metadata.type`` -> their kinds, by
that type."""

# Folders first: what they hold is created in them.
EVERY_KIND: Mapping[str, ManifestKind] = {
    **{kind.name: kind for kind in FOLDER_KINDS.values()},
    **MANIFEST_KINDS,
    **{kind.name: kind for kind in OBJECT_KINDS.values()},
}
"""All kinds by name, in the order of the output."""

_ORDER = {
    name: place
    for place, kind in reversed([*enumerate(EVERY_KIND.values())])
    for name in (kind.type, kind.name)
}


def kind_named(name: str) -> ManifestKind | None:
    """The kind of that name, which is also the first part of its addresses; None for object
    types that no manifest describes."""
    return EVERY_KIND.get(name)


def kind_order(name: str) -> int:
    """The position of a kind, or of an object type, in the output."""
    return _ORDER.get(name, len(_ORDER))
