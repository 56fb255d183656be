"""A field that an action changes or leaves alone, and how a person reads its two values. Pure."""

from msgspec import Struct

from reconciler.diagnostics import Position
from reconciler.kinds.fields import HIDDEN, FieldPath, Value, shown
from reconciler.text.visible import pair_text, quoted


class Change(Struct, frozen=True):
    """One field: its live value, the desired value, and where a manifest declares it.

    ``None`` means absent. In a kept field ``after`` is what the manifest says; it is not
    written, and ``hint`` says how it would be. ``reset``: ``before`` is the site's own value
    of an initial field, and is lost. ``unit`` is the path whose value decided about the change: it
    must still be the same when the change is written. ``source`` is the DBID of the application
    that the value is copied from, 0 if it comes from a manifest; ``unit`` must be unchanged there
    too. ``secret``: neither value is ever shown. ``initial``: the manifest declares it under
    ``initial``, so that it becomes the site's own.
    """

    path: FieldPath
    before: Value | None
    after: Value | None
    origin: Position | None = None
    manifest: str = ""
    unit: FieldPath = ()
    source: int = 0
    secret: bool = False
    reset: bool = False
    hint: str = ""
    initial: bool = False

    def display(self, value: Value | None) -> str:
        """One of the two values as a person reads it."""
        return shown(value, secret=self.secret)

    def display_both(self) -> tuple[str, str]:
        """Both values as they are shown beside each other: they never look alike."""
        before, after = self.display(self.before), self.display(self.after)
        if HIDDEN in (before, after) or isinstance(self.before, bytes):
            return before, after if before != after else f"(another {after.strip('()')})"
        if isinstance(self.before, str) and isinstance(self.after, str):
            return pair_text(self.before, self.after)
        if before != after:
            return before, after
        # A text, and the number with the same digits.
        one, other = (
            quoted(v) if isinstance(v, str) else str(v) for v in (self.before, self.after)
        )
        return one, other
