"""Finds the applications of a site that an ApplicationOptions manifest is for. Pure."""

from collections.abc import Callable

from reconciler.kinds.roles import CLUSTER_ROLE, HOLDER_ROLE, SERVER_ROLE, TARGET_ROLES
from reconciler.manifest.expand import Expanded
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import Site
from reconciler.yaml.documents import as_text


def target_role(expanded: Expanded) -> str:
    """The role that a manifest targets. Empty for a target that is an application, and,
    after reporting it, for an unknown role."""
    role = as_text(expanded.data["target"].get("role", ""))
    if role and role not in TARGET_ROLES and "${" not in role:
        known = f"Known: {', '.join(TARGET_ROLES)}."
        expanded.report(("target", "role"), f"unknown role {role}", known)
        return ""
    return role


def target_applications(
    expanded: Expanded, site: Site, live: Snapshot, holds: Callable[[ConfObject], bool]
) -> tuple[ConfObject, ...] | None:
    """The applications that a manifest targets; None if its target was reported.

    ``holds``: whether an application has an option of the manifest already.
    """
    if "application" in expanded.data["target"]:
        name = as_text(expanded.data["target"]["application"])
        found = live.find("Application", 0, name)
        if found is None:
            expanded.report(
                ("target", "application"),
                f"there is no application {name}, or this account cannot read it",
                "Check the name, or target a role.",
            )
        return (found,) if found else None
    role = target_role(expanded)
    if role == HOLDER_ROLE:
        return _holders(site, holds)
    return site.roles.get(role, ()) if role else None


def _holders(site: Site, holds: Callable[[ConfObject], bool]) -> tuple[ConfObject, ...]:
    """The server, the cluster or both: those that have an option of the manifest; the server if
    neither has. A primary and its backup belong together."""
    groups = [site.roles.get(role, ()) for role in (SERVER_ROLE, CLUSTER_ROLE)]
    holders = [group for group in groups if any(map(holds, group))]
    return tuple(application for group in holders or groups[:1] for application in group)
