"""The groups of options that several commands share."""

import os
from pathlib import Path
from typing import Any

import click

from reconciler.cli.completing import complete_address, complete_kind, complete_profile
from reconciler.cli.flags import FlagGroup, flag
from reconciler.environment import STATE
from reconciler.render.output_form import OutputStyle
from reconciler.resources import named_manifests


class AnyPath(click.Path):
    """A path. Click only checks that it is not empty, as from an unset shell variable: an empty
    path would mean the working folder. The code that reads a path reports its problems with all
    others."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if value == "":
            self.fail("the path is empty; is a variable of the shell not set?", param, ctx)
        return super().convert(value, param, ctx)


ANY_PATH = AnyPath()


class ManifestPath(AnyPath):
    """A path of manifests. ``bundled`` means the manifests that come with gwe; a folder of that
    name is ``./bundled``."""

    def coerce_path_result(self, value: Any) -> Any:
        """The path, even if click has converted it already."""
        return value if isinstance(value, Path) else named_manifests(os.fsdecode(value))


class Seconds(click.FloatRange):
    """A time span of up to a day."""

    name = "number of seconds"


class WholeNumber(click.IntRange):
    """A number without a fraction."""

    name = "whole number"


SECONDS = Seconds(min=0, max=86_400, min_open=True)


class ProfileFlags(FlagGroup):
    """Which profile of ``gwe.toml`` is used."""

    profile: str = flag(
        "--profile",
        envvar="GWE_PROFILE",
        default="",
        metavar="NAME",
        shell_complete=complete_profile,
        help="Profile of gwe.toml (or GWE_PROFILE).",
    )


class TimeoutFlags(FlagGroup):
    """How long a call may take."""

    timeout: float = flag(
        "--timeout",
        type=SECONDS,
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="How long one call to the server may take.",
    )


class ManifestFlags(FlagGroup):
    """The manifests, and the values of their variables."""

    file: tuple[Path, ...] = flag(
        "-f",
        "--file",
        multiple=True,
        envvar="GWE_FILE",
        type=ManifestPath(),
        metavar="PATH",
        help="Manifest file or folder, or bundled: the manifests that come with gwe; repeatable"
        " (or GWE_FILE). Default: the setting file in gwe.toml, else bundled.",
    )
    var: tuple[str, ...] = flag(
        "--var", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable."
    )
    vars: tuple[Path, ...] = flag(
        "--vars",
        multiple=True,
        type=ANY_PATH,
        metavar="FILE",
        help="YAML file with variables; repeatable.",
    )


class ApplicationFlags(FlagGroup):
    """The application that identifies a site, and its tenant."""

    app: str = flag(
        "--app",
        envvar="GWE_APP",
        default="",
        metavar="NAME",
        help="Application of the Web Engagement Server (or GWE_APP).",
    )
    tenant: str = flag(
        "--tenant",
        default="",
        metavar="NAME",
        help="Tenant of the application --app, if it serves several.",
    )


class SiteFlags(ApplicationFlags):
    """The Web Engagement site."""

    cluster: str = flag(
        "--cluster",
        default="",
        metavar="NAME",
        help="Cluster of the application --app, if it connects to several.",
    )


class SelectionFlags(FlagGroup):
    """The objects that are planned."""

    target: tuple[str, ...] = flag(
        "--target",
        multiple=True,
        metavar="ADDRESS",
        shell_complete=complete_address,
        help="Plan only these objects; wildcards allowed; repeatable.",
    )
    exclude: tuple[str, ...] = flag(
        "--exclude",
        multiple=True,
        metavar="ADDRESS",
        shell_complete=complete_address,
        help="Leave out these objects and what depends on them; repeatable.",
    )


class ChoiceFlags(FlagGroup):
    """The objects that are exported or compared."""

    kind: tuple[str, ...] = flag(
        "--kind",
        multiple=True,
        metavar="KIND",
        shell_complete=complete_kind,
        help="All objects of the tenant of this kind of manifest, or of this object type;"
        " repeatable.",
    )
    name: tuple[str, ...] = flag(
        "--name",
        multiple=True,
        metavar="GLOB",
        help="All objects of the tenant with such a name; repeatable. With --kind: of these kinds.",
    )
    all: bool = flag(
        "--all",
        is_flag=True,
        help="All objects of the tenant, and hosts and others that belong to no tenant.",
    )


class OverwriteFlags(FlagGroup):
    """The existing objects that are replaced."""

    overwrite: bool = flag(
        "--overwrite", is_flag=True, help="Replace every existing object that manifests declare."
    )
    overwrite_only: tuple[str, ...] = flag(
        "--overwrite-only",
        multiple=True,
        metavar="ADDRESS",
        shell_complete=complete_address,
        help="Like --overwrite, but for these objects only; wildcards allowed; repeatable.",
    )
    reset_initial: bool = flag(
        "--reset-initial",
        is_flag=True,
        help="With --overwrite: also replace the site's values by those that manifests declare"
        " in their blocks initial. Options in applications are never reset.",
    )
    force: bool = flag(
        "--force",
        is_flag=True,
        help="Also replace or delete objects that another Web Engagement site may use, and exceed"
        " the limits of gwe.toml.",
    )
    prune: bool = flag(
        "--prune",
        is_flag=True,
        help="Also delete what gwe created or adopted here and no manifest declares any more."
        " Needs the setting file in gwe.toml, which names all manifests of the set.",
    )


class StateFlags(FlagGroup):
    """Where runs are stored."""

    state: str = flag(
        "--state",
        envvar=STATE,
        default="",
        metavar="FOLDER-OR-URL",
        help="Where runs are stored: a folder, or postgresql://HOST/DATABASE (or GWE_STATE)."
        " Default: the operating system's folder for user state.",
    )
    state_dir: Path | None = flag(
        "--state-dir",
        envvar="GWE_STATE_DIR",
        default=None,
        type=ANY_PATH,
        metavar="DIR",
        help="Folder in which runs are stored (or GWE_STATE_DIR). Default: the operating"
        " system's folder for user state.",
    )


class HostFlags(FlagGroup):
    """Whether the launch files of a run are on this host."""

    same_host: bool = flag(
        "--same-host",
        is_flag=True,
        help="The run was on this host, although its id has changed since: its launch files"
        " are here.",
    )


class LockFlags(FlagGroup):
    """The lock in Configuration Server."""

    no_lock: bool = flag("--no-lock", is_flag=True, help="Take no lock in Configuration Server.")
    lock_timeout: float = flag(
        "--lock-timeout",
        envvar="GWE_LOCK_TIMEOUT",
        type=Seconds(min=0, max=86_400),
        default=0.0,
        metavar="SECONDS",
        help="Seconds to wait for the lock (or GWE_LOCK_TIMEOUT). Default: 0, no wait.",
    )


class RunFlags(LockFlags, StateFlags):
    """How a plan is applied."""

    auto_approve: bool = flag(
        "--auto-approve", is_flag=True, help="Do not ask. Needed without a terminal."
    )


class ColorFlags(FlagGroup):
    """Whether output has colour."""

    no_color: bool = flag("--no-color", is_flag=True, help="No colour (or set NO_COLOR).")


class OutputFlags(ColorFlags):
    """How much is printed."""

    quiet: bool = flag("-q", "--quiet", is_flag=True, help="Only the summary and problems.")
    verbose: bool = flag(
        "-v",
        "--verbose",
        is_flag=True,
        help="Also objects in sync and every option; each value whole.",
    )

    def style(self) -> OutputStyle:
        """These options in the form that ``render`` takes."""
        return OutputStyle(quiet=self.quiet, verbose=self.verbose, no_color=self.no_color)
