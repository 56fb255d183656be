"""What Web Engagement requires of a site before it can be provisioned. Pure."""

from collections.abc import Mapping, Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError
from reconciler.kinds.roles import CHAT_ROLE, INTERACTION_ROLE, ROLE_TYPES, STAT_ROLE
from reconciler.server.port import ConfObject
from reconciler.site.model import APPLICATIONS, application_name, application_type
from reconciler.site.neighbours import Neighbours


def check_prerequisites(
    server: ConfObject,
    cluster: ConfObject | None,
    roles: Mapping[str, Sequence[ConfObject]],
    near: Neighbours,
) -> None:
    """RefusedError lists every missing connection, with the applications that were left out
    and may be what is missing. A missing Chat Server is only a notice."""
    label = application_name(server)
    if cluster is not None:
        label += f" or {application_name(cluster)}"
    problems = []
    for role, product in ((INTERACTION_ROLE, "Interaction Server"), (STAT_ROLE, "Stat Server")):
        if not roles[role]:
            left_out = [text for text in near.notices if _is_about(text, ROLE_TYPES[role], near)]
            left_out += [warning[0].upper() + warning[1:] for warning in near.warnings]
            hint = f"Add it in {APPLICATIONS} > {label} > Connections."
            hint = " ".join((*left_out, hint))
            problems.append(Diagnostic(f"{label} has no connection to {product}", hint=hint))
    if problems:
        raise RefusedError(problems)
    if not roles[CHAT_ROLE]:
        near.notices.append(
            f"{label} has no connection to Chat Server: what chat needs is skipped."
            f" Add it in {APPLICATIONS} > {label} > Connections."
        )


def _is_about(notice: str, kind: str, near: Neighbours) -> bool:
    """Whether a notice names an application of the type."""
    names = [application_name(a) for a in near.applications() if application_type(a) == kind]
    return any(notice.startswith(f"{name} ") for name in names)
