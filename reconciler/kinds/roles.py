"""The roles of applications in a site, and the values that ``${site.…}`` can name."""

from collections.abc import Mapping

SERVER_ROLE = "web-engagement-server"
CLUSTER_ROLE = "web-engagement-cluster"
HOLDER_ROLE = "web-engagement"
"""The server or the cluster: whichever has any of the declared options already, else the server.
For options that the documentation allows in both."""

INTERACTION_ROLE = "interaction-server"
STAT_ROLE = "stat-server"
CHAT_ROLE = "chat-server"

ROLE_TYPES: Mapping[str, str] = {
    INTERACTION_ROLE: "InteractionServer",
    STAT_ROLE: "StatServer",
    CHAT_ROLE: "ChatServer",
}
"""The roles of connected applications -> the application type that has the role."""

TARGET_ROLES = (SERVER_ROLE, CLUSTER_ROLE, HOLDER_ROLE, *ROLE_TYPES)
"""The values of ``target.role``."""

SITE_VALUES = (
    "tenant.name",
    "tenant.dbid",
    "server.name",
    "server.host",
    "server.port",
    "cluster.name",
    "configserver.host",
    "configserver.port",
)
"""The names that ``${site.…}`` accepts."""
