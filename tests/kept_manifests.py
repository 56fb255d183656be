"""Manifests that one test has read and checked are not read again by the next, and the schema of
manifests is made once.

``gwe`` keeps what it has read in a file for each set of paths. Each test has paths of its own, so
it would read the same texts again, and thousands of such files would lie in one folder, which is
listed whenever one is added. In the cache folder of the tests the texts are kept in memory
instead, wherever they come from. tests/test_manifest_cache.py tries the files, in other folders.
"""

from collections.abc import Iterator
from functools import cache as cached
from functools import cached_property
from pathlib import Path

import msgspec

from reconciler.cli.schema import SCHEMAS
from reconciler.manifest import cache
from reconciler.manifest.cache import KeptDocument, ManifestCache

IN_MEMORY = "cache-in-memory"
"""The name of such a cache folder, for XDG_CACHE_HOME."""

_MOST = 1000
_KEPT: dict[str, msgspec.Raw] = {}
"""Digests of the content of files -> their documents, as the file of a cache has them."""
_DIGESTS: dict[tuple[str, ...], str] = {}
"""Digests of files in their order -> that of their manifests."""


class _Content(msgspec.Struct):
    """What goes to a file of a cache; see ``KeptManifests``."""

    files: dict[str, msgspec.Raw]
    digest: str


class _Kept:
    """What is in memory, as a cache finds it; see ``KeptManifests``."""

    def __init__(self, used: ManifestCache) -> None:
        self._used = used
        self.files = self

    def get(self, digest: str) -> list[KeptDocument] | None:
        """The documents anew, so that nobody changes them for others."""
        kept = _KEPT.get(digest)
        return None if kept is None else msgspec.json.decode(kept, type=list[KeptDocument])

    def __iter__(self) -> Iterator[str]:
        return iter(self._used._read)

    @property
    def digest(self) -> str:
        return _DIGESTS.get(tuple(self), "")


def no_manifests_read_twice() -> None:
    """Has the caches of this process keep in memory what would go to a folder of that name."""
    write, kept = cache._write, ManifestCache.__dict__["_kept"].func

    def written(path: Path, content: bytes) -> None:
        if IN_MEMORY not in path.parts:
            write(path, content)
            return
        _, _, body = content.partition(b"\n")
        given = msgspec.json.decode(body, type=_Content)
        for digest, documents in given.files.items():
            _KEPT[digest] = documents.copy()
        if given.digest:
            _DIGESTS[tuple(given.files)] = given.digest
        for known in (_KEPT, _DIGESTS):
            while len(known) > _MOST:
                del known[next(iter(known))]

    def found(used: ManifestCache) -> object:
        return _Kept(used) if used._folder and IN_MEMORY in used._folder.parts else kept(used)

    cache._write = written
    ManifestCache._kept = cached_property(found)  # type: ignore[assignment]
    ManifestCache._kept.__set_name__(ManifestCache, "_kept")


def no_schema_made_twice() -> None:
    """Schemas are the same for every test; that of manifests takes a quarter of a second."""
    SCHEMAS.update({name: cached(make) for name, make in SCHEMAS.items()})
