"""Reads a ``gwe.toml`` and checks it: our own messages explain what the schema does not allow."""

import itertools
import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.diagnostics import MAX_SHOWN, Diagnostic, Position, assign_rule, did_you_mean
from reconciler.errors import ManifestError
from reconciler.files.conflict_marks import conflicts
from reconciler.files.reading import read_text
from reconciler.settings.schema import settings_schema

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

MAX_BYTES = 128 * 1024

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
# tomllib takes quadratic time for a dotted key. No setting has more than four parts.
_LONG_KEY = re.compile(r"""(?:\.[ \t]*(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*){100}""")


def load_settings(path: Path) -> dict[str, Any]:
    """The data of a file that the schema allows; ManifestError for any other."""
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
        problems.append(_not_toml(str(error), where))
    except ValueError:
        problems.append(Diagnostic("a number has too many digits", where))
    except RecursionError:
        problems.append(Diagnostic("values are nested too deeply", where))
    if problems:
        assign_rule(problems, "settings")
        raise ManifestError(problems)
    return data


_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_EXAMPLE = (
    'A setting is written NAME = VALUE, with a text in quotes: app = "Web_Engagement_Server".'
)
_ADVICE = (
    ("overwrite", "The setting exists already: remove it in one place."),
    ("twice", "The table exists already: write its settings in one place."),
    (
        "table declaration",
        "The name of a table is written in brackets, on a separate line: [vars].",
    ),
    ("Unescaped", r"Write a text with backslashes in single quotes: 'C:\gwe\gwe.db'."),
    ("hex value", r"Write a text with backslashes in single quotes: 'C:\gwe\gwe.db'."),
)
"""Words in an error of tomllib -> what to do about it."""


def _not_toml(error: str, where: Position) -> Diagnostic:
    """The error of tomllib, with its place."""
    found = _AT.search(error)
    if found and found[1]:
        where = Position(where.file, int(found[1]), int(found[2]))
    problem = _AT.sub("" if found and found[1] else " at the end of the file", error)
    advice = next((text for words, text in _ADVICE if words in error), _EXAMPLE)
    return Diagnostic(f"not valid TOML: {problem[:1].lower()}{problem[1:]}", where, advice)


def _problems(data: Mapping[str, Any], where: Position) -> list[Diagnostic]:
    """The problems that the schema finds; after the first hundred, how many more there are."""
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
    """Our message for the error. It does not contain the value, which may be a secret."""
    schema: Any = error.schema
    path = tuple(error.path)
    if key is None:
        expected = schema["$comment"]
        if error.validator == "pattern" and expected == "a string":
            expected = "a string without control characters"
        quoted = "Write it in quotes." if expected == "a string" else ""
        return Diagnostic(f"{_spelled(path)} must be {expected}", where, quoted)
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
