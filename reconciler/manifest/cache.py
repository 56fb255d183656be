"""Manifests that were read and checked before, kept in the user's cache folder.

Cached manifests are found by a digest of the content of their file, so they are never mistaken for
other content, wherever the file is. It belongs to one version of gwe and its schemas. The cache may
fail, be absent or be turned off without harm: manifests are then read as if it were not there.

Only the user may read it, as manifests may hold what others should not see. It is read only if the
folder and the file belong to the user and are closed to others.
"""

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import cast

import msgspec

import reconciler
from reconciler.files.reading import is_stream
from reconciler.manifest.plain import PlainObject
from reconciler.resources import bundled, bundled_manifests
from reconciler.yaml.documents import YamlDocument

SWITCH = "GWE_CACHE"
"""The environment variable that turns the cache off with ``off``."""

MAX_BYTES = 64 * 1024 * 1024
"""How large the cache may become; its oldest files are removed first."""

KNOWN = bundled("manifests") / "known" / "web-engagement.json"
"""The cache content for the manifests that come with gwe. It is shipped with them, and is found by
digests of their content like everything else."""

_FORMAT = "4"
_ENDING = ".json"


class KeptDocument(msgspec.Struct, frozen=True, array_like=True):
    """A valid document. ``content``: see ``YamlDocument``; ``line``, ``column``: where it begins,
    from 0; ``kind``: the kind of manifest whose schema it fits; ``plain``: the object that it
    declares, if known."""

    content: msgspec.Raw
    line: int
    column: int
    kind: str
    plain: PlainObject | None


class KeptManifests(msgspec.Struct, frozen=True):
    """What a cache file holds. ``files``: digest of the content of a file -> its documents.
    ``digest``: that of the manifests (see ``Loaded``) in these files in this order; empty if it is
    not cached."""

    files: dict[str, list[KeptDocument]] = {}
    digest: str = ""


def manifest_cache(paths: Sequence[Path], environment: Mapping[str, str]) -> "ManifestCache":
    """The cache for the manifests at ``paths``. ``environment`` says where the cache is, and
    whether it is used."""
    if environment.get(SWITCH, "").strip().lower() == "off":
        return ManifestCache(None)
    return ManifestCache(_user_folder(environment), paths)


def _user_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of the cache; None if the user has none."""
    if sys.platform in ("win32", "darwin"):
        from platformdirs import user_cache_path  # noqa: PLC0415 - elsewhere the next lines do

        return user_cache_path("gwe-reconciler", appauthor=False) / "manifests"
    home = environment.get("HOME", "")
    base = environment.get("XDG_CACHE_HOME", "").strip() or os.path.join(home, ".cache")
    return Path(base, "gwe-reconciler", "manifests") if os.path.isabs(base) else None


class ManifestCache:
    """The cache for the files of one set of manifests. ``folder``: None: nothing is cached."""

    def __init__(self, folder: Path | None, paths: Sequence[Path] = ()) -> None:
        self._folder = folder
        self._paths = paths
        self._used: dict[str, list[KeptDocument]] = {}
        self._new: dict[str, Sequence[YamlDocument]] = {}
        self._read: list[str] = []

    def find(self, text: str) -> list[KeptDocument] | None:
        """The documents of a file with this ``text``; None if they are not cached."""
        if self._folder is None:
            return None
        key = _digest(text)
        found = self._kept.files.get(key)
        if found is None:
            return None
        self._used[key] = found
        self._read.append(key)
        return found

    def add(self, text: str, path: Path, documents: Sequence[YamlDocument]) -> None:
        """Adds the documents of a file, for ``save`` to write. What comes from a pipe is not
        cached."""
        if self._folder is None:
            return
        key = _digest(text)
        self._read.append(key)
        if not is_stream(path):
            self._new[key] = documents

    @property
    def has_new(self) -> bool:
        """Whether anything was added."""
        return bool(self._new)

    @property
    def digest(self) -> str:
        """The digest of the manifests, if it was cached for just these files; else empty."""
        if self._folder is None or self._read != list(self._kept.files):
            return ""
        return self._kept.digest

    def save(self, found: Mapping[int, tuple[str, PlainObject | None]], digest: str) -> None:
        """Writes what was added: documents that fit their schemas. ``found``: the kinds and the
        objects of documents, by ``id``; ``digest``: that of all manifests."""
        if self._folder is None:
            return
        with suppress(OSError, ValueError, OverflowError):  # not all texts can be encoded
            added = {
                key: [
                    # Encoded the same, whether it is JSON already or data.
                    KeptDocument(cast("msgspec.Raw", one.content), *one.place, *found[id(one)])
                    for one in documents
                ]
                for key, documents in self._new.items()
            }
            known = {**self._used, **added}
            files = {key: known[key] for key in self._read if key in known}
            kept = KeptManifests(files, digest if list(files) == self._read else "")
            body = msgspec.json.encode(kept)
            if len(body) < MAX_BYTES:
                _write(self._file, b"%s\n%s" % (_digest_of(body).encode(), body))
                _remove_oldest(self._folder)

    @cached_property
    def _kept(self) -> KeptManifests:
        """What is in the file of this set, or else what comes with gwe of its own manifests."""
        kept = _decoded(self._file, _read)
        if kept is None and bundled_manifests() in self._paths:
            kept = _decoded(KNOWN, Path.read_bytes)
        return kept or KeptManifests()

    @cached_property
    def _file(self) -> Path:
        """The file for this set of manifests, of this version of gwe."""
        assert self._folder is not None  # noqa: S101 - asked for only where there is one
        schema = bundled("schemas") / "manifest.schema.json"
        digest = hashlib.sha256(schema.read_bytes() if schema.exists() else b"")
        for part in (_FORMAT, reconciler.__version__, *map(os.path.abspath, self._paths)):
            digest.update(f"\0{part}".encode("utf-8", "surrogateescape"))
        return self._folder / f"{digest.hexdigest()[:32]}{_ENDING}"


def _decoded(file: Path, read: Callable[[Path], bytes]) -> KeptManifests | None:
    """What is in a file; None where it cannot be read, or is damaged."""
    with suppress(OSError, msgspec.DecodeError):
        digest, _, body = read(file).partition(b"\n")
        if digest == _digest_of(body).encode():
            return msgspec.json.decode(body, type=KeptManifests)
    return None


def _digest(text: str) -> str:
    return _digest_of(text.encode("utf-8", "surrogatepass"))


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(path: Path) -> bytes:
    """OSError if the file does not exist, or is not owned by the user and closed to others."""
    _check_private(os.lstat(path.parent))
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        _check_private(os.fstat(descriptor))
        return file.read(2 * MAX_BYTES)


def _check_private(status: os.stat_result) -> None:
    if not hasattr(os, "getuid"):  # a system whose files have no owner and mode
        return
    if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise PermissionError("others may have written it")


def _write(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, readable by the user only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_private(os.lstat(path.parent))
    draft = path.with_suffix(f".{os.urandom(8).hex()}")
    try:
        with open(draft, "xb", opener=partial(os.open, mode=0o600)) as file:
            file.write(content)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _remove_oldest(folder: Path) -> None:
    """Removes the oldest files if the cache is larger than it may be."""
    left = MAX_BYTES
    for path, status in _newest_first(folder.iterdir()):
        left -= status.st_size
        if left < 0:
            path.unlink()


def _newest_first(paths: Iterable[Path]) -> list[tuple[Path, os.stat_result]]:
    found = [(path, path.stat()) for path in paths]
    return sorted(found, key=lambda each: each[1].st_mtime_ns, reverse=True)
