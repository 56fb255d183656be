"""Who changed an object last, and when: what the server's own history says about it."""

from datetime import UTC, datetime

from reconciler.kinds.model import on_server
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import PastChange, Reader


def last_change(server: Reader, object_type: str, dbid: int) -> PastChange | None:
    """The last change of an object, existing or deleted, in the server's history. None if the
    history does not have it, or cannot be read by this account. ServerUnavailableError if the
    server does not answer."""
    object_type = on_server(object_type)
    if object_type not in OBJECT_TYPES or not dbid:
        return None  # a launch file, or an object that does not exist yet
    try:
        found = server.history(object_type, dbid)
    except ConfigurationServerError:
        return None  # the server refuses to answer; the report is complete without it
    return found[-1] if found else None


def change_text(change: PastChange) -> str:
    """A change as a part of a sentence: ``last updated by anna at 2026-11-26 10:04:05 UTC``. Empty
    if the history says neither who made it nor when."""
    author = author_text(change)
    verb = "last updated" if change.action == "updated" else change.action
    return f"{verb} {author}" if author else ""


def author_text(change: PastChange) -> str:
    """Who made a change, and when: ``by anna at 2026-11-26 10:04:05 UTC``. Empty: unknown."""
    who = f"by {change.user}" if change.user else ""
    when = f"at {change_time(change)}" if change.time else ""
    return " ".join(filter(None, (who, when)))


def change_time(change: PastChange) -> str:
    """When a change was made, such as ``2026-11-26 10:04:05 UTC``; empty: unknown."""
    if not change.time:
        return ""
    return f"{datetime.fromtimestamp(change.time, UTC):%Y-%m-%d %H:%M:%S} UTC"
