"""What an expression says: its texts, with ``…`` where the program puts a name or a number.

A parameter of the function around it becomes a mark, which a call of that function fills in.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from scripts.reference.messages.source import Function, Module, assigned_before, modules

HOLE = "…"
_MARK = re.compile("\0([^\0]*)\0")
_MOST = 24
"""Alternatives of one expression."""
_NOT_SAID = ("did_you_mean",)
"""Functions that add to a message what depends on what was written."""


@dataclass(frozen=True)
class Scope:
    """Where an expression stands."""

    module: Module
    function: Function | None = None
    line: int = 10**9
    callers: tuple[Function, ...] = ()

    def at(self, expression: ast.expr) -> "Scope":
        """The same function at the line of an expression."""
        return replace(self, line=getattr(expression, "lineno", self.line))


def texts_of(expression: ast.expr | None, scope: Scope) -> list[str]:
    """The alternatives that an expression may be."""
    if expression is None:
        return [""]
    return list(dict.fromkeys(map(_tidy, _texts(expression, scope))))[:_MOST]


def parameters(function: Function) -> list[str]:
    """The names of the parameters that a call gives by position, without ``self``."""
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def mark(parameter: str) -> str:
    return f"\0{parameter}\0"


def has_mark(text: str) -> bool:
    return "\0" in text


def marks(text: str) -> list[str]:
    """The parameters in a text."""
    return _MARK.findall(text)


def filled(text: str, values: dict[str, str]) -> str:
    """The text with the values of parameters in place of their marks. A word within a text is a
    name that differs from case to case."""
    if _MARK.fullmatch(text):
        return values.get(text.strip("\0"), HOLE)

    def value(found: re.Match[str]) -> str:
        said = values.get(found[1], HOLE)
        return said if " " in said.strip() or has_mark(said) else HOLE

    return _tidy(_MARK.sub(value, text))


def _tidy(text: str) -> str:
    return re.sub(f"{HOLE}(\\s*{HOLE})+", HOLE, text).replace("\n", " ")


def _texts(expression: ast.expr, scope: Scope) -> Sequence[str]:
    match expression:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Constant(value=None):
            return [""]
        case ast.JoinedStr(values=parts):
            return _joined([_part(part, scope) for part in parts])
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([_texts(left, scope), _texts(right, scope)])
        case ast.IfExp(body=one, orelse=other):
            return [*_texts(one, scope), *_texts(other, scope)]
        case ast.BoolOp(values=values):
            return [text for value in values for text in _texts(value, scope)]
        case ast.NamedExpr(value=value):
            return _texts(value, scope)
        case ast.Name(id=name):
            return _named(name, scope)
        case ast.Attribute(attr=name) if name in scope.module.constants:
            return _texts(scope.module.constants[name], Scope(scope.module))
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return [re.sub(r"\{[^{}]*\}", HOLE, text)]
        case ast.Call(func=ast.Attribute(value=ast.Name() as name, attr="format")):
            return [re.sub(r"\{[^{}]*\}", HOLE, text) for text in _texts(name, scope)]
        case ast.Call(func=ast.Name(id=name)) if name in _NOT_SAID:
            return [""]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _returned(name, scope)
    return [HOLE]


def _part(part: ast.expr, scope: Scope) -> Sequence[str]:
    """A piece of an f-string. Only what says something by itself is not a hole: a text that the
    program chooses, of at least two words."""
    if not isinstance(part, ast.FormattedValue):
        return _texts(part, scope)
    found = [text for text in _texts(part.value, scope) if text != HOLE]
    said = [text for text in found if has_mark(text) or " " in text.strip()]
    return said if said and len(said) == len([one for one in found if one]) else [HOLE]


def _joined(parts: Sequence[Sequence[str]]) -> list[str]:
    number = 1
    for part in parts:
        number *= len(part)
    if number > _MOST:
        parts = [part if len(part) == 1 else [HOLE] for part in parts]
    return ["".join(each) for each in product(*parts)]


def _named(name: str, scope: Scope) -> Sequence[str]:
    if scope.function is not None:
        values = assigned_before(scope.function, name, scope.line)
        if values:
            return [text for value in values for text in _texts(value, scope.at(value))]
        every = (*scope.function.args.args, *scope.function.args.kwonlyargs)
        if name in (one.arg for one in every):
            return [mark(name)]
    found = _found(name, scope.module)
    if found is None or name not in found.constants:
        return [HOLE]
    return _texts(found.constants[name], Scope(found))


def _returned(name: str, scope: Scope) -> Sequence[str]:
    """What a function of the program returns; its own parameters are holes."""
    found = _found(name, scope.module)
    function = found.functions.get(name) if found else None
    if found is None or function is None or function in scope.callers:
        return [HOLE]
    if function.returns is None or ast.unparse(function.returns) != "str":
        return [HOLE]
    inner = Scope(found, function, callers=(*scope.callers, function))
    values = [one.value for one in ast.walk(function) if isinstance(one, ast.Return) and one.value]
    texts = [filled(text, {}) for value in values for text in _texts(value, inner.at(value))]
    return texts if texts and len(texts) <= _MOST else [HOLE]


def _found(name: str, module: Module) -> Module | None:
    """The module in which a name of this module is defined."""
    if name in module.imports:
        return modules().get(module.imports[name][0])
    return module
