"""Declarative desired-state reconciler for Genesys Web Engagement.

YAML manifests describe objects of a Genesys Configuration Server; a planner
compares them with the live objects; an applier executes the plan.
``docs/architecture.md`` shows how it works, ``docs/python-api.md`` how to use it.

The public names are those of ``reconciler.api``, which is imported when the first of them is used,
so that ``import reconciler`` and ``gwe --help`` stay fast.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from reconciler.api import *  # noqa: F403
    from reconciler.api import __all__ as __all__
else:

    def __getattr__(name: str) -> Any:
        if name == "__all__" or (not name.startswith("_") and name in _api().__all__):
            return getattr(_api(), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return [*globals(), *_api().__all__]

    def _api() -> Any:
        return importlib.import_module("reconciler.api")
