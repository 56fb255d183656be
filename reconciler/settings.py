"""``gwe.toml``: what a site says once instead of on every command line.

Keys: ``server``, ``app``, ``tenant``, ``cluster``, ``state_dir``, ``install_dir``, ``file``
(paths relative to the file), the tables ``vars``, ``guards``, ``secrets`` and ``connection``
(how to reach a real server), and
``profiles.NAME`` with the same keys, over them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import ManifestError, UsageError
from reconciler.manifest.variables import Setting
from reconciler.plan.guards import Limits

FILE_NAME = "gwe.toml"
_TEXTS = ("server", "app", "tenant", "cluster", "state_dir", "install_dir")
_KEYS = (*_TEXTS, "file", "vars", "guards", "secrets", "connection")
_GUARDS = ("percent", "at_least", "count")

_CONNECTION: Mapping[str, str] = {
    **dict.fromkeys(("psdk", "install-dir", "client", "client-type", "ca-file"), "text"),
    **dict.fromkeys(("trust-store", "certificate", "key", "encoding"), "text"),
    **dict.fromkeys(("addp", "tls-upgrade"), "true or false"),
    **dict.fromkeys(("addp-timeout", "addp-remote-timeout", "in-flight"), "number"),
    "connect-timeout": "number",
}
"""The keys of the ``connection`` table. Passwords stand in no file of this kind."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run that came from ``gwe.toml``."""

    server: str = ""
    app: str = ""
    tenant: str = ""
    cluster: str = ""
    state_dir: Path | None = None
    install_dir: Path | None = None
    file: tuple[Path, ...] = ()
    variables: tuple[Setting, ...] = field(default_factory=tuple)
    limits: Limits = field(default_factory=Limits)
    secret_words: tuple[str, ...] = ()
    connection: Mapping[str, str | int | float | bool] = field(default_factory=dict)


def read_settings(folder: Path, profile: str = "") -> Settings:
    """The settings of the ``gwe.toml`` in ``folder``; none where there is no such file.

    ManifestError for a file with mistakes; UsageError for a profile that it lacks.
    """
    path = folder / FILE_NAME
    if not path.exists():
        if profile:
            raise UsageError(f"no profile {profile}: there is no {FILE_NAME} in this folder")
        return Settings()
    data = _load(path)
    problems = _problems(data, "")
    if problems:
        where = Position(FILE_NAME)
        raise ManifestError([Diagnostic(problem, where) for problem in problems])
    profiles = data.get("profiles", {})
    chosen: Mapping[str, Any] = {}
    if profile:
        if profile not in profiles:
            known = ", ".join(profiles) or "none"
            raise UsageError(f"{FILE_NAME} has no profile {profile}", f"Profiles: {known}.")
        chosen = profiles[profile]
    texts = {key: str(chosen.get(key, data.get(key, ""))) for key in _TEXTS}
    files = chosen.get("file", data.get("file", []))
    variables = {**data.get("vars", {}), **chosen.get("vars", {})}
    state, install = texts.pop("state_dir"), texts.pop("install_dir")
    guards = {**data.get("guards", {}), **chosen.get("guards", {})}
    secrets = {**data.get("secrets", {}), **chosen.get("secrets", {})}
    connection = {**data.get("connection", {}), **chosen.get("connection", {})}
    return Settings(
        **texts,
        state_dir=folder / state if state else None,
        install_dir=folder / install if install else None,
        limits=Limits(**guards),
        secret_words=tuple(secrets.get("words", ())),
        connection={key.replace("-", "_"): value for key, value in connection.items()},
        file=tuple(folder / one for one in files),
        variables=tuple(
            Setting(name, value, Position(FILE_NAME)) for name, value in variables.items()
        ),
    )


def _load(path: Path) -> dict[str, Any]:
    where = Position(FILE_NAME)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ManifestError([Diagnostic(f"cannot be read: {error.strerror}", where)]) from error
    except UnicodeDecodeError as error:
        raise ManifestError([Diagnostic("the file is not UTF-8", where)]) from error
    except tomllib.TOMLDecodeError as error:
        raise ManifestError([Diagnostic(f"not valid TOML: {error}", where)]) from error


def _problems(data: Mapping[str, Any], prefix: str) -> list[str]:
    problems: list[str] = []
    for key, value in data.items():
        name = f"{prefix}{key}"
        if key in _TEXTS and not isinstance(value, str):
            problems.append(f"{name} is a text")
        elif key == "file" and not _texts(value):
            problems.append(f"{name} is a list of paths")
        elif key == "vars":
            if not isinstance(value, dict):
                problems.append(f"{name} is a table of texts")
                continue
            problems += [
                f"{name}.{n} is a text" for n, v in value.items() if not isinstance(v, str)
            ]
        elif key == "guards":
            problems += _guard_problems(value, name)
        elif key == "secrets":
            words = value.get("words", []) if isinstance(value, dict) else None
            wrong = not isinstance(value, dict) or {*value} - {"words"} or not _texts(words)
            if wrong or not all(word.strip() for word in words or ()):
                problems.append(f"{name} is a table with words, a list of texts")
        elif key == "connection":
            problems += _connection_problems(value, name)
        elif key == "profiles" and not prefix:
            if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
                problems.append("profiles is a table of tables")
                continue
            for profile, inner in value.items():
                problems += _problems(inner, f"profiles.{profile}.")
        elif key not in _KEYS:
            problems.append(f"unknown setting {name}; known: {', '.join(_KEYS)}")
    return problems


def _guard_problems(value: Any, name: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{name} is a table of numbers"]
    return [
        f"{name}.{key} is unknown; known: {', '.join(_GUARDS)}"
        if key not in _GUARDS
        else f"{name}.{key} is a whole number, 0 or more"
        for key, one in value.items()
        if key not in _GUARDS or type(one) is not int or one < 0
    ]


def _connection_problems(value: Any, name: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{name} is a table"]
    problems = []
    for key, one in value.items():
        wanted = _CONNECTION.get(key)
        if wanted is None:
            problems.append(f"unknown setting {name}.{key}; known: {', '.join(_CONNECTION)}")
        elif wanted == "number" and (isinstance(one, bool) or not isinstance(one, int | float)):
            problems.append(f"{name}.{key} is a number")
        elif wanted == "true or false" and not isinstance(one, bool):
            problems.append(f"{name}.{key} is true or false")
        elif wanted == "text" and not isinstance(one, str):
            problems.append(f"{name}.{key} is a text")
    return problems


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
