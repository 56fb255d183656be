"""Finds and reads manifest files, in an order that does not depend on the file system."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.resources import bundled_manifests
from reconciler.strict_yaml import load_file, load_text
from reconciler.text_files import canonical_path, is_stream, shown_path
from reconciler.yaml_construction import YamlDocument

SUFFIXES = frozenset({".yaml", ".yml"})
"""The suffixes of manifests, in lower case; a file may have them in any case."""


@dataclass(frozen=True)
class Manifest:
    """A valid document: its kind, its data, and the positions of its values."""

    kind: ManifestKind
    document: YamlDocument

    @property
    def data(self) -> Any:
        return self.document.data

    @property
    def bundled(self) -> bool:
        """Whether the manifest is one of those that come with the package."""
        return self.document.path is not None and is_bundled(self.document.path)

    def at(self, path: FieldPath = ()) -> Position:
        """The position of a value."""
        return self.document.at(path)


@lru_cache(maxsize=16)
def is_bundled(path: Path) -> bool:
    """Whether a file or folder is among the manifests that come with the package. Asked for each
    manifest of a file, one file after the other."""
    return path.is_relative_to(bundled_manifests())


def read_documents(
    paths: Sequence[Path],
    problems: list[Diagnostic],
    passed_over: list[str],
    texts: Mapping[Path, str] = MappingProxyType({}),
) -> list[YamlDocument]:
    """Every document in the files and folders, by file name. Reports a path that is missing
    or cannot be read, and a folder without manifests. ``passed_over``: see ``manifest_files``;
    ``texts``: what some of the files are taken to hold instead."""
    documents: list[YamlDocument] = []
    for file, name in manifest_files(paths, problems, passed_over):
        if file in texts:
            documents.extend(load_text(texts[file], name, problems, file))
        else:
            documents.extend(load_file(file, name, problems))
    return documents


def manifest_files(
    paths: Sequence[Path], problems: list[Diagnostic], passed_over: list[str]
) -> Iterator[tuple[Path, str]]:
    """The files to read, each once, with the name that messages use. ``passed_over`` gets the
    names of the other files in the folders; hidden files count as neither."""
    seen: set[str] = set()
    for path in paths:
        for file in _files(path, problems, passed_over):
            canonical = canonical_path(file)
            if canonical not in seen:
                seen.add(canonical)
                yield file, _shown(file)


def _files(path: Path, problems: list[Diagnostic], passed_over: list[str]) -> list[Path]:
    where = Position(str(path))
    try:
        if is_stream(path) or (path.exists() and not path.is_dir()):
            return [path]
        if not path.is_dir():
            problems.append(Diagnostic("no such file or folder", where, "Check the path."))
            return []
        files = sorted(_walk(path, set()), key=lambda file: file.relative_to(path).parts)
    except OSError as error:
        problems.append(Diagnostic(f"cannot be read: {error.strerror}", where))
        return []
    found = [file for file in files if file.suffix.lower() in SUFFIXES]
    passed_over += [_shown(file) for file in files if file.suffix.lower() not in SUFFIXES]
    if not found:
        problems.append(
            Diagnostic(
                "the folder contains no manifests",
                where,
                "Manifests are files that end in .yaml or .yml; gwe init DIR creates some.",
            )
        )
    return found


def _walk(folder: Path, seen: set[str]) -> Iterator[Path]:
    """The files below a folder. Unlike a glob, it fails where it cannot read. ``seen``: the
    folders that were entered; links may lead to them again."""
    here = canonical_path(folder)
    if here in seen:
        return
    seen.add(here)
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry, seen)
        else:
            yield entry


def _shown(file: Path) -> str:
    """The short name of a bundled file; any other file as the user named it."""
    if is_stream(file):
        return shown_path(file)
    bundled = bundled_manifests()
    if file.is_relative_to(bundled):
        return str(Path(bundled.name) / file.relative_to(bundled))
    return str(file)
