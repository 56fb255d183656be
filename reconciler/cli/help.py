"""Help in sections: three examples first, then the options that are used daily, the connection
last.

The place of each option is data, so that the order is the same for every command.
"""

from collections.abc import Iterator

import click

HELP_NAMES = ("-h", "--help")

SECTIONS = {
    "What": "file target exclude overwrite overwrite_only reset_initial prune force var vars"
    " expect",
    "Where": "server app profile user password_file user_b password_file_b tenant cluster"
    " install_dir state state_dir",
    "How it is applied": "auto_approve skip_stale no_lock lock_timeout",
    "Output": "out format how_to_apply max_bytes detailed_exitcode quiet verbose no_color"
    " log_level log_file help",
    "Connection": "timeout in_flight connect_timeout psdk client client_type encoding"
    " ca_file trust_store certificate key tls_upgrade addp",
}
"""Section -> its options, in order. All other options of a command come first, under Options."""

_PLACES = {
    name: (number, place)
    for number, names in enumerate(SECTIONS.values())
    for place, name in enumerate(names.split())
}


class SectionedCommand(click.Command):
    """A command whose help has examples, and its options in sections."""

    def get_help_option_names(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(HELP_NAMES)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(ctx, formatter)
        write_options(self, ctx, formatter)


class SectionedGroup(click.Group):
    """A group of commands with such help."""

    command_class = SectionedCommand

    def get_help_option_names(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(HELP_NAMES)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(ctx, formatter)
        write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """The options, section by section."""
    shown = [one for one in command.get_params(ctx) if isinstance(one, click.Option)]
    for title, options in option_sections(shown):
        records = [record for one in options if (record := one.get_help_record(ctx))]
        if records:
            with formatter.section(title):
                formatter.write_dl(records, col_max=26)
    if any(one.hidden for one in shown):
        formatter.write_paragraph()
        formatter.write_text(
            "The options of gwe plan for site, connection and state are accepted too."
        )


def option_sections(options: list[click.Option]) -> Iterator[tuple[str, list[click.Option]]]:
    """The titles of the sections, each with its options in order; a section may be empty."""
    own = [one for one in options if _name(one) not in _PLACES]
    placed = sorted((one for one in options if _name(one) in _PLACES), key=_place)
    if len(placed) == 1:  # --help alone makes no section
        own, placed = own + placed, []
    yield "Options", own
    for number, title in enumerate(SECTIONS):
        yield title, [one for one in placed if _place(one)[0] == number]


def _place(option: click.Option) -> tuple[int, int]:
    return _PLACES[_name(option)]


def _name(option: click.Option) -> str:
    return "help" if "--help" in option.opts else str(option.name)


def write_examples(ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Three command lines that work as they are."""
    from reconciler.cli.examples import EXAMPLES  # noqa: PLC0415 - a command that runs shows none

    _, _, path = ctx.command_path.partition(" ")
    if path in EXAMPLES:
        with formatter.section("Examples"):
            for line in EXAMPLES[path]:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
