"""Every message of the program, from where it is raised or made.

A message is an argument of a *sink*: an error that is raised, a ``Diagnostic``, an action that is
blocked or skipped, a notice. A function that passes a parameter on to a sink is a sink itself.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import reconciler.cli.drop_in.arguments
import reconciler.launch.adapter
import reconciler.launch.errors
import reconciler.server.errors
from reconciler.errors import ReconcilerError
from reconciler.server.errors import ConfigurationServerError
from scripts.reference.messages.source import Function, Module, modules
from scripts.reference.messages.texts import (
    HOLE,
    Scope,
    filled,
    has_mark,
    mark,
    marks,
    parameters,
    texts_of,
)

PROBLEMS = ("ManifestError", "RefusedError", "StalePlanError", "SideError")
"""Errors that carry ``Diagnostic`` values, which are the messages."""


HOME = "reconciler.errors"
MODULES = (
    reconciler.cli.drop_in.arguments,
    reconciler.launch.adapter,
    reconciler.launch.errors,
    reconciler.server.errors,
)
"""Where errors have classes beside those of ``reconciler.errors``: importing makes them known."""
_YIELDS_NOTICES = re.compile(r"(notices|warnings|_about_\w+|_malformed|_untouched_\w+)$")


@dataclass(frozen=True, order=True)
class Message:
    """``group``: the class of error, or what else it is; ``text`` and ``hint`` with ``…`` for
    what differs."""

    group: str
    text: str
    hint: str


@dataclass(frozen=True)
class Sink:
    """What takes messages: the parameters that are given by position, and the texts that it makes
    of all of them."""

    parameters: Sequence[str]
    defaults: Mapping[str, str]
    made: Sequence[Message]


@cache
def every_message() -> list[Message]:
    """All messages, sorted."""
    return sorted({*_Collector().messages(), *_notices()})


class _Collector:
    """Follows messages from sinks to where their words stand."""

    def __init__(self) -> None:
        self._sinks = _given_sinks()
        self._wrappers: dict[tuple[str, str], Sink] = {}

    def messages(self) -> Iterator[Message]:
        """Looks again until no new function is found that passes a message on."""
        names = set(self._sinks)
        while names:
            known = dict(self._wrappers)
            for module in modules().values():
                yield from self._of_calls(module, names)
            names = {key[1] for key, one in self._wrappers.items() if known.get(key) != one}

    def _of_calls(self, module: Module, names: Iterable[str]) -> Iterator[Message]:
        """The messages of the calls of these functions and classes."""
        for function, call in (one for name in sorted(names) for one in module.calls.get(name, ())):
            sink = self._sink(module, call)
            if sink is None:
                continue
            made = set(_made(sink, call, Scope(module, function, call.lineno)))
            passed = {one for one in made if has_mark(one.text) or has_mark(one.hint)}
            said = (Message(one.group, filled(one.text, {}), filled(one.hint, {})) for one in made)
            yield from (one for one in said if _says_something(one.text))
            if passed and function is not None:
                key = module.name, function.name
                passed |= {*self._wrappers[key].made} if key in self._wrappers else set()
                self._wrappers[key] = Sink(
                    parameters(function), _defaults(function), sorted(passed)
                )

    def _sink(self, module: Module, call: ast.Call) -> Sink | None:
        name = _called(call)
        if name in self._sinks:
            return self._sinks[name]
        if isinstance(call.func, ast.Name) and name in module.imports:
            where, there = module.imports[name]
            return self._wrappers.get((where, there))
        if (module.name, name) in self._wrappers:
            return self._wrappers[module.name, name]
        if isinstance(call.func, ast.Attribute):
            imported = {where for where, _ in module.imports.values()}
            found = [
                w for (where, n), w in self._wrappers.items() if n == name and where in imported
            ]
            return found[0] if len(found) == 1 else None
        return None


def _notices() -> Iterator[Message]:
    """What a plan says besides its actions: what functions such as ``circle_notices`` yield, and
    what is put into a list of notices or warnings."""
    for module in modules().values():
        for function, call in module.calls.get("append", ()):
            if re.search(r"(notices|warnings)\.append$", ast.unparse(call.func)):
                yield from _said(call.args[0], Scope(module, function, call.lineno))
        for function in module.functions.values():
            yielded = ast.walk(function) if _YIELDS_NOTICES.search(function.name) else ()
            for one in yielded:
                if isinstance(one, ast.Yield) and one.value:
                    yield from _said(one.value, Scope(module, function, one.lineno))


def _said(expression: ast.expr, scope: Scope) -> Iterator[Message]:
    for text in texts_of(expression, scope):
        if _says_something(text):
            yield Message("Notice", filled(text, {}), "")


def _given_sinks() -> dict[str, Sink]:
    """Name of a class -> what its arguments are."""
    sinks = {
        "Diagnostic": _sink("Diagnostic", "summary position hint"),
        "Outcome": _sink("Outcome", "action status message hint"),
        "CheckResult": _sink("CheckResult", "what state text advice"),
        "Blocked": _sink("Blocked", "subject reason"),
        "Skip": _sink("Skip", "subject reason"),
        "BadParameter": _sink("UsageError", "message"),
    }
    for one in subclasses(ReconcilerError):
        if issubclass(one, ConfigurationServerError):
            kind = one.__name__.removesuffix("Error")
            said = f"{mark('detail')} ({kind}, error {one.number}: {one.meaning})"
            answer = Message("ConfigurationServerError", said, one.advice)
            sinks[one.__name__] = Sink(("detail",), {"detail": ""}, [answer])
        elif one.__name__ not in PROBLEMS:
            sinks[one.__name__] = _sink(one.__name__, "message hint")
    return sinks


def _sink(group: str, names: str) -> Sink:
    """``names``: the parameters by position: the message, and the advice if there is one, last."""
    words = names.split()
    advice = words[-1] if words[-1] in ("hint", "advice") else ""
    texts = [word for word in words if word not in (advice, "position")]
    made = Message(group, mark(texts[-1]), mark(advice) if advice else "")
    return Sink(words, {texts[-1]: "", advice: ""}, [made])


def subclasses(error: type[ReconcilerError]) -> Iterator[type[ReconcilerError]]:
    """The classes of the program below an error, those of ``reconciler.errors`` first, else in the
    order of modules and lines."""
    own = (one for one in error.__subclasses__() if one.__module__.startswith("reconciler."))
    for one in sorted(own, key=lambda one: (one.__module__ != HOME, one.__module__)):
        yield one
        yield from subclasses(one)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _made(sink: Sink, call: ast.Call, scope: Scope) -> Iterator[Message]:
    """The messages that a call of a sink makes."""
    given: dict[str, ast.expr] = dict(zip(sink.parameters, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg}
    state = given.get("state")
    if isinstance(state, ast.Constant) and state.value == "ok":
        return  # what a check found in order is no message
    for one in sink.made:
        texts, hints = (_filled(text, given, sink, scope) for text in (one.text, one.hint))
        together = len(texts) == len(hints)  # as both are chosen in one place
        for text, hint in zip(texts, hints, strict=True) if together else product(texts, hints):
            yield Message(_group(one, scope), text, hint)


def _filled(text: str, given: Mapping[str, ast.expr], sink: Sink, scope: Scope) -> list[str]:
    names = list(dict.fromkeys(marks(text)))
    values = [
        texts_of(given[name], scope) if name in given else [sink.defaults.get(name, HOLE)]
        for name in names
    ]
    return [filled(text, dict(zip(names, each, strict=True))) for each in product(*values)]


def _defaults(function: Function) -> dict[str, str]:
    """The defaults of parameters that are texts."""
    every = function.args
    pairs = [*zip(reversed(every.args), reversed(every.defaults), strict=False)]
    pairs += zip(every.kwonlyargs, every.kw_defaults, strict=True)
    return {
        name.arg: value.value
        for name, value in pairs
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _says_something(text: str) -> bool:
    return any(part.strip(" .:,;()'\"/") for part in text.split(HOLE))


def _group(message: Message, scope: Scope) -> str:
    """The class of the error that carries a message: that which the function returns, else the
    first of these that its module imports."""
    if message.group != "Diagnostic":
        return message.group
    returned = scope.function.returns if scope.function else None
    if returned and ast.unparse(returned) in PROBLEMS:
        return ast.unparse(returned)
    classes = ("ManifestError", "RefusedError", "StalePlanError")
    return next((one for one in classes if one in scope.module.imports), "ManifestError")
