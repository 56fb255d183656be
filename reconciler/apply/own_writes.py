"""What a run has changed itself, so that it does not mistake its own changes for those of other
clients.

A delete or a replace changes the objects that refer to its object. If the plan writes such an
object later, the object differs from what the plan found. It is not stale if it was as the plan
found it just before the run changed it, and nobody else has changed it since.
"""

from collections.abc import Collection, Iterable

from reconciler.plan.actions import Delete, Replace, Update, Write
from reconciler.plan.fingerprint import stale_fields
from reconciler.plan.losses import referrers
from reconciler.plan.renames import rename_of
from reconciler.server.port import ConfObject, ObjectKey
from reconciler.server.snapshot import Snapshot


class OwnWrites:
    """The writes of a run. ``actions``: all that its plan writes; ``live``: the objects as they
    are, which whoever writes keeps up to date."""

    def __init__(self, actions: Iterable[Write], live: Snapshot) -> None:
        self._planned = {(one.object_type, one.dbid): one for one in actions if one.dbid}
        self._live = live
        self._left: dict[ObjectKey, ConfObject | None] = {}
        self.written: set[ObjectKey] = set()
        """The objects that were created or updated."""

    def put(self, one: ConfObject) -> None:
        """Records a live object, just read or written. An object that the plan renames is recorded
        with its new name."""
        planned = self._planned.get((one.type, one.dbid))
        renamed = rename_of(planned) if planned else None
        self._live.put(renamed.done(one, self._live) if renamed else one)

    def stale_fields(self, action: Update | Replace | Delete) -> list[str]:
        """What others have changed since the plan, in sentences; see ``fingerprint``."""
        key = (action.object_type, action.dbid)
        one = self._live.get(*key)
        if one is not None and self._left.get(key) == one:
            return []
        return stale_fields(action, self._live, self.written)

    def referrers(self, action: Replace | Delete, one: ConfObject) -> list[ObjectKey]:
        """The objects that refer to the object of an action: those in the plan, and those to which
        the run itself has given such a reference."""
        found = [(other.type, other.dbid) for other, _ in referrers(one, self._live)]
        return [*dict.fromkeys((*action.referrers, *(k for k in found if k in self.written)))]

    def still_planned(self, referring: Iterable[ConfObject]) -> list[ObjectKey]:
        """The objects, of those that a delete is about to change, which are unchanged since the
        plan and which the plan writes later. ``referring``: just read."""
        found = []
        for one in referring:
            key = (one.type, one.dbid)
            self.put(one)
            planned = self._planned.get(key)
            if isinstance(planned, Update | Replace | Delete) and not self.stale_fields(planned):
                found.append(key)
        return found

    def deletes_later(self, one: ConfObject, planned: Collection[ObjectKey]) -> bool:
        """Whether the plan deletes an object, and the object is as the plan found it. ``planned``:
        the result of ``still_planned``."""
        key = (one.type, one.dbid)
        return key in planned and isinstance(self._planned[key], Delete)

    def left(self, changed: Iterable[ConfObject]) -> None:
        """Records how the run has left such objects."""
        for one in changed:
            self.put(one)
            self._left[one.type, one.dbid] = self._live.get(one.type, one.dbid)
