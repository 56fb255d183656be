"""An action as Markdown, or several actions that do the same: a line, and a table of the fields."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.diagnostics import counted
from reconciler.kinds.fields import HIDDEN
from reconciler.plan.actions import Action, Create, Keep, kept_of
from reconciler.plan.changes import Change
from reconciler.plan.model import SiteMark
from reconciler.render.markdown.code import both_values, code, codes, new_value, short_code, table
from reconciler.render.plan_summary import existing_values_text
from reconciler.render.remarks import declared_in, is_item, kept_names, label_of, remark_of

_NAMES = 50


class Group(Struct, frozen=True):
    """Actions that do the same to several objects, wherever that is declared. ``changes``: for
    each field that is shown, its change in each of the objects; ``above``: how many fields are
    shown under the risks instead."""

    actions: tuple[Action, ...]
    changes: tuple[tuple[Change, ...], ...]
    above: int = 0


def action_block(group: Group, site: SiteMark, *, verbose: bool) -> str:
    """What happens to the objects of a group."""
    action = group.actions[0]
    names = codes([one.address.removeprefix(f"{one.kind}/") for one in group.actions], _NAMES)
    if len(group.actions) > 1:
        names = f"{things(group.actions, site)}{_the_same(group.changes)}: {names}"
    remark = remark_of(action)
    lead = f"**{action.action}** {names}{f': {short_code(remark)}' if remark else ''}\n\n"
    return "".join((lead, *_details(group, action, verbose)))


def _details(group: Group, action: Action, verbose: bool) -> Iterator[str]:
    if group.changes:
        yield changes_table(group.changes, whole=verbose)
    if group.above:
        yield f"{existing_values_text(group.above)}: see Risks.\n\n"
    kept = kept_of(action)
    initial = [change for change in kept if change.hint]
    if initial or (kept and verbose):
        yield _kept_table(kept if verbose else initial, whole=verbose)
    elif kept and not isinstance(action, Keep):
        yield f"{short_code(kept_names(kept))}\n\n"
    for hint in dict.fromkeys(change.hint for change in initial):
        yield f"{short_code(hint, 400)}\n\n"
    for entry in action.permissions if isinstance(action, Create) else ():
        account = code(f"{entry.account_type} {entry.account}")
        yield f"Permissions of {account}: {code(str(entry.mask))}\n\n"
    if isinstance(action, Create) and action.shown_folder:
        yield f"In folder {short_code(action.shown_folder)}\n\n"


def things(actions: Sequence[Action], site: SiteMark) -> str:
    """A number of things: ``12 Stat Servers`` if all have that role, else applications or
    objects."""
    thing = "object"
    if actions[0].object_type == "Application":
        dbids = {action.dbid for action in actions}
        roles = (role for role, members in site.roles.items() if dbids <= set(members))
        thing = next(roles, "application").replace("-", " ").title()
    return counted(len(actions), thing)


def _the_same(changes: Sequence[Sequence[Change]]) -> str:
    if not changes:
        return ""
    options = all(change.path[0] == "options" for change, *_ in changes)
    number = counted(len(changes), "option" if options else "change")
    return f", the same {number}" if len(changes) > 1 else ", the same change"


def changes_table(changes: Sequence[Sequence[Change]], *, whole: bool) -> str:
    """The fields with their values and where they are declared. ``changes``: see ``Group``.
    If none has a live value, that column is left out."""
    if all(one.before is None and one.after is not None for one, *_ in changes):
        header = ("Field", "New value", "Declared in")
        return table(header, ((field_cell(c[0]), _new(c[0], whole), _origin(c)) for c in changes))
    header_of_both = ("Field", "Live", "Planned", "Declared in")
    rows = ((field_cell(c[0]), *value_cells(c[0], whole=whole), _origin(c)) for c in changes)
    return table(header_of_both, rows)


def _kept_table(kept: Sequence[Change], *, whole: bool) -> str:
    header = ("Field", "Live, kept", "In the manifest", "Declared in")
    rows = ((field_cell(c), *value_cells(c, whole=whole), _origin([c])) for c in kept)
    return table(header, rows)


def field_cell(change: Change) -> str:
    """The name of the field that changes."""
    return code(label_of(change.path[:-1] if is_item(change) else change.path))


def _new(change: Change, whole: bool) -> str:
    return new_value(change.display(change.after), whole=whole)


def value_cells(change: Change, *, whole: bool) -> tuple[str, str]:
    """The values before and after, with what differs in bold."""
    before, after = change.display_both()
    texts = isinstance(change.before, str) and isinstance(change.after, str)
    if texts and HIDDEN not in (before, after):
        return both_values(before, after, whole=whole)
    return new_value(before, whole=whole), new_value(after, whole=whole)


def _origin(changes: Sequence[Change]) -> str:
    """Where the same change of several objects is declared: the first place, and how many
    others."""
    first, *others = dict.fromkeys(map(declared_in, changes))
    more = f" and {counted(len(others), 'more place')}" if others else ""
    return f"{short_code(first)}{more}" if first else ""
