"""Loads manifests: reads their files, validates them and collects their variables.

Binding them to a site comes later; ``gwe validate`` gets by without.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct, field

from reconciler.diagnostics import Diagnostic, Position, assign_rule
from reconciler.errors import ManifestError
from reconciler.files.reading import MAX_BYTES
from reconciler.kinds.manifest_kind import API_VERSION
from reconciler.manifest.bind import bind, with_plain_objects
from reconciler.manifest.cache import ManifestCache
from reconciler.manifest.documents import Manifest, read_documents
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import Setting, Variables, collect, read_vars_file
from reconciler.resources import manifests_name
from reconciler.yaml.documents import YamlDocument


class PlanInputs(Struct, frozen=True):
    """What a plan was made from, for people to read.

    ``manifests``: the files and folders as they were named, or ``bundled``; ``named``: False
    where nobody named any. ``settings``: the path of ``gwe.toml``, empty where there is none;
    ``profile``: the chosen one.
    """

    manifests: tuple[str, ...] = ()
    named: bool = True
    settings: str = ""
    profile: str = ""


class Loaded(Struct, frozen=True):
    """Valid manifests and their variables, not yet bound to a site. ``digest``: of the
    manifests' content. ``inputs``: where it all comes from. ``passed_over``: the files in the
    folders that were not read, since their names are not those of manifests. ``partial``: they
    may be only some manifests of their set, so that others may declare more."""

    manifests: Sequence[Manifest]
    variables: Variables
    digest: str = ""
    inputs: PlanInputs = field(default_factory=PlanInputs)
    passed_over: tuple[str, ...] = ()
    partial: bool = False


def load_manifests(
    paths: Sequence[Path],
    file_settings: Sequence[Setting] = (),
    settings_files: Sequence[Path] = (),
    settings: Sequence[Setting] = (),
    environment: Mapping[str, str] | None = None,
    *,
    undeclared: bool = False,
    texts: Mapping[Path, str] = MappingProxyType({}),
    cache: ManifestCache | None = None,
    max_bytes: int = MAX_BYTES,
) -> Loaded:
    """The valid manifests and their variables. ManifestError lists every problem.

    ``paths``: files and folders. ``file_settings``, ``settings_files``, ``settings``: the
    variables of gwe.toml, the files of --vars, the variables of --var. With ``environment``,
    manifests with mistakes are also bound, so that mistakes found there are listed too.
    ``undeclared``: the variables of gwe.toml may be declared in manifests that are not among
    these. ``texts``: what some of the files are taken to hold instead. ``cache``: what is known of
    their content; it learns what is new. ``max_bytes``: how large a file of manifests may be.
    """
    problems: list[Diagnostic] = []
    passed_over: list[str] = []
    documents = read_documents(paths, problems, passed_over, texts, cache, max_bytes)
    all_read = not problems
    assign_rule(problems, "manifest-file")
    manifests = validate(documents, problems)
    assign_rule(problems, "manifest-schema")
    from_files = [each for file in settings_files for each in read_vars_file(file, problems)]
    elsewhere = file_settings if undeclared or not all_read else ()
    given = (*file_settings, *from_files, *settings)
    variables = collect(manifests, given, problems, elsewhere)
    assign_rule(problems, "variables")
    if problems:
        if all_read and environment is not None and _variables_are_known(documents, manifests):
            problems += _binding_problems(manifests, variables, environment)
        raise ManifestError(list(dict.fromkeys(problems)))
    if not manifests:
        raise ManifestError([_without_manifest(path) for path in paths])
    digest = (cache.digest if cache is not None else "") or _digest(manifests)
    if cache is not None and cache.has_new:
        manifests = with_plain_objects(manifests, variables)
        cache.save({id(one.document): (one.kind.name, one.plain) for one in manifests}, digest)
    inputs = PlanInputs(tuple(map(manifests_name, paths)))
    return Loaded(manifests, variables, digest, inputs, tuple(passed_over))


def _without_manifest(path: Path) -> Diagnostic:
    """The problem that a file, or each file of a folder, is empty."""
    return Diagnostic(
        "contains no manifest: there is nothing in it but comments or blank lines",
        Position(manifests_name(path)),
        f"A manifest begins with `apiVersion: {API_VERSION}` and `kind: …`; gwe init DIR writes"
        " some.",
        rule="manifest-file",
    )


def _digest(manifests: Sequence[Manifest]) -> str:
    """A digest of the manifests' content, which does not depend on their file names."""
    data = json.dumps([manifest.data for manifest in manifests], sort_keys=True, default=str)
    return hashlib.sha256(data.encode()).hexdigest()[:16]


def _variables_are_known(documents: Sequence[YamlDocument], manifests: Sequence[Manifest]) -> bool:
    """Whether every document that declares variables is valid."""
    kinds = [d.data.get("kind") for d in documents if isinstance(d.data, dict)]
    valid = sum(manifest.kind.binding == "variables" for manifest in manifests)
    return kinds.count("Variables") == valid


def _binding_problems(
    manifests: Sequence[Manifest], variables: Variables, environment: Mapping[str, str]
) -> Sequence[Diagnostic]:
    try:
        bind(manifests, variables, environment)
    except ManifestError as error:
        return error.diagnostics
    return ()
