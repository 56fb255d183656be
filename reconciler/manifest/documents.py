"""Finds and reads manifest files, in an order that does not depend on the file system."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from reconciler.diagnostics import Diagnostic, Position
from reconciler.files.reading import MAX_BYTES, canonical_path, is_stream, read_text, shown_path
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifest_kind import EXACT, ManifestKind
from reconciler.kinds.manifests import EVERY_KIND
from reconciler.manifest.cache import KeptDocument, ManifestCache
from reconciler.manifest.plain import PlainObject
from reconciler.resources import bundled_manifests
from reconciler.yaml.documents import YamlDocument

SUFFIXES = frozenset({".yaml", ".yml"})
"""The suffixes of manifests, in lower case; a file may have them in any case."""


MARK = "$"
"""Every text with something to fill in contains this."""

_ENCODER = msgspec.json.Encoder()
_ODD = ("$", "\\", "\x7f", '" ', ' "')
"""As JSON, no text of a simple manifest contains this. All control characters but DEL are escaped
anyway."""


class Manifest(Struct, frozen=True, dict=True):
    """A valid document: its kind, its data, and the positions of its values. ``plain``: the object
    that it declares, if that is known before the manifest is bound."""

    kind: ManifestKind
    document: YamlDocument
    plain: PlainObject | None = None

    @property
    def data(self) -> Any:
        return self.document.data

    @property
    def bundled(self) -> bool:
        """Whether the manifest is one of those that come with the package."""
        return self.document.path is not None and is_bundled(self.document.path)

    @property
    def exact(self) -> bool:
        """Whether the names in the manifest are meant exactly as written."""
        metadata = self.data.get("metadata")
        return isinstance(metadata, dict) and metadata.get(EXACT) is True

    @property
    def has_variables(self) -> bool:
        """Whether there may be something to fill in."""
        return not self.is_simple and MARK in repr(self.data)

    @cached_property
    def is_simple(self) -> bool:
        """Whether all its texts are printable ASCII without ``$``, quotes, backslashes or
        surrounding blanks. Most manifests are simple, and this check is fast."""
        try:
            written = _ENCODER.encode(self.data).decode()  # a text is quicker to search
        except UnicodeEncodeError:
            return False
        # Here quotes only enclose texts, so a blank beside a quote is at an end of a text.
        return written.isascii() and not any(odd in written for odd in _ODD)

    def at(self, path: FieldPath = ()) -> Position:
        """The position of a value."""
        return self.document.at(path)


def is_bundled(path: Path) -> bool:
    """Whether a file or folder is among the manifests that come with the package."""
    # Texts are compared, since each manifest asks and paths take ten times as long.
    return f"{path}{os.sep}".startswith(f"{bundled_manifests()}{os.sep}")


def read_manifests(file: Path, max_bytes: int, name: str = "") -> str | Diagnostic:
    """The text of a file of manifests; see ``files.reading.read_text``."""
    advice = "If it is the right file, split it, or raise max_file_mib in gwe.toml."
    return read_text(file, max_bytes, name, advice)


class ReadingOptions(Struct, frozen=True):
    """How files of manifests are read. ``texts``: texts that replace the content of some files;
    ``max_bytes``: how large a file may be. ``cache``: manifests that are known already; new
    manifests are added to it."""

    texts: Mapping[Path, str] = field(default_factory=dict)
    max_bytes: int = MAX_BYTES
    cache: ManifestCache = field(default_factory=lambda: ManifestCache(None))


Document = YamlDocument | Manifest
"""A document of a file; from the cache, it is a valid manifest already."""


def read_documents(
    paths: Sequence[Path],
    options: ReadingOptions,
    problems: list[Diagnostic],
    passed_over: list[str],
) -> list[Document]:
    """Every document in the files and folders, by file name. Reports a path that is missing
    or cannot be read, and a folder without manifests. ``passed_over``: see ``manifest_files``."""
    documents: list[Document] = []
    for file, name in manifest_files(paths, problems, passed_over):
        held = options.texts.get(file) if options.texts else None
        text = read_manifests(file, options.max_bytes, name) if held is None else held
        if isinstance(text, Diagnostic):
            problems.append(text)
            continue
        known = options.cache.find(text)
        if known is None:
            from reconciler.yaml.strict import load_text  # noqa: PLC0415 - 20 ms to import

            read = load_text(text, name, problems, file)
            options.cache.add(text, file, read)
            documents += read
        else:
            documents += [_known(one, name, file) for one in known]
    return documents


def _known(kept: KeptDocument, name: str, file: Path) -> Manifest:
    """The cached manifest, for a file with this content."""
    document = YamlDocument(kept.content, name, (kept.line, kept.column), file)
    return Manifest(EVERY_KIND[kept.kind], document, kept.plain)


def manifest_files(
    paths: Sequence[Path], problems: list[Diagnostic], passed_over: list[str]
) -> Iterator[tuple[Path, str]]:
    """The files to read, each once, with the name that messages use. ``passed_over`` gets the names
    of the other files in the folders, without hidden files."""
    seen: set[str] = set()
    for path in paths:
        for file, canonical in _files(path, problems, passed_over):
            if canonical not in seen:
                seen.add(canonical)
                yield file, _shown(file)


_File = tuple[Path, str]
"""A file as it is named, and its canonical path."""


def _files(path: Path, problems: list[Diagnostic], passed_over: list[str]) -> list[_File]:
    where = Position(str(path))
    try:
        if is_stream(path) or (path.exists() and not path.is_dir()):
            return [(path, canonical_path(path))]
        if not path.is_dir():
            problems.append(Diagnostic("no such file or folder", where, "Check the path."))
            return []
        files = list(_walk(path, set()))
    except OSError as error:
        problems.append(Diagnostic(f"cannot be read: {error.strerror}", where))
        return []
    found: list[_File] = []
    for each in files:
        if _is_manifest(each[0]):
            found.append(each)
        else:
            passed_over.append(_shown(each[0]))
    if not found:
        problems.append(
            Diagnostic(
                "the folder contains no manifests",
                where,
                "Manifests are files that end in .yaml or .yml; gwe init DIR creates some.",
            )
        )
    return found


def _is_manifest(file: Path) -> bool:
    return os.path.splitext(file.name)[1].lower() in SUFFIXES


def _walk(folder: Path, seen: set[str]) -> Iterator[_File]:
    """The files below a folder, in the order of their names. Unlike a glob, it fails if it cannot
    read a folder. ``seen``: the folders that were entered; links may lead to them again."""
    here = canonical_path(folder)
    if here in seen:
        return
    seen.add(here)
    with os.scandir(folder) as found:
        entries = sorted(found, key=attrgetter("name"))
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        linked = entry.is_symlink()  # a link to itself is an error for a DirEntry
        if path.is_dir() if linked else entry.is_dir():
            yield from _walk(path, seen)
        elif linked:
            yield path, canonical_path(path)
        else:
            yield path, os.path.join(here, entry.name)


def _shown(file: Path) -> str:
    """The short name of a bundled file; any other file as the user named it."""
    if is_stream(file):
        return shown_path(file)
    name, bundled = str(file), bundled_manifests()
    within = name.removeprefix(f"{bundled}{os.sep}")
    return name if within == name else os.path.join(bundled.name, within)
