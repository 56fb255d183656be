"""The adapter contract: what every server behind the port does, as tests.

It runs on any implementation of ``server.port.Server``. A test module imports the tests
and supplies one fixture, which makes a server with the objects of a site file:

    from reconciler.testing.contract.server_under_test import ServerUnderTest
    from reconciler.testing.contract.suite import *

    @pytest.fixture
    def server_factory():
        return MyServer       # MyServer(folder, site) is a ServerUnderTest

``docs/testing-your-client.md`` shows a whole example. Needs pytest and hypothesis: the
extra ``testing``.
"""

import pytest

_WITH_ASSERTIONS = (
    "accounts",
    "applications",
    "deletion",
    "every_type",
    "folders",
    "inherited_permissions",
    "keys",
    "notifications",
    "objects",
    "permissions",
    "random_calls",
    "reads",
    "type_references",
    "types",
    "updates",
    "values",
)

pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in _WITH_ASSERTIONS))
