"""Variables: declared in manifests, set by the site, looked up while binding.

Later wins: default in the manifest, ``gwe.toml``, ``--vars FILE``, ``--var k=v``. A
default may use ``${site.…}`` and ``${env.…}``; a value that the site sets is text and
is not looked into again.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import UsageError
from reconciler.manifest.documents import Manifest
from reconciler.strict_yaml import as_text, load_file


@dataclass(frozen=True)
class Setting:
    """One value that the site gives a variable. ``position``: where; None for --var."""

    name: str
    value: str
    position: Position | None = None


@dataclass(frozen=True)
class _Declaration:
    position: Position
    default: str | None
    default_position: Position


class Variables:
    """The variables of a run."""

    def __init__(self, declared: Mapping[str, _Declaration], settings: Mapping[str, str]) -> None:
        self._declared = declared
        self._settings = settings

    def known(self) -> list[str]:
        return list(self._declared)

    def set_by_site(self, name: str) -> bool:
        """Whether the site gave the variable its value."""
        return name in self._settings

    def value(self, name: str, expand: Callable[[str, Position], str]) -> str:
        """The value. KeyError where it is not declared. ``expand`` fills in a default."""
        declaration = self._declared[name]
        if name in self._settings:
            return self._settings[name]
        return expand(declaration.default or "", declaration.default_position)


def collect(
    manifests: Sequence[Manifest], settings: Sequence[Setting], problems: list[Diagnostic]
) -> Variables:
    """The variables that the manifests declare, with what the site sets.

    A variable declared twice, a required one without a value, and a setting in a file
    that names no variable are problems; such a ``--var`` is a UsageError.
    """
    declared: dict[str, _Declaration] = {}
    for manifest in manifests:
        if manifest.kind.binding != "variables":
            continue
        for name, entry in manifest.data["spec"].items():
            place = manifest.at(("spec", name))
            if name in declared:
                there = declared[name].position
                problems.append(
                    Diagnostic(f"variable {name} is declared twice, first at {there}", place)
                )
                continue
            default = entry.get("default")
            text = None if default is None else as_text(default)
            declared[name] = _Declaration(place, text, manifest.at(("spec", name, "default")))
    values: dict[str, str] = {}
    for setting in settings:
        if setting.name in declared:
            values[setting.name] = setting.value
            continue
        summary = f"no manifest declares a variable {setting.name}"
        close = difflib.get_close_matches(setting.name, declared, n=1)
        hint = f"Did you mean {close[0]}?" if close else _declared(declared)
        if setting.position is None and not problems:
            raise UsageError(summary, hint)
        problems.append(Diagnostic(summary, setting.position, hint))
    for name, declaration in declared.items():
        if declaration.default is None and name not in values:
            problems.append(
                Diagnostic(
                    f"variable {name} needs a value",
                    declaration.position,
                    f"Give it with --var {name}=VALUE, or in gwe.toml.",
                )
            )
    return Variables(declared, values)


def _declared(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"Declared: {listed}." if listed else "The manifests declare no variable."


def read_settings_file(path: Path, problems: list[Diagnostic]) -> list[Setting]:
    """The settings of a ``--vars`` file: one YAML mapping from names to texts."""
    settings: list[Setting] = []
    for document in load_file(path, str(path), problems):
        if not isinstance(document.data, Mapping):
            problems.append(Diagnostic("a mapping of variables is needed", document.position))
            continue
        for name, value in document.data.items():
            place = document.at((name,))
            if isinstance(value, Mapping | list) or value is None:
                problems.append(Diagnostic(f"the value of {name} is no text", place))
            else:
                settings.append(Setting(name, as_text(value), place))
    return settings


def parse_setting(text: str) -> Setting:
    """The setting that ``--var NAME=VALUE`` means; UsageError where it is none."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--var {text} is not NAME=VALUE", "Write --var NAME=VALUE.")
    return Setting(name, value)
