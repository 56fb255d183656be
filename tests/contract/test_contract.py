"""The contract on the embedded server and, where PSDK_LIB names the jars, through the SDK."""

import pytest

from reconciler.testing.contract.fixtures import ServerFactory
from reconciler.testing.contract.suite import *  # noqa: F403
from reconciler.testing.contract.suite import (
    test_random_calls_are_answered_as_the_model_foretells as _random_calls,
)
from tests.contract.adapters import ADAPTERS

pytestmark = pytest.mark.server

test_random_calls_are_answered_as_the_model_foretells = pytest.mark.long(_random_calls)


@pytest.fixture(params=ADAPTERS)
def server_factory(request: pytest.FixtureRequest) -> ServerFactory:
    return ADAPTERS[request.param]
