"""What is needed to read a site, as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.plan.known_secrets import KnownSecrets
from reconciler.server.port import Reader
from reconciler.site.discovery import SiteOptions

if TYPE_CHECKING:
    from reconciler.launch.files import Installation


def _no_secrets(_identity: str) -> KnownSecrets:
    return KnownSecrets()


class SiteAccess(Struct, frozen=True):
    """The server, and what finds the site on it. ``installation``: the folder with the launch
    files; ``known_secrets``: what runs on the server of an identity have written as secrets;
    ``environment``: the values of ``${env.…}``."""

    server: Reader
    site: SiteOptions
    installation: Installation | None = None
    known_secrets: Callable[[str], KnownSecrets] = _no_secrets
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
