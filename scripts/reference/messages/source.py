"""The modules of the program as syntax trees, and what a name in one of them stands for."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from operator import attrgetter
from pathlib import Path

import reconciler

ROOT = Path(reconciler.__file__).parent
_NOT_OF_THE_PROGRAM = ("testing",)
"""Packages with which only tests of others work."""

Function = ast.FunctionDef


class Module:
    """One module. ``name``: ``reconciler.plan.diff``; ``functions``: every function and method by
    its own name; ``imports``: imported name -> its module, and its name there; ``calls``: name of
    what is called -> each call, with the function that it stands in."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.tree = ast.parse(text)
        self.functions: dict[str, Function] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.calls: dict[str, list[tuple[Function | None, ast.Call]]] = defaultdict(list)
        self._look_at(self.tree, None)

    def _look_at(self, tree: ast.AST, inside: Function | None) -> None:
        for one in ast.iter_child_nodes(tree):
            function = inside
            match one:
                case ast.FunctionDef():
                    self.functions[one.name] = function = one
                case ast.ImportFrom(module=str(module)):
                    for each in one.names:
                        self.imports[each.asname or each.name] = module, each.name
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    self.calls[name].append((inside, one))
            if not isinstance(one, ast.Constant | ast.Name | ast.expr_context):
                self._look_at(one, function)

    @cached_property
    def constants(self) -> Mapping[str, ast.expr]:
        """What is assigned in the module itself or in a class of it."""
        classes = [one for one in self.tree.body if isinstance(one, ast.ClassDef)]
        blocks = (self.tree.body, *(one.body for one in classes))
        return {name: value for block in blocks for one in block for name, value in _assigned(one)}


def assigned_before(function: Function, name: str, line: int) -> list[ast.expr]:
    """What a variable may hold in a line of a function: what was assigned to it last on every way
    to that line, and what was assigned on some ways since."""
    found = [each for each in _by_name(function).get(name, ()) if each.line < line]
    certain = [number for number, each in enumerate(found) if each.first <= line <= each.last]
    return [each.value for each in found[certain[-1] if certain else 0 :]]


@dataclass(frozen=True)
class Assignment:
    """``first``, ``last``: the lines of the block that it stands in."""

    value: ast.expr
    line: int
    first: int
    last: int


@cache
def _by_name(function: Function) -> Mapping[str, list[Assignment]]:
    found: dict[str, list[Assignment]] = defaultdict(list)
    for block in _blocks(function):
        first, last = block[0].lineno, block[-1].end_lineno or block[-1].lineno
        for statement in block:
            for name, value in _assigned(statement):
                found[name].append(Assignment(value, statement.lineno, first, last))
    return {name: sorted(each, key=attrgetter("line")) for name, each in found.items()}


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements in a tree."""
    for one in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(one, field, None)
            if isinstance(block, list) and block:
                yield block


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name) as target, op=operator, value=value):
            before = ast.Name(target.id, ast.Load(), lineno=statement.lineno)
            yield name, ast.BinOp(before, operator, value, lineno=statement.lineno)
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            pairs = zip(names, values, strict=False)
            yield from ((n.id, v) for n, v in pairs if isinstance(n, ast.Name))
        case ast.If(test=test) | ast.While(test=test):
            for one in ast.walk(test):
                if isinstance(one, ast.NamedExpr) and isinstance(one.target, ast.Name):
                    yield one.target.id, one.value


@cache
def modules() -> Mapping[str, Module]:
    """Every module of the program by its name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] not in _NOT_OF_THE_PROGRAM:
            name = ".".join(("reconciler", *parts)).removesuffix(".__init__")
            found[name] = Module(name, path.read_text(encoding="utf-8"))
    return found
