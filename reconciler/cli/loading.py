"""Loads the manifests of a command, with the values of their variables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.cli.common import ManifestFlags
from reconciler.cli.settings import without_overridden
from reconciler.render.console import say
from reconciler.resources import bundled_manifests
from reconciler.settings.gwe_toml import Settings

# Modules that read manifests are imported late, in functions, while a thread starts Java.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.manifest.load import Loaded


def load(
    flags: ManifestFlags,
    settings: Settings,
    *,
    verbose: bool = False,
    texts: Mapping[Path, str] = MappingProxyType({}),
) -> Loaded:
    """The manifests: those of --file, else of gwe.toml, else those that come with gwe.
    ``verbose`` names the files that are skipped. ``texts``: texts that replace the content of some
    files."""
    from reconciler.manifest.cache import manifest_cache
    from reconciler.manifest.documents import ReadingOptions
    from reconciler.manifest.load import load_manifests
    from reconciler.manifest.variables import GivenValues, parse_setting

    given = without_overridden(flags, settings).file
    files = given or settings.file
    paths = files or [bundled_manifests()]
    values = GivenValues(
        settings.variables,
        flags.vars,
        [parse_setting(text) for text in flags.var],
        undeclared=_may_be_a_part(given, settings),
    )
    reading = ReadingOptions(texts, settings.max_file_bytes, manifest_cache(paths, os.environ))
    loaded = load_manifests(paths, values, os.environ, reading)
    for name in loaded.passed_over if verbose else ():
        say(f"Note: {name} is passed over: it ends neither in .yaml nor in .yml.", err=True)
    inputs = replace(
        loaded.inputs,
        named=bool(files),
        settings=str(settings.origin.path or ""),
        profile=settings.origin.profile,
    )
    return replace(loaded, inputs=inputs, partial=not _is_whole(files, settings))


def _may_be_a_part(given: Sequence[Path], settings: Settings) -> bool:
    """Whether the manifests of --file may be a part of those for which gwe.toml has variables."""
    part_of_set = bool(settings.file) and not _is_whole(given, settings)
    return bool(given) and (part_of_set or any(not path.is_dir() for path in given))


def _is_whole(files: Sequence[Path], settings: Settings) -> bool:
    """Whether these are all manifests of the set: those that gwe.toml lists under ``file``."""
    named = {os.path.realpath(path) for path in settings.file}
    return bool(named) and named == {os.path.realpath(path) for path in files}
