"""What keeps an object from getting another name. Data only.

Sources: the descriptions of the types in the Platform SDK's reference; of agent groups, also the
vendor's Platform Administration documentation.
"""

from collections.abc import Mapping

NAME_FROZEN_BY: Mapping[str, str] = {
    "AgentGroup": "agentDBIDs",
    "PlaceGroup": "placeDBIDs",
    "DNGroup": "DNs",
}
"""Groups that keep their name while they have members -> the attribute with the members."""

NAMES_THE_SITE = frozenset({"Tenant", "Application"})
"""Types whose objects are named outside of manifests: on the command line, in gwe.toml and in
launch files. No manifest renames them."""
