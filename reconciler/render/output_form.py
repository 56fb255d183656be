"""The interface of a form of output: the style that it gets, and what it can show. ``forms`` lists
the forms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from reconciler.plan.chat.site_graph import SiteGraph
    from reconciler.plan.model import Plan
    from reconciler.state.store import IntactRecords, RunEntry, StoredRun

MAX_BYTES = 65_000
"""GitHub accepts 65,536 characters in a comment; the tool that posts it may add some of its own."""


class OutputStyle(Struct, frozen=True):
    """How much a form shows. ``quiet``: the summary and problems; ``verbose``: objects in
    sync and every option too. Machine-readable forms show everything. ``max_bytes``: the limit of a
    form for comments; ``saved``: the file that holds the plan, if there is one; ``page``: the file
    that a page is written to, empty: standard output; ``graph``: the chat path, for a form that
    draws it; ``how_to_apply``: a text in place of the commands that apply the plan, with ``{id}``
    for its id; empty: the commands are shown."""

    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    max_bytes: int = MAX_BYTES
    saved: str = ""
    page: str = ""
    how_to_apply: str = ""
    graph: "SiteGraph | None" = None


class PlanForm(Protocol):
    """A form of output for plans. Prints to standard output, or writes a page."""

    def plan(self, plan: "Plan") -> None:
        """A whole plan."""


class OutputForm(PlanForm, Protocol):
    """A form of output for plans and runs."""

    def runs(
        self, runs: Sequence["RunEntry"], of: str = "", among: Sequence["RunEntry"] = ()
    ) -> None:
        """A list of runs, in the order given. ``of``: what all of them have in common, such as ``
        of application GWE``; empty: they are all runs. ``among``: the runs from which these were
        selected; if those were on several servers, the list names the server of each run."""

    def run(self, run: "StoredRun", place: str) -> None:
        """One run with what became of each object; no values. ``place``: that of its state."""

    def damaged_run(self, name: str, found: "IntactRecords", place: str) -> None:
        """What can still be read of a damaged run; no values."""
