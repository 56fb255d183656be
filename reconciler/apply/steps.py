"""The steps of an action: what it asks for while it is written.

The code of an action computes, and yields a step where it needs the journal or the server. The
caller answers each step, or raises the step's error in the code. So the same code runs step by step
(``Calls.perform``) or concurrently with other actions (``in_flight``). Pure.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from msgspec import Struct

from reconciler.state.records import CallBegin, CallEnd

_Answer = TypeVar("_Answer")


class Begin(Struct, frozen=True):
    """Make the record of a call durable before the call is sent. ``must``: go on even if that is
    not possible."""

    record: CallBegin
    must: bool = False


class Send(Struct, frozen=True):
    """Confirm the lock, send a call that writes, and return its answer. ``always``: read the lock,
    however recently it was confirmed; ``must``: send the call even if the lock is lost."""

    call: Callable[[], Any]
    always: bool = False
    must: bool = False


class End(Struct, frozen=True):
    """Record the result of a call. Nothing waits for this record."""

    record: CallEnd


class Ask(Struct, frozen=True):
    """Send a call that reads, and return its answer."""

    call: Callable[[], Any]


Step = Begin | Send | End | Ask
Steps = Generator[Step, Any, _Answer]
"""The steps of an action or of a call, and their result."""
