"""What the cache of manifests would keep of those that come with gwe; see ``manifest/cache.py``.

With it, the first command that reads them needs neither YAML nor schemas.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.manifest.cache import ManifestCache
from reconciler.manifest.documents import ReadingOptions
from reconciler.manifest.load import load_manifests
from reconciler.resources import bundled_manifests


def text() -> str:
    """The file, made of the manifests as they are."""
    with TemporaryDirectory() as folder:
        # A cache without paths does not know what comes with gwe.
        reading = ReadingOptions(cache=ManifestCache(Path(folder)))
        load_manifests([bundled_manifests()], reading=reading)
        (kept,) = Path(folder).iterdir()
        return kept.read_text(encoding="utf-8")
