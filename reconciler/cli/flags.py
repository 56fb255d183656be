"""Command-line options as typed values.

A group of options is a frozen dataclass whose fields carry their click option (``flag``).
A command names the groups that it takes in the annotations of its parameters; ``with_flags``
adds their options to the command and builds the values.
"""

from collections.abc import Callable, Iterator
from dataclasses import Field, field, fields, is_dataclass, replace
from functools import wraps
from typing import Any, TypeVar, get_type_hints

import click
from click.core import ParameterSource

Group = TypeVar("Group")
Command = TypeVar("Command", bound=Callable[..., int])
_OPTION = "option"


def flag(*names: str, **attributes: Any) -> Any:
    """A field of a group. ``names`` and ``attributes`` are those of ``click.option``."""
    empty = () if attributes.get("multiple") else False if attributes.get("is_flag") else None
    default = attributes.get("default", empty)
    return field(default=default, metadata={_OPTION: (names, attributes)})


def with_flags(command: Callable[..., int]) -> Callable[..., int]:
    """Decorates a click command: every parameter whose annotation is a group gets its value
    from the options of that group. Help lists them in the order of parameters and fields."""
    hints = get_type_hints(command)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}

    @wraps(command)
    def invoke(*arguments: Any, **given: Any) -> int:
        for parameter, group in groups.items():
            given[parameter] = group(**{one.name: given.pop(one.name) for one in fields(group)})
        return command(*arguments, **given)

    declared = [one for group in groups.values() for one in fields(group)]
    for one in reversed(declared):  # click lists the last decorator first
        names, attributes = one.metadata[_OPTION]
        click.option(*names, one.name, **attributes)(invoke)
    return invoke


def accepting(*groups: type[object]) -> Callable[[Command], Command]:
    """Decorates a command that does not need these groups: it takes their options all the
    same and ignores them, so that scripts give every command the same options. Help does not
    list them."""

    def decorate(command: Command) -> Command:
        known = {one.name for one in getattr(command, "__click_params__", ())}
        for one in (one for group in groups for one in _fields(group)):
            if one.name not in known:
                names, attributes = one.metadata[_OPTION]
                ignored = {**attributes, "hidden": True, "expose_value": False}
                click.option(*names, one.name, **ignored)(command)
        return command

    return decorate


def from_environment(group: type[Group]) -> Group:
    """The value of a group on an empty command line: environment variables and defaults."""
    options: list[click.Parameter] = []
    for one in _fields(group):
        names, attributes = one.metadata[_OPTION]
        options.append(click.Option([*names, one.name], **attributes))
    return group(**click.Command(None, params=options).make_context(None, []).params)


def given_options(group: object) -> Iterator[str]:
    """The options of a group that differ from their defaults, as they are written; without
    those that the environment sets."""
    inherited = names_from(ParameterSource.ENVIRONMENT)
    for one in _fields(group):
        if getattr(group, one.name) != one.default and one.name not in inherited:
            names, _ = one.metadata[_OPTION]
            yield next(name for name in names if name.startswith("--"))


def without(group: Group, names: frozenset[str]) -> Group:
    """The group with the defaults of the named options."""
    defaults = {one.name: one.default for one in _fields(group) if one.name in names}
    return with_values(group, **defaults)


def with_values(group: Group, **values: Any) -> Group:
    """The group with these values of its options."""
    changed: Group = replace(group, **values)  # type: ignore[type-var]
    return changed


def names_from(source: ParameterSource) -> frozenset[str]:
    """The options of the running command, and of the group that it belongs to, whose values
    come from ``source``; none outside a command."""
    context = click.get_current_context(silent=True)
    found: set[str] = set()
    while context is not None:
        found |= {name for name in context.params if context.get_parameter_source(name) is source}
        context = context.parent
    return frozenset(found)


def _fields(group: Any) -> tuple[Field[Any], ...]:
    return fields(group)
