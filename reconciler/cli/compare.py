"""``gwe compare``: what differs between two sites, or a site and an export of a site."""

from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, ChoiceFlags, OutputFlags, SiteFlags, StateFlags
from reconciler.cli.completing import complete_parameter, complete_side
from reconciler.cli.connection import AccountFlags
from reconciler.cli.credentials import AccountOptions
from reconciler.cli.flags import FlagGroup, flag, with_flags, with_values
from reconciler.cli.formats import ComparisonFormatFlags, PageFlags, check_out
from reconciler.cli.help import SectionedCommand
from reconciler.cli.logs import start_logging
from reconciler.cli.sides import SideSession, named_side
from reconciler.compare.mapping import EnvironmentMapping
from reconciler.errors import ExitCode
from reconciler.render.forms import COMPARISON_FORMS


class DifferenceFlags(FlagGroup):
    """What is known to differ."""

    mapping: Path | None = flag(
        "--mapping",
        type=ANY_PATH,
        metavar="FILE",
        help="YAML file with the known differences: texts of A and B that stand for each other,"
        " and fields that may differ.",
    )
    site_values: tuple[str, ...] = flag(
        "--site-values",
        multiple=True,
        metavar="WHAT",
        shell_complete=complete_parameter,
        help="Count as equal what each side has of its own: tenant, host, app, cluster;"
        " repeatable, or with commas.",
    )

    @property
    def parameters(self) -> tuple[str, ...]:
        """The values of ``--site-values``."""
        return tuple(one for text in self.site_values for one in text.split(",") if one)

    def read(self) -> EnvironmentMapping:
        """The mapping in the named file; an empty mapping without a file."""
        from reconciler.engine.mapping_file import read_mapping  # noqa: PLC0415

        return read_mapping(self.mapping) if self.mapping else EnvironmentMapping()


class OtherAccountFlags(FlagGroup):
    """The account on B."""

    user_b: str = flag(
        "--user-b", default="", metavar="NAME", help="User name on B, if it is not that on A."
    )
    password_file_b: Path | None = flag(
        "--password-file-b",
        type=ANY_PATH,
        metavar="FILE",
        help="File with the password on B, if it is not that on A.",
    )

    def on_b(self, account: AccountFlags) -> AccountFlags:
        """The account on B. ``account``: that on A."""
        if not (self.user_b or self.password_file_b):
            return account
        user = self.user_b or account.user
        return with_values(account, user=user, password_file=self.password_file_b)

    @property
    def named_by(self) -> AccountOptions:
        """Where the account on B was named."""
        user = "--user-b" if self.user_b else "--user or GWE_USER; --user-b names another for B"
        file = "--password-file-b" if self.password_file_b or self.user_b else AccountOptions.file
        return AccountOptions(user, file, another="--password-file-b")


class CompareOutputFlags(OutputFlags):
    """How much is printed of a comparison."""

    verbose: bool = flag(
        "-v",
        "--verbose",
        is_flag=True,
        help="Also the fields of objects that only one side has; each value whole.",
    )


@click.command("compare", cls=SectionedCommand)
@click.argument("a", shell_complete=complete_side)
@click.argument("b", shell_complete=complete_side)
@with_flags
def command(
    a: str,
    b: str,
    choice: ChoiceFlags,
    known: DifferenceFlags,
    site: SiteFlags,
    form: ComparisonFormatFlags,
    page: PageFlags,
    output: CompareOutputFlags,
    account: AccountFlags,
    other: OtherAccountFlags,
    state: StateFlags,
) -> int:
    """Show what differs between A and B, and exit 2 if anything does. Writes nothing.

    A and B are each a profile of gwe.toml, the URL of a server, the file of an embedded server,
    or a folder that gwe export wrote. profile:NAME means the profile, if a file has the same
    name.

    Without --kind, --name and --all: what belongs to the Web Engagement site, compared by names
    in place of DBIDs. What could not be compared is listed; passwords never can be.
    """
    check_out(form, page.out)
    start_logging(account)
    names = named_side(a), named_side(b)
    side_a = SideSession.opened(names[0], account, AccountOptions())
    side_b = SideSession.opened(names[1], other.on_b(account), other.named_by)
    mapping = known.read()
    with side_a.source(site, state, side_b) as from_a, side_b.source(site, state, side_a) as from_b:
        # Imported late, while a thread starts Java.
        from reconciler.cli.status import reading_shown  # noqa: PLC0415
        from reconciler.engine.comparing import CompareRequest, compare_sources  # noqa: PLC0415
        from reconciler.export.selection import ExportRequest  # noqa: PLC0415

        chosen = ExportRequest(choice.kind, choice.name, choice.all)
        request = CompareRequest(chosen, known.parameters, mapping)
        with reading_shown() as progress:
            comparison = compare_sources(from_a, from_b, request, progress)
    COMPARISON_FORMS[form.format](comparison, form.style(output.style(), page.out))
    return ExitCode.DONE if comparison.same else ExitCode.CHANGES
