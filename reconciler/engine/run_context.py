"""What a run gets from its process: user, host, clock, and secrets in the environment."""

import getpass
import os
import secrets
import socket
import time
from datetime import UTC, datetime, timedelta

from reconciler.apply.lock.lock import Clock
from reconciler.apply.session import RunContext
from reconciler.engine.machine import machine_id
from reconciler.environment import PLAN_KEY, secret_value
from reconciler.errors import ReconcilerError, UsageError


def run_context(user: str) -> RunContext:
    """A context for one new run. ``user``: the account at the server; empty: there is none, and the
    name of the system's user is taken."""
    now = datetime.now(UTC)
    # In a run's name, the time is for people, and the random part makes it unique; the journal
    # numbers the runs.
    name = f"{now:%Y%m%d-%H%M%S}-{now.microsecond:06}{secrets.token_hex(1)}"
    return RunContext(
        name=name,
        user=user or _system_user(),
        host=socket.gethostname(),
        process=os.getpid(),
        started=_timestamp(0),
        clock=Clock(_seconds, time.sleep, _timestamp),
        machine=machine_id(),
    )


def _seconds() -> float:
    """A monotonic clock in seconds that counts suspension of the machine."""
    return time.clock_gettime(_CLOCK) if _CLOCK is not None else time.monotonic()


# time.monotonic leaves out suspension on Linux and on macOS. Linux counts it in CLOCK_BOOTTIME,
# macOS in its CLOCK_MONOTONIC; Windows has neither and counts it in time.monotonic.
_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def _timestamp(later: float) -> str:
    """The time of day ``later`` seconds from now, in UTC."""
    return f"{datetime.now(UTC) + timedelta(seconds=later):%Y-%m-%d %H:%M:%S} UTC"


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # the user id has no name
        return "somebody"


def plan_key() -> str:
    """The key in GWE_PLAN_KEY that plan files are signed with; empty: they are not signed.
    UsageError if the variable is set and empty, as in a CI job whose secret is missing."""
    key = os.environ.get(PLAN_KEY)
    if key is not None and not key.strip():
        raise UsageError(
            "GWE_PLAN_KEY is set and empty", "Set it to the key that signs plan files, or unset it."
        )
    return key or ""


def environment_secret(source: str) -> str:
    """The value of a secret that a plan names as ``env.NAME``. ReconcilerError if the
    variable cannot be read, is not set or is empty."""
    try:
        return secret_value(source, os.environ)
    except ReconcilerError as error:
        hint = "Set it as it was when the plan was made; its value is in no file."
        message = f"the plan needs a secret: {error.message}"
        raise ReconcilerError(message, error.hint or hint) from error


def known_secret(source: str) -> str | None:
    """The value of a secret, or None if the environment does not have it."""
    try:
        return secret_value(source, os.environ)
    except ReconcilerError:
        return None
