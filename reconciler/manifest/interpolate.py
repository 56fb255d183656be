"""Fills in ``${var.…}``, ``${site.…}``, ``${env.…}`` and ``${target.name}``. Pure: every
value comes from the scope."""

import re
from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.diagnostics import MAX_CANDIDATES, Diagnostic, Position, did_you_mean, listing
from reconciler.environment import SET_IT, variable
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.kinds.roles import SITE_VALUES
from reconciler.manifest.variables import Variables

MAX_EXPANSION = 20_000_000
MIN_EXPANSION = 50

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")


class Scope(Struct, frozen=True):
    """Where the values come from. ``site`` is None while no site is known: ``${site.…}`` then stays
    as written. ``target`` is the name of the application that options are bound to; only they may
    use it (``fan_out``), and it is None while no site is known."""

    variables: Variables
    site: Mapping[str, str] | None
    environment: Mapping[str, str]
    target: str | None = None
    fan_out: bool = False


class Text(Struct, frozen=True):
    """An interpolated text, and the variables that were used in it."""

    value: str
    variables: frozenset[str] = frozenset()


def literal(text: str) -> str:
    """How a manifest must write a text that contains ``${`` but no variable."""
    return text.replace("${", "$${")


class Allowance(Struct):
    """How many characters all ``${…}`` together may still expand to: otherwise a few lines could
    ask for more than the memory holds."""

    left: int = MAX_EXPANSION

    def spend(self, text: str, place: Position) -> None:
        """ManifestError if it is used up."""
        self.left -= max(len(text), MIN_EXPANSION)
        if self.left < 0:
            summary = f"the manifests' ${{...}} expand to more than {MAX_EXPANSION:,} characters"
            hint = f"Use fewer or shorter values; each counts as at least {MIN_EXPANSION}."
            problem = Diagnostic(summary, place, hint, rule="manifest-values")
            raise ManifestError([problem])


class Interpolation(Struct):
    """Interpolates texts in one scope, and reports what cannot be filled in. ManifestError
    if the texts grow without measure."""

    scope: Scope
    problems: list[Diagnostic] = field(default_factory=list)
    allowance: Allowance = field(default_factory=Allowance)

    def text(self, text: str, place: Position, *, in_default: bool = False) -> Text:
        """``text`` with every ``${…}`` filled in and ``$${`` turned into ``${``. Repeated
        placeholders are looked up once."""
        used: set[str] = set()
        values: dict[str, str | None] = {}

        def fill(match: re.Match[str]) -> str:
            whole = match.group(0)
            self.allowance.spend(whole, place)
            if whole == "$${":
                return "${"
            if whole not in values:
                values[whole] = self._value(match.group(1), place, used, in_default)
            value = values[whole]
            if value is None:
                return whole
            self.allowance.spend(value, place)
            return value

        return Text(_TOKEN.sub(fill, text), frozenset(used))

    def _value(
        self, name: str | None, place: Position, used: set[str], in_default: bool
    ) -> str | None:
        """The value of the text between the braces. None: see ``_lookup``. ``name``: that text;
        None without a closing brace. ``used``: gets the name of a variable."""
        if name is None:
            self._problem("${ without a closing }", place, "Write $${ for a literal ${.")
            return None
        kind, _, rest = name.partition(".")
        if kind == "var" and not in_default:
            used.add(rest)
        return self._lookup(kind, rest, place, in_default)

    def _lookup(self, kind: str, name: str, place: Position, in_default: bool) -> str | None:
        """The value; None if a problem was reported, or no site is known."""
        scope = self.scope
        match kind:
            case "var" if in_default:
                self._problem(f"a default cannot use another variable: ${{var.{name}}}", place)
                return None
            case "var":
                try:
                    return scope.variables.value(
                        name, lambda text, at: self.text(text, at, in_default=True).value
                    )
                except KeyError:
                    known = scope.variables.known()
                    shown = [f"var.{each}" for each in known[:MAX_CANDIDATES]]
                    self._unknown(f"var.{name}", shown, place)
                    return None
            case "site":
                return self._site(name, place, in_default)
            case "env":
                try:
                    return variable(name, scope.environment)
                except ReconcilerError as error:
                    self._problem(error.message, place, error.hint or SET_IT)
                    return None
            case "target" if name == "name" and scope.fan_out:
                return scope.target
        known = ["var.NAME", "env.NAME", *(f"site.{each}" for each in SITE_VALUES)]
        if scope.fan_out:
            known.append("target.name")
        self._unknown(f"{kind}.{name}" if name else kind, known, place)
        return None

    def _site(self, name: str, place: Position, in_default: bool) -> str | None:
        if name not in SITE_VALUES:
            self._unknown(f"site.{name}", [f"site.{each}" for each in SITE_VALUES], place)
            return None
        if self.scope.site is None:
            return None
        if name not in self.scope.site:
            instead = (
                "give the variable a value (--var, gwe.toml)" if in_default else "use a variable"
            )
            hint = f"Set it in Configuration Server, or {instead} instead."
            self._problem(f"the site has no {name}", place, hint)
        return self.scope.site.get(name)

    def _unknown(self, name: str, known: list[str], place: Position) -> None:
        hint = f"Known: {listing(known)}." if known else "The manifests declare no variable."
        suggestion = did_you_mean(name, known, self.problems)
        summary = f"undefined variable ${{{name}}}{suggestion}"
        self._problem(summary, place, hint)

    def _problem(self, summary: str, place: Position, hint: str = "") -> None:
        self.problems.append(Diagnostic(summary, place, hint))
