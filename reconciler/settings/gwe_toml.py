"""``gwe.toml``: the settings of a site, so that they need not be on every command line.

``settings_schema`` describes the file to the loader, which checks it before it reads a
value, and to editors.
"""

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.diagnostics import (
    MAX_SHOWN,
    Diagnostic,
    Position,
    assign_rule,
    did_you_mean,
)
from reconciler.errors import ManifestError, UsageError
from reconciler.files.conflict_marks import conflicts
from reconciler.files.reading import MAX_BYTES as MAX_FILE_BYTES
from reconciler.files.reading import read_text
from reconciler.manifest.variables import Setting
from reconciler.plan.guards import Limits
from reconciler.resources import named_manifests
from reconciler.server.connect import relative_to
from reconciler.settings.schema import PATHS_OF_CONNECTION, settings_schema
from reconciler.settings.search import FILE_NAME

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

MAX_BYTES = 128 * 1024


_AS_THEY_ARE = ("name", "app", "tenant", "cluster", "max_file_mib")
_STATES = ("state", "state_dir")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
# tomllib takes quadratic time for a dotted key. No setting has more than four parts.
_LONG_KEY = re.compile(r"""(?:\.[ \t]*(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*){100}""")


class SettingsOrigin(Struct, frozen=True):
    """Where settings come from. ``path``: the file; None: there is none. ``profile``: the
    chosen one, and ``profile_sets`` what it sets, by the names of fields."""

    path: Path | None = None
    profile: str = ""
    profile_sets: frozenset[str] = frozenset()


class Settings(Struct, frozen=True):
    """The settings that ``gwe.toml`` gives a run; ``settings_schema`` says what each means.

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
    secret_words: tuple[str, ...] = ()
    secret_exceptions: tuple[str, ...] = ()
    connection: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    max_file_mib: int = MAX_FILE_BYTES >> 20

    @property
    def max_file_bytes(self) -> int:
        """How large a file of manifests may be."""
        return self.max_file_mib << 20


def read_settings(folder: Path, profile: str = "") -> Settings:
    """The settings of the ``gwe.toml`` in ``folder``, with those of ``profile`` over them;
    the defaults if there is no such file.

    ManifestError lists the mistakes in the file. UsageError: it has no such profile.
    """
    path = folder / FILE_NAME
    if not path.exists():
        if profile:
            raise UsageError(
                f"no profile {profile}: there is no {FILE_NAME} in this folder or above it",
                f"Change to the folder of that {FILE_NAME}, or leave the profile out.",
            )
        return Settings()
    data = _load(path)
    profiles = data.pop("profiles", {})
    if profile and profile not in profiles:
        known = ", ".join(profiles) or "none"
        raise UsageError(f"{path} has no profile {profile}", f"Profiles: {known}.")
    chosen = profiles[profile] if profile else {}
    return replace(
        _settings(path, _merged(data, chosen)),
        origin=SettingsOrigin(path, profile, _names(chosen)),
    )


def profile_names(folder: Path) -> Sequence[str]:
    """The profiles of the ``gwe.toml`` in ``folder``. ManifestError: see ``read_settings``."""
    path = folder / FILE_NAME
    return list(_load(path).get("profiles", {})) if path.exists() else []


def _names(profile: Mapping[str, Any]) -> frozenset[str]:
    """What a profile sets. Where it names the state in one way, it says it for the other."""
    tables = {**profile, **profile.get("connection", {})}
    both = () if profile.keys().isdisjoint(_STATES) else _STATES
    return frozenset({*(name.replace("-", "_") for name in tables), *both})


def _merged(data: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with a profile over them: tables are merged, other values replaced. Where
    the profile names the state, in either way, that is the state."""
    if not profile.keys().isdisjoint(_STATES):
        data = {key: value for key, value in data.items() if key not in _STATES}
    return {**data} | {
        key: {**data.get(key, {}), **value} if isinstance(value, dict) else value
        for key, value in profile.items()
    }


def _settings(path: Path, data: Mapping[str, Any]) -> Settings:
    """The settings that valid data stand for."""
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
        secret_words=tuple(data.get("secrets", {}).get("words", ())),
        secret_exceptions=tuple(data.get("secrets", {}).get("except", ())),
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


def _load(path: Path) -> dict[str, Any]:
    """The data of a file that the schema allows; ManifestError for any other."""
    import tomllib  # noqa: PLC0415 - many folders have no such file

    problems: list[Diagnostic] = []
    where = Position(str(path))
    text = read_text(path, MAX_BYTES, str(path))
    data: dict[str, Any] = {}
    try:
        if isinstance(text, Diagnostic):
            problems.append(text)
        elif marked := conflicts(text, str(path)):
            problems += marked
        elif _LONG_KEY.search(text):
            problems.append(Diagnostic("a key has more than 100 parts", where))
        else:
            data = tomllib.loads(text)
            problems += _problems(data, where)
    except tomllib.TOMLDecodeError as error:
        problems.append(Diagnostic(f"not valid TOML: {error}", where))
    except ValueError:
        problems.append(Diagnostic("a number has too many digits", where))
    except RecursionError:
        problems.append(Diagnostic("values are nested too deeply", where))
    if problems:
        assign_rule(problems, "settings")
        raise ManifestError(problems)
    return data


def _problems(data: Mapping[str, Any], where: Position) -> list[Diagnostic]:
    """What the schema does not allow; after the first hundred, how many more there are."""
    errors = sorted(_validator().iter_errors(data), key=lambda error: [*map(str, error.path)])
    mistakes = ((error, key) for error in errors for key in _unknown_keys(error))
    shown = [_explained(error, key, where) for error, key in itertools.islice(mistakes, MAX_SHOWN)]
    more = sum(1 for _ in mistakes)
    return [*shown, Diagnostic(f"and {more} more", where)] if more else shown


@cache
def _validator() -> "Validator":
    """A validator for TOML's types: 1.0 is not an integer, an integer has 64 bits, and a number
    is finite."""
    from jsonschema import Draft7Validator, validators  # noqa: PLC0415 - 70 ms to import

    checks = {
        "integer": lambda _, value: type(value) is int and -(2**63) <= value < 2**63,
        "number": lambda _, value: type(value) in (int, float) and -math.inf < value < math.inf,
    }
    types = Draft7Validator.TYPE_CHECKER.redefine_many(checks)
    extended: Any = validators.extend(Draft7Validator, type_checker=types)  # type: ignore[no-untyped-call]
    validator: Validator = extended(settings_schema())
    return validator


def _unknown_keys(error: "ValidationError") -> list[str | None]:
    """The keys that an error is about; [None] for an error about the value itself."""
    if error.validator != "additionalProperties":
        return [None]
    schema: Any = error.schema
    instance: Any = error.instance
    return [key for key in instance if key not in schema["properties"]]


def _explained(error: "ValidationError", key: str | None, where: Position) -> Diagnostic:
    """The error in our words. The value, which may be a secret, is not in them."""
    schema: Any = error.schema
    path = tuple(error.path)
    if key is None:
        expected = schema["$comment"]
        if error.validator == "pattern" and expected == "a string":
            expected = "a string without control characters"
        return Diagnostic(f"{_spelled(path)} must be {expected}", where)
    known = list(schema["properties"])
    summary = f"unknown setting {_spelled((*path, key))}{did_you_mean(key, known)}"
    outside = key.replace("-", "_")
    if path and outside in settings_schema()["properties"]:
        return Diagnostic(summary, where, f"Write {outside} outside [{_spelled(path)}].")
    return Diagnostic(summary, where, f"Known here: {', '.join(known)}.")


def _spelled(path: Sequence[str | int]) -> str:
    """A place in the file as TOML spells it, ``vars."my key"``; in a list, ``item 2 of file``."""
    *parents, last = path
    if isinstance(last, int):
        return f"item {last + 1} of {_spelled(parents)}"
    return ".".join(
        key if _BARE_KEY.fullmatch(key) else json.dumps(key[:80], ensure_ascii=False)
        for key in map(str, path)
    )
