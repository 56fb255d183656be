"""Loads manifests: reads their files, validates them and collects their variables.

Binding them to a site comes later; ``gwe validate`` needs no site.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from reconciler.diagnostics import Diagnostic, Position, assign_rule
from reconciler.errors import ManifestError
from reconciler.kinds.manifest_kind import API_VERSION
from reconciler.manifest.bind import bind, with_plain_objects
from reconciler.manifest.documents import Document, Manifest, ReadingOptions, read_documents
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import GivenValues, Variables, collect
from reconciler.resources import manifests_name


class PlanInputs(Struct, frozen=True):
    """What a plan was made from, for people to read.

    ``manifests``: the files and folders as they were named, or ``bundled``; ``named``: False if
    none were named. ``settings``: the path of ``gwe.toml``, empty if there is none; ``profile``:
    the chosen profile.
    """

    manifests: tuple[str, ...] = ()
    named: bool = True
    settings: str = ""
    profile: str = ""


class Loaded(Struct, frozen=True):
    """Valid manifests and their variables, not yet bound to a site. ``digest``: that of the
    manifests' content. ``inputs``: where manifests and settings come from. ``passed_over``: the
    files in the folders that were not read, since their names are not those of manifests.
    ``partial``: they may be only some manifests of their set, so that others may declare more."""

    manifests: Sequence[Manifest]
    variables: Variables
    digest: str = ""
    inputs: PlanInputs = field(default_factory=PlanInputs)
    passed_over: tuple[str, ...] = ()
    partial: bool = False


def load_manifests(
    paths: Sequence[Path],
    given: GivenValues | None = None,
    environment: Mapping[str, str] | None = None,
    reading: ReadingOptions | None = None,
) -> Loaded:
    """The valid manifests and their variables. ManifestError lists every problem.

    ``paths``: files and folders; ``reading``: how they are read. ``given``: the values that the
    site gives to variables. With ``environment``, manifests with mistakes are also bound, so that
    mistakes found there are listed too.
    """
    given, reading = given or GivenValues(), reading or ReadingOptions()
    problems: list[Diagnostic] = []
    passed_over: list[str] = []
    documents = read_documents(paths, reading, problems, passed_over)
    all_read = not problems
    assign_rule(problems, "manifest-file")
    manifests = validate(documents, problems)
    assign_rule(problems, "manifest-schema")
    elsewhere = given.settings if given.undeclared or not all_read else ()
    variables = collect(manifests, given.read(problems), problems, elsewhere)
    assign_rule(problems, "variables")
    if problems:
        if all_read and environment is not None and _variables_are_known(documents, manifests):
            problems += _binding_problems(manifests, variables, environment)
        raise ManifestError(list(dict.fromkeys(problems)))
    if not manifests:
        raise ManifestError([_without_manifest(path) for path in paths])
    cache = reading.cache
    digest = cache.digest or _digest(manifests)
    if cache.has_new:
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


def _variables_are_known(documents: Sequence[Document], manifests: Sequence[Manifest]) -> bool:
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
