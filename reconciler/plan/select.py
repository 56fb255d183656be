"""Selects actions of a plan: ``--target`` and ``--exclude``. Pure.

An action that needs a skipped action is skipped too, with the reason.
"""

from collections.abc import Sequence

from reconciler.errors import UsageError
from reconciler.kinds.addresses import selects
from reconciler.plan.actions import Action, Create, Delete, InSync, Keep, Skip, Update
from reconciler.plan.context import PlanOptions
from reconciler.plan.files import NO_FOLDER
from reconciler.plan.model import Plan
from reconciler.plan.renames import addresses_of, rename_of


def select(
    actions: Sequence[Action], options: PlanOptions, files_left_out: Sequence[str] = ()
) -> tuple[list[Action], list[str]]:
    """The selected actions, and notices. UsageError for a glob that selects nothing.
    ``files_left_out``: launch files that have no action, since their folder is not known."""
    for option, globs in (
        ("--target", options.target),
        ("--exclude", options.exclude),
        ("--overwrite-only", options.overwrite_only),
    ):
        for glob in globs:
            _check_glob(f"{option} {glob}", glob, actions, files_left_out)
    wanted, notices = _targeted(actions, options)
    return _without_skipped(wanted, options), notices


def check_selects(globs: Sequence[str], plan: Plan) -> None:
    """UsageError for a glob that selects no action of a plan."""
    for glob in globs:
        _check_glob(glob, glob, plan.actions)


def _check_glob(
    named: str, glob: str, actions: Sequence[Action], files_left_out: Sequence[str] = ()
) -> None:
    addresses = [address for action in actions for address in addresses_of(action)]
    if any(selects((glob,), address) for address in addresses):
        return
    unknown = [address for address in files_left_out if selects((glob,), address)]
    if unknown and named.startswith("--exclude"):
        return  # they are left out already
    if unknown:
        raise UsageError(
            f"{named} selects only {', '.join(unknown)}, and {NO_FOLDER}",
            "Name the Web Engagement installation folder, which holds the launch files, with"
            " --install-dir, GWE_INSTALL_DIR or install_dir in gwe.toml.",
        )
    import difflib  # noqa: PLC0415 - only for this error

    close = difflib.get_close_matches(glob, addresses, n=3, cutoff=0.5)
    hint = (
        f"Close to it: {', '.join(close)}."
        if close
        else ("Addresses look like InteractionQueue/NAME; gwe plan --verbose lists them all.")
    )
    raise UsageError(f"{named} selects nothing", hint)


def _targeted(actions: Sequence[Action], options: PlanOptions) -> tuple[list[Action], list[str]]:
    if not options.target:
        return list(actions), []
    by_address = {action.address: action for action in actions}
    wanted = {a.address for a in actions if _selected(a, options.target)}
    notices: list[str] = []
    queue = sorted(wanted)
    while queue:
        address = queue.pop(0)
        for need in by_address[address].needs:
            deletes = isinstance(by_address[address], Delete)  # all that refers to it goes first
            if need not in wanted and (deletes or _absent(by_address[need])):
                wanted.add(need)
                queue.append(need)
                notices.append(f"{need} is planned too: {address} needs it.")
    return [action for action in actions if action.address in wanted], notices


def _selected(action: Action, globs: Sequence[str]) -> bool:
    """Whether globs select an action. A renamed object is found by both its names."""
    return any(selects(globs, address) for address in addresses_of(action))


def _absent(action: Action) -> bool:
    """Whether an action adds something: a new object, the new name of an object, or a new option of
    an application."""
    if rename_of(action):
        return True
    if isinstance(action, Update) and action.object_type == "Application":
        return any(change.before is None for change in action.changes)
    return isinstance(action, Create)


def _without_skipped(actions: Sequence[Action], options: PlanOptions) -> list[Action]:
    """The actions; excluded actions and all that need a skipped action become skips."""
    result = {action.address: action for action in actions}
    for address, action in result.items() if options.exclude else ():
        if _selected(action, options.exclude):
            met = isinstance(action, InSync | Keep)
            reason = "excluded" if not met else f"excluded; {action.action}"
            result[address] = Skip(action.subject, reason, action.needs)
    satisfied = {a.address for a in actions if isinstance(a, InSync | Keep)}
    changed = True
    while changed:
        changed = False
        for address, action in result.items():
            if isinstance(action, Skip | InSync | Keep):
                continue
            for need in action.needs:
                if isinstance(result.get(need), Skip) and need not in satisfied:
                    reason = f"needs {need}, which is skipped"
                    result[address] = Skip(action.subject, reason, action.needs)
                    changed = True
                    break
    return list(result.values())
