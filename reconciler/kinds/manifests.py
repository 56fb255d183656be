"""The table of manifest kinds: what a manifest may declare of which object type.

A new kind is one entry of ``MANIFEST_KINDS``, which schemas, binding, planner and addresses
read. The order of the entries is the order of the output.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.kinds import enums
from reconciler.kinds.model import ObjectType
from reconciler.kinds.types import ALL_TYPES
from reconciler.kinds.types_files import LAUNCH_FILE

API_VERSION = "reconciler/v1"

Overwrite = Literal["replace", "correct", "keep"]
Binding = Literal["object", "options", "file", "variables"]

BLOCKS = ("spec", "initial")
"""Where manifests declare fields: what is enforced, and what is written only where it is absent."""


@dataclass(frozen=True)
class ManifestKind:
    """One kind of manifest.

    ``type``: its object type. ``fixed``: fields that the kind itself determines. ``fields``:
    the words that ``spec`` and ``initial`` may declare; ``required``: the words that one of
    them must; ``spec_only``: those that ``initial`` may not. ``parent``: the kind that
    ``metadata.attribute`` names. ``by_display_name``: an object is also found by its display
    name. ``defaults`` go into a create and are not managed. ``overwrite``: what
    ``--overwrite`` does, unless the manifest's policy says otherwise.
    """

    name: str
    type: str
    description: str
    binding: Binding = "object"
    fixed: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    spec_only: tuple[str, ...] = ()
    parent: str = ""
    by_display_name: bool = False
    defaults: Mapping[str, str | bool] = field(default_factory=lambda: {"state": "Enabled"})
    overwrite: Overwrite = "replace"

    @property
    def overwrites(self) -> tuple[Overwrite, ...]:
        """What ``policy.overwrite`` may be: never more than the kind's own ``overwrite``."""
        return (
            ("replace", "correct", "keep") if self.overwrite == "replace" else ("correct", "keep")
        )

    @property
    def object_type(self) -> ObjectType:
        """The server's object type behind the kind."""
        return ALL_TYPES[self.type]

    @property
    def script_type(self) -> int | None:
        """The number of the kind's script type; None for kinds that are no scripts."""
        if self.type != "Script":
            return None
        return enums.SCRIPT_TYPE[self.fixed["type"]]


_KINDS = (
    ManifestKind(
        "AgentGroup",
        "AgentGroup",
        "An agent group of the tenant.",
        fields=("agents", "managers", "annex", "state"),
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
        parent="BusinessAttribute",
        defaults={"state": "Enabled", "isDefault": False},
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
        "ApplicationOptions",
        "Application",
        "Options in the applications of a role, which others own.",
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


def kind_order(name: str) -> int:
    """The position of a kind, or of an object type, in the output."""
    return next((i for i, kind in enumerate(_KINDS) if name in (kind.name, kind.type)), len(_KINDS))
