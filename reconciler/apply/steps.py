"""What an action asks for while it is written: its steps.

The code of an action computes, and yields a step where it needs the journal or the server. Whoever
executes it answers each step, or raises the step's error there. So the same code is executed step
by step (``Calls.perform``), and beside that of other actions (``in_flight``). Pure.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from msgspec import Struct

from reconciler.state.records import CallBegin, CallEnd

_Answer = TypeVar("_Answer")


class Begin(Struct, frozen=True):
    """Make the record of a call durable, before the call is sent. ``must``: go on even if that
    is not possible."""

    record: CallBegin
    must: bool = False


class Send(Struct, frozen=True):
    """Confirm the lock, send a call that writes, and answer with its answer. ``always``: read the
    lock, however recently it was confirmed; ``must``: send the call even if the lock is lost."""

    call: Callable[[], Any]
    always: bool = False
    must: bool = False


class End(Struct, frozen=True):
    """Record the result of a call. Nothing waits for this record."""

    record: CallEnd


class Ask(Struct, frozen=True):
    """Send a call that reads, and answer with its answer."""

    call: Callable[[], Any]


Step = Begin | Send | End | Ask
Steps = Generator[Step, Any, _Answer]
"""The steps of an action or of a call, and what comes of them."""
