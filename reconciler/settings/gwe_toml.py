"""``gwe.toml``: the settings of a site, so that they need not be on every command line.

``reading`` reads the file and checks it, by the schema that ``schema`` gives to editors too.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.diagnostics import Position
from reconciler.errors import UsageError
from reconciler.files.reading import MAX_BYTES as MAX_FILE_BYTES
from reconciler.kinds.secret_names import USUAL_NAMES, SecretNames
from reconciler.manifest.variables import Setting
from reconciler.plan.guards import Limits
from reconciler.resources import named_manifests
from reconciler.server.connect import relative_to
from reconciler.settings.search import FILE_NAME

# Many folders have no gwe.toml: its reader and its schema are imported only if the file exists.
# ruff: noqa: PLC0415

_AS_THEY_ARE = ("name", "app", "tenant", "cluster", "max_file_mib")
_STATES = ("state", "state_dir")


class SettingsOrigin(Struct, frozen=True):
    """Where settings come from. ``path``: the file; None: there is none. ``profile``: the chosen
    profile; ``profile_sets``: what it sets, by the names of fields."""

    path: Path | None = None
    profile: str = ""
    profile_sets: frozenset[str] = frozenset()


class Settings(Struct, frozen=True):
    """The settings that ``gwe.toml`` gives a run; ``schema`` says what each means.

    Paths are joined with the folder of the file. The keys of ``connection`` are the field
    names of the connection options: ``ca_file`` for ``ca-file``.
    """

    origin: SettingsOrigin = SettingsOrigin()

    name: str = ""
    server: str = ""
    app: str = ""
    tenant: str = ""
    cluster: str = ""
    state: str = ""
    state_dir: Path | None = None
    install_dir: Path | None = None
    file: tuple[Path, ...] = ()
    variables: tuple[Setting, ...] = ()
    limits: Limits = field(default_factory=Limits)
    secret_names: SecretNames = USUAL_NAMES
    connection: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    max_file_mib: int = MAX_FILE_BYTES >> 20

    @property
    def max_file_bytes(self) -> int:
        """How large a file of manifests may be."""
        return self.max_file_mib << 20


def read_settings(folder: Path, profile: str = "", named_by: str = "") -> Settings:
    """The settings of the ``gwe.toml`` in ``folder``, with those of ``profile`` over them;
    the defaults if there is no such file. ``named_by``: the environment variable that names the
    profile, for messages; empty if the command line names it.

    ManifestError lists the mistakes in the file. UsageError if it has no such profile.
    """
    path = folder / FILE_NAME
    variable = f" ({named_by})" if named_by else ""
    if not path.exists():
        if profile:
            raise UsageError(
                f"no profile {profile}{variable}:"
                f" there is no {FILE_NAME} in this folder or above it",
                f"Change to the folder of that {FILE_NAME}, or leave the profile out.",
            )
        return Settings()
    from reconciler.settings.reading import load_settings

    data = load_settings(path)
    profiles = data.pop("profiles", {})
    if profile and profile not in profiles:
        known = ", ".join(profiles) or "none"
        raise UsageError(f"{path} has no profile {profile}{variable}", f"Profiles: {known}.")
    chosen = profiles[profile] if profile else {}
    return replace(
        _settings(path, _merged(data, chosen)),
        origin=SettingsOrigin(path, profile, _names(chosen)),
    )


def profile_names(folder: Path) -> Sequence[str]:
    """The profiles of the ``gwe.toml`` in ``folder``. ManifestError: see ``read_settings``."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    from reconciler.settings.reading import load_settings

    return list(load_settings(path).get("profiles", {}))


def _names(profile: Mapping[str, Any]) -> frozenset[str]:
    """The names of a profile's settings; ``state`` or ``state_dir`` counts as both."""
    tables = {**profile, **profile.get("connection", {})}
    both = () if profile.keys().isdisjoint(_STATES) else _STATES
    return frozenset({*(name.replace("-", "_") for name in tables), *both})


def _merged(data: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with a profile over them: tables are merged, other values replaced. If the
    profile names the state, by either setting, the file's other setting does not count."""
    if not profile.keys().isdisjoint(_STATES):
        data = {key: value for key, value in data.items() if key not in _STATES}
    return {**data} | {
        key: {**data.get(key, {}), **value} if isinstance(value, dict) else value
        for key, value in profile.items()
    }


def _settings(path: Path, data: Mapping[str, Any]) -> Settings:
    """The settings from valid data."""
    from reconciler.settings.schema import PATHS_OF_CONNECTION

    folder, where = path.parent, Position(str(path))
    if all(data.get(key) for key in _STATES):
        raise UsageError(f"{path} has both state and state_dir", "Remove one of them.")
    state_dir, install = data.get("state_dir"), data.get("install_dir")
    return Settings(
        **{key: data[key] for key in _AS_THEY_ARE if key in data},
        server=relative_to(folder, data.get("server", "")),
        state=_state(folder, data.get("state", "")),
        state_dir=folder / state_dir if state_dir else None,
        install_dir=folder / install if install else None,
        file=tuple(named_manifests(name, folder) for name in data.get("file", ())),
        variables=tuple(
            Setting(name, value, where) for name, value in data.get("vars", {}).items()
        ),
        limits=Limits(**data.get("guards", {})),
        secret_names=SecretNames(
            tuple(data.get("secrets", {}).get("words", ())),
            tuple(data.get("secrets", {}).get("except", ())),
        ),
        connection={
            key.replace("-", "_"): str(folder / value)
            if key in PATHS_OF_CONNECTION and value
            else value
            for key, value in data.get("connection", {}).items()
        },
    )


def _state(folder: Path, named: str) -> str:
    """The URL, or the folder relative to that of the file."""
    return named if not named or "://" in named else str(folder / named)
