"""Variables: manifests declare them, the site sets them, binding looks them up.

Later sources win: the default in the manifest, ``gwe.toml``, ``--vars FILE``, ``--var
NAME=VALUE``. A default may use ``${site.…}`` and ``${env.…}``; a value that the site sets is used
literally.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.diagnostics import Diagnostic, Position, did_you_mean, listing
from reconciler.errors import UsageError
from reconciler.files.reading import shown_path
from reconciler.manifest.documents import Manifest
from reconciler.yaml.documents import as_text

_NONE_DECLARED = "The manifests declare no variable. Remove it, or name those that do with -f."


class Setting(Struct, frozen=True):
    """A value that the site gives a variable. ``position``: its place in a file; None for --var."""

    name: str
    value: str
    position: Position | None = None


class GivenValues(Struct, frozen=True):
    """The values that the site gives to variables; later ones override: ``settings`` from gwe.toml,
    ``files`` from --vars, ``options`` from --var. ``undeclared``: the variables of gwe.toml may be
    declared in manifests that are not loaded."""

    settings: Sequence[Setting] = ()
    files: Sequence[Path] = ()
    options: Sequence[Setting] = ()
    undeclared: bool = False

    def read(self, problems: list[Diagnostic]) -> list[Setting]:
        """All values, later values overriding earlier ones. Reports files that cannot be read."""
        read = [each for file in self.files for each in _read_file(file, problems)]
        return [*self.settings, *read, *self.options]


class _Declaration(Struct, frozen=True):
    position: Position
    default: str | None
    default_position: Position


class Variables:
    """The variables of a run: declarations, and the values that the site set."""

    def __init__(
        self, declared: Mapping[str, _Declaration], settings: Mapping[str, Setting]
    ) -> None:
        self._declared = declared
        self._settings = settings

    def known(self) -> list[str]:
        return list(self._declared)

    def set_by_site(self, name: str) -> bool:
        """Whether the site gave the variable its value."""
        return name in self._settings

    def set_by(self, name: str) -> str:
        """What gave the variable its value: a file and a line, ``--var``, or the default and
        where it is declared. KeyError for a name that is not declared."""
        if setting := self._settings.get(name):
            return str(setting.position) if setting.position else "--var"
        return f"its default, {self._declared[name].default_position}"

    def value(self, name: str, expand: Callable[[str, Position], str]) -> str:
        """The value of a variable. ``expand`` interpolates a default. KeyError for a name that
        is not declared."""
        declaration = self._declared[name]
        if name in self._settings:
            return self._settings[name].value
        return expand(declaration.default or "", declaration.default_position)


def collect(
    manifests: Sequence[Manifest],
    settings: Sequence[Setting],
    problems: list[Diagnostic],
    elsewhere: Sequence[Setting] = (),
) -> Variables:
    """The variables that the manifests declare, with the values that the site sets.

    Reports a variable that is declared twice, a required variable without a value, and a
    setting in a file for a variable that is not declared; UsageError for such a ``--var``.
    ``elsewhere``: settings of variables that manifests outside these may declare.
    """
    declared = _declarations(manifests, problems)
    for setting in elsewhere:
        where = setting.position or Position("")
        declared.setdefault(setting.name, _Declaration(where, None, where))
    values: dict[str, Setting] = {}
    for setting in settings:
        if setting.name in declared:
            values[setting.name] = setting
            continue
        suggestion = did_you_mean(setting.name, declared, problems)
        summary = f"no manifest declares a variable {setting.name}{suggestion}"
        listed = listing(list(declared))
        hint = f"Declared: {listed}." if listed else _NONE_DECLARED
        if setting.position is None and not problems:
            raise UsageError(summary, hint)
        problems.append(Diagnostic(summary, setting.position, hint))
    for name, declaration in declared.items():
        if declaration.default is None and name not in values:
            summary = f"variable {name} needs a value"
            hint = f"Set it with --var {name}=VALUE or in gwe.toml."
            problems.append(Diagnostic(summary, declaration.position, hint))
    return Variables(declared, values)


def _declarations(
    manifests: Sequence[Manifest], problems: list[Diagnostic]
) -> dict[str, _Declaration]:
    declared: dict[str, _Declaration] = {}
    for manifest in manifests:
        if manifest.kind.binding != "variables":
            continue
        for name, entry in manifest.data["spec"].items():
            position = manifest.at(("spec", name))
            if name in declared:
                summary = f"variable {name} is declared twice, first at {declared[name].position}"
                problems.append(Diagnostic(summary, position))
                continue
            default = entry.get("default")
            text = None if default is None else as_text(default)
            declared[name] = _Declaration(position, text, manifest.at(("spec", name, "default")))
    return declared


def _read_file(path: Path, problems: list[Diagnostic]) -> list[Setting]:
    """The settings in a ``--vars`` file: a YAML mapping from variable names to scalars."""
    from reconciler.yaml.strict import load_file  # noqa: PLC0415 - few commands have one

    settings: list[Setting] = []
    for document in load_file(path, shown_path(path), problems):
        if not isinstance(document.data, Mapping):
            problems.append(
                Diagnostic("a mapping from variables to values is needed", document.position)
            )
            continue
        for name, value in document.data.items():
            place = document.at((name,))
            if isinstance(value, Mapping | list) or value is None:
                problems.append(
                    Diagnostic(f"the value of {name} must be a string, number or boolean", place)
                )
            else:
                settings.append(Setting(name, as_text(value), place))
    return settings


def parse_setting(text: str) -> Setting:
    """The setting in ``--var NAME=VALUE``; UsageError for a text of another form."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--var {text} is not NAME=VALUE", "Write --var NAME=VALUE.")
    return Setting(name, value)
