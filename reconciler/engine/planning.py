"""From manifests to a plan: the only code path of ``plan``, ``drift`` and ``apply``.

Reads through a ``Reader`` and writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.engine.owned import plan_with_inventory
from reconciler.engine.progress import Progress
from reconciler.engine.site_access import SiteAccess
from reconciler.errors import UsageError
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired
from reconciler.manifest.load import Loaded, load_manifests
from reconciler.manifest.variables import GivenValues, Setting
from reconciler.plan.context import Context, PlanOptions
from reconciler.plan.model import Plan
from reconciler.plan.reading.queries import desired_requirements
from reconciler.plan.reading.reads import reads_of
from reconciler.resources import bundled_manifests
from reconciler.server.port import Reader
from reconciler.server.reading import read_in_rounds
from reconciler.server.snapshot import Snapshot
from reconciler.site.find import find_site
from reconciler.site.model import Site

# ruff: noqa: PLC0415 - few plans have launch files
if TYPE_CHECKING:
    from reconciler.launch.adapter import FileSpec
    from reconciler.plan.chat.site_graph import SiteGraph

ManifestSource = Loaded | str | Path | Sequence[str | Path]
"""Manifests that are loaded already, or the files and folders that hold them."""


def load(manifests: ManifestSource | None, variables: Mapping[str, str] | None) -> Loaded:
    """The valid manifests of a source; None: those that come with the package.
    ``variables``: values for the variables that the files declare. ManifestError lists every
    problem."""
    if isinstance(manifests, Loaded):
        return manifests
    if manifests is None:
        manifests = bundled_manifests()
    files = [manifests] if isinstance(manifests, str | Path) else manifests
    settings = [Setting(name, value) for name, value in (variables or {}).items()]
    paths = [Path(file) for file in files]
    return load_manifests(paths, GivenValues(options=settings), os.environ)


def check_options(loaded: Loaded, options: PlanOptions) -> None:
    """UsageError if ``prune`` is combined with only a part of the manifests, or initial values are
    to be reset without an overwrite."""
    if options.reset_initial and not (options.overwrite or options.overwrite_only):
        hint = "Give --overwrite, or --overwrite-only ADDRESS, too."
        raise UsageError("--reset-initial resets only what is overwritten", hint)
    if options.prune and options.target:
        raise UsageError(
            "--prune cannot be used with --target",
            "What is pruned is what no manifest declares: leave --target out, or spare objects"
            " with --exclude.",
        )
    if options.prune and loaded.partial:
        raise UsageError(
            "--prune and gwe destroy need all manifests of the set, and these may be a part of it",
            "List all of them under file in gwe.toml, and leave -f and GWE_FILE out: what a"
            " manifest that is left out declares or protects would be deleted.",
        )


class Planned(Struct, frozen=True):
    """A plan with what it was computed from: the live objects, the manifests, and what they
    declare for the site."""

    plan: Plan
    live: Snapshot
    desired: Desired
    loaded: Loaded

    def graph(self) -> SiteGraph:
        """The chat path of the site, before and after the plan; complete only if planned with
        ``PlanOptions.all_scripts``."""
        from reconciler.plan.chat.site_graph import site_graph

        return site_graph(self.plan, self.desired, self.live)


def prepare(
    loaded: Loaded,
    access: SiteAccess,
    options: PlanOptions,
    progress: Progress | None = None,
) -> Planned:
    """Computes the plan for valid manifests. Every error is a ReconcilerError."""
    server, context = read_context(loaded, access, options, progress)
    info, whole = server.info(), not loaded.partial
    plan = plan_with_inventory(context, server, info, loaded.digest, whole=whole)
    return Planned(replace(plan, inputs=loaded.inputs), context.live, context.desired, loaded)


def read_context(
    loaded: Loaded,
    access: SiteAccess,
    options: PlanOptions,
    progress: Progress | None = None,
) -> tuple[Reader, Context]:
    """What a plan is computed from, without the inventory, and a reader that also answers for
    launch files."""
    server = access.server
    found, site = find_site(server, access.site, access.installation)
    desired = bind(loaded.manifests, loaded.variables, access.environment, site, found)
    if access.installation is not None:
        from reconciler.launch.adapter import FilesReader

        server = FilesReader(server, access.installation, _specs_of(desired))
    live = _read(server, desired, site, found, options, progress or Progress())
    info = server.info()
    known_secrets = access.known_secrets(info.identity)
    return server, Context(desired, live, site, options, known_secrets, info.user)


def _read(
    server: Reader,
    desired: Desired,
    site: Site,
    found: Snapshot,
    options: PlanOptions,
    progress: Progress,
) -> Snapshot:
    """The live objects of the desired kinds, and what they refer to."""
    requirements, tenants = desired_requirements(desired, found, site, options)
    return read_in_rounds(server, found, reads_of(requirements, tenants), progress.reading)


def _specs_of(desired: Desired) -> list[FileSpec]:
    from reconciler.launch.adapter import FileSpec

    return [
        FileSpec(file.path, file.format, tuple(field.path[-1] for field in file.fields))
        for file in desired.files
    ]
