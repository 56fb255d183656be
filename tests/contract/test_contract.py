"""The contract on the embedded server and, where PSDK_LIB names the jars, through the SDK."""

import pytest

from reconciler.testing.contract.fixtures import ServerFactory
from reconciler.testing.contract.suite import *  # noqa: F403
from tests.contract.adapters import ADAPTERS


@pytest.fixture(params=ADAPTERS)
def server_factory(request: pytest.FixtureRequest) -> ServerFactory:
    return ADAPTERS[request.param]
