"""ADDP notices a line on which nothing comes any more, long before the time limit of a call."""

import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from reconciler.server.errors import OutcomeUnknownError, ServerError, ServerUnavailableError
from tests.psdk.relay import Relay
from tests.psdk.support import AS_SERVER, session

Listen = Callable[..., int]
LIMIT = 2
PATIENCE = 60.0


def silent(listen: Listen, call: str, *, addp: bool, timeout: float) -> tuple[ServerError, float]:
    """What a call raises on a line that has gone silent, and after how many seconds."""
    relay = Relay(listen())
    options = replace(AS_SERVER, addp=addp, addp_timeout=LIMIT, addp_remote_timeout=LIMIT)
    server = session(relay.port, options=options, timeout=timeout)
    relay.mute()
    relay.deaf()
    begun = time.monotonic()
    with pytest.raises(ServerError) as caught:
        getattr(server, call)("Script", *([101] if call == "delete" else []))
    took = time.monotonic() - begun
    server.close()
    relay.close()
    return caught.value, took


@pytest.mark.parametrize(
    ("call", "expected"), [("read", ServerUnavailableError), ("delete", OutcomeUnknownError)]
)
def test_a_silent_line_is_noticed_within_the_limits_of_addp(
    listen: Listen, call: str, expected: type[ServerError]
) -> None:
    error, took = silent(listen, call, addp=True, timeout=PATIENCE)
    assert isinstance(error, expected)
    assert took < 3 * LIMIT + 1


def test_without_addp_the_time_limit_of_the_call_ends_it(listen: Listen) -> None:
    error, took = silent(listen, "delete", addp=False, timeout=2 * LIMIT)
    assert isinstance(error, OutcomeUnknownError)
    assert "no answer for 4 s" in error.message
    assert took >= 2 * LIMIT


def test_a_line_that_only_rests_stays_open(listen: Listen) -> None:
    relay = Relay(listen())
    options = replace(AS_SERVER, addp_timeout=1, addp_remote_timeout=1)
    server = session(relay.port, options=options)
    time.sleep(3.5)
    assert len(server.read("Script")) == 3
    server.close()
    relay.close()
