"""Command-line options as typed values.

A group of options is a ``FlagGroup`` whose fields carry their click option (``flag``).
A command names the groups that it takes in the annotations of its parameters; ``with_flags``
adds their options to the command and builds the values.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_type_hints

import click
from click.core import ParameterSource

Command = TypeVar("Command", bound=Callable[..., int])


class Flag:
    """The click option of a field: its names and attributes, and its value if it is not given."""

    def __init__(self, names: tuple[str, ...], attributes: Mapping[str, Any]) -> None:
        empty = () if attributes.get("multiple") else False if attributes.get("is_flag") else None
        self.names = names
        self.attributes = attributes
        self.default = attributes.get("default", empty)

    def add_to(self, command: Callable[..., Any], name: str, **attributes: Any) -> None:
        """Adds the option to a command, which gets its value as ``name``."""
        click.option(*self.names, name, **{**self.attributes, **attributes})(command)


def flag(*names: str, **attributes: Any) -> Any:
    """A field of a group. ``names`` and ``attributes`` are those of ``click.option``."""
    return Flag(names, attributes)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(flag,))
class FlagGroup:
    """The base of groups: values by name; values that are not given have their defaults. Groups are
    no dataclasses, since Python would compile the methods of each at start: that took a tenth of
    the time of a small plan. They are no Structs, since some have two bases."""

    options: ClassVar[Mapping[str, Flag]] = {}
    """The options of the fields; the options of base classes come first."""

    def __init_subclass__(cls) -> None:
        found: dict[str, Flag] = {}
        for base in reversed(cls.__mro__[1:]):
            found |= base.options if issubclass(base, FlagGroup) else {}
        found |= {name: one for name, one in vars(cls).items() if isinstance(one, Flag)}
        cls.options = found

    def __init__(self, **values: Any) -> None:
        unknown = values.keys() - self.options.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no option {', '.join(sorted(unknown))}")
        defaults = {name: one.default for name, one in self.options.items()}
        vars(self).update(defaults | values)
        self.__post_init__()

    def __post_init__(self) -> None:
        """Refuses values that cannot be combined."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set: a group of options does not change")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"


Group = TypeVar("Group", bound=FlagGroup)


def with_flags(command: Callable[..., int]) -> Callable[..., int]:
    """Decorates a click command: every parameter whose annotation is a group gets its value
    from the options of that group. Help lists them in the order of parameters and fields."""
    hints = get_type_hints(command)
    groups: dict[str, type[FlagGroup]] = {
        name: kind
        for name, kind in hints.items()
        if isinstance(kind, type) and issubclass(kind, FlagGroup)
    }

    @wraps(command)
    def invoke(*arguments: Any, **given: Any) -> int:
        for parameter, group in groups.items():
            given[parameter] = group(**{name: given.pop(name) for name in group.options})
        return command(*arguments, **given)

    declared = [each for group in groups.values() for each in group.options.items()]
    for name, one in reversed(declared):  # click lists the last decorator first
        one.add_to(invoke, name)
    return invoke


def accepting(*groups: type[FlagGroup]) -> Callable[[Command], Command]:
    """Decorates a command that does not need these groups: it accepts their options and ignores
    them, so that scripts can give every command the same options. Help does not list them."""

    def decorate(command: Command) -> Command:
        known = {one.name for one in getattr(command, "__click_params__", ())}
        for name, one in (each for group in groups for each in group.options.items()):
            if name not in known:
                one.add_to(command, name, hidden=True, expose_value=False)
        return command

    return decorate


def from_environment(group: type[Group]) -> Group:
    """The value of a group on an empty command line: environment variables and defaults."""
    options: list[click.Parameter] = [
        click.Option([*one.names, name], **one.attributes) for name, one in group.options.items()
    ]
    return group(**click.Command(None, params=options).make_context(None, []).params)


def given_options(group: FlagGroup) -> Iterator[str]:
    """The options of a group that differ from their defaults, as they are written, without options
    that the environment sets."""
    inherited = names_from(ParameterSource.ENVIRONMENT)
    for name, one in group.options.items():
        if getattr(group, name) != one.default and name not in inherited:
            yield next(written for written in one.names if written.startswith("--"))


def without(group: Group, names: frozenset[str]) -> Group:
    """The group with the defaults of the named options."""
    defaults = {name: one.default for name, one in group.options.items() if name in names}
    return with_values(group, **defaults)


def with_values(group: Group, **values: Any) -> Group:
    """The group with these values of its options."""
    return type(group)(**{**vars(group), **values})


def names_from(source: ParameterSource) -> frozenset[str]:
    """The options of the running command, and of the group that it belongs to, whose values
    come from ``source``; none outside a command."""
    context = click.get_current_context(silent=True)
    found: set[str] = set()
    while context is not None:
        found |= {name for name in context.params if context.get_parameter_source(name) is source}
        context = context.parent
    return frozenset(found)


def origin_of(option: str) -> str:
    """Where an option of the running command got its value, for a message: the environment
    variable, else the option as it is written."""
    context = click.get_current_context(silent=True)
    while context is not None:
        for one in context.command.params:
            if option in one.opts and comes_from_environment(one, context):
                return str(one.envvar)
        context = context.parent
    return option


def comes_from_environment(parameter: click.Parameter, context: click.Context) -> bool:
    """Whether the value of a parameter, valid or not, comes from its environment variable."""
    source = context.get_parameter_source(str(parameter.name))
    return source is ParameterSource.ENVIRONMENT
