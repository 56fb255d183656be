"""``${var.…}``, ``${site.…}``, ``${env.…}`` and ``${target.name}`` filled in. Pure but
for what the scope was made of."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.roles import SITE_VALUES
from reconciler.manifest.variables import Variables

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")


@dataclass(frozen=True)
class Scope:
    """Where the names come from. ``site`` is None while no site is known: then what it
    would give stays as it is written. ``target`` is None outside a fan-out."""

    variables: Variables
    site: Mapping[str, str] | None
    environment: Mapping[str, str]
    target: str | None = None
    fan_out: bool = False


@dataclass(frozen=True)
class Text:
    """An interpolated text, and the variables that it was made of."""

    value: str
    variables: frozenset[str] = frozenset()


@dataclass
class Interpolation:
    """Interpolates texts of one scope; what cannot be filled in becomes a problem."""

    scope: Scope
    problems: list[Diagnostic] = field(default_factory=list)

    def text(self, text: str, place: Position, *, in_default: bool = False) -> Text:
        """``text`` with every ``${…}`` filled in and ``$${`` turned into ``${``."""
        used: set[str] = set()

        def fill(match: re.Match[str]) -> str:
            if match.group(0) == "$${":
                return "${"
            name = match.group(1)
            if name is None:
                self.problems.append(
                    Diagnostic("a ${ without its }", place, "Write $${ for a literal ${.")
                )
                return match.group(0)
            kind, _, rest = name.partition(".")
            if kind == "var" and not in_default:
                used.add(rest)
            value = self._lookup(kind, rest, place, in_default)
            return match.group(0) if value is None else value

        return Text(_TOKEN.sub(fill, text), frozenset(used))

    def _lookup(self, kind: str, name: str, place: Position, in_default: bool) -> str | None:
        """The value; None where it is a problem, or where the site is not known yet."""
        scope = self.scope
        match kind:
            case "var" if in_default:
                self._problem(f"a default cannot use ${{var.{name}}}", place)
                return None
            case "var":
                try:
                    return scope.variables.value(
                        name, lambda text, at: self.text(text, at, in_default=True).value
                    )
                except KeyError:
                    known = scope.variables.known()
                    self._unknown(f"var.{name}", [f"var.{one}" for one in known], place)
                    return None
            case "site":
                return self._site(name, place)
            case "env":
                if name not in scope.environment:
                    self._problem(f"the environment variable {name} is not set", place)
                return scope.environment.get(name)
            case "target" if name == "name" and scope.fan_out:
                return scope.target
        known = ["var.NAME", "env.NAME", *(f"site.{one}" for one in SITE_VALUES)]
        if scope.fan_out:
            known.append("target.name")
        self._unknown(f"{kind}.{name}" if name else kind, known, place)
        return None

    def _site(self, name: str, place: Position) -> str | None:
        if name not in SITE_VALUES:
            self._unknown(f"site.{name}", [f"site.{one}" for one in SITE_VALUES], place)
            return None
        if self.scope.site is None:
            return None
        if name not in self.scope.site:
            self._problem(
                f"the site has no {name}",
                place,
                "Set it in Configuration Server, or give the value with a variable.",
            )
        return self.scope.site.get(name)

    def _unknown(self, name: str, known: list[str], place: Position) -> None:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Known: {', '.join(known)}." if known else "The manifests declare no variable."
        if close:
            hint = f"Did you mean {close[0]}?"
        self._problem(f"nothing is called ${{{name}}}", place, hint)

    def _problem(self, summary: str, place: Position, hint: str = "") -> None:
        found = Diagnostic(summary, place, hint)
        if found not in self.problems:
            self.problems.append(found)
