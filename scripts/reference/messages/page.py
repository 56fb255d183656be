"""The page of every message: by class of error, each message with what to do about it."""

import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.errors import ReconcilerError
from scripts.reference.markdown import code, prose, table
from scripts.reference.messages.collect import every_message, subclasses
from scripts.reference.messages.texts import HOLE

_INTRODUCTION = """\
# Every message

Every message with which gwe reports an error or asks for attention, and what to do about it. `…`
stands for a name, number or reason that differs each time: search for the words around it. A
command prints `error:` before an error, and what to do on the line below. Several remedies for one
message are separated by ` / `: gwe prints the one that fits. [Messages of runs](../messages.md)
says more about the messages that a run may end with, and [Exit codes and errors](errors.md)
explains the numbers of Configuration Server.
"""

_OTHERS: Mapping[str, tuple[str, str, str]] = {
    "Blocked": (
        "Blocked actions",
        "Why a plan cannot do to an object what the manifests ask for. The plan is refused as a"
        " whole, with exit code 3.",
        "Correct what the reason names, or leave the object out with --exclude ADDRESS.",
    ),
    "CheckResult": (
        "Checks of gwe doctor",
        "What a check found to be wrong (`failed`), or what you should know (`note`).",
        "Nothing has to be done about a note. Correct what a failed check names.",
    ),
    "Notice": (
        "Notes and warnings of a plan",
        "What a plan says besides its actions. It can be applied nevertheless.",
        "Read it before you apply the plan: it says what else happens, or what to look at.",
    ),
    "Outcome": (
        "Outcomes of actions",
        "What became of one action of a run. `gwe runs show` lists them.",
        "Make a new plan: it shows what is left to do.",
    ),
    "Skip": (
        "Skipped actions",
        "Why a plan leaves an object alone. The rest of the plan is not affected.",
        "Nothing, unless the object should be planned: then give what the reason names.",
    ),
}
"""What carries a message and is no error -> heading, meaning, and what to do where the message has
no advice of its own."""

_REMEDIES: Mapping[str, str] = {
    "ReconcilerError": "Correct what the message names, and run the command again.",
    "UsageError": "Correct the command line: --help shows what a command takes.",
    "ManifestError": "Correct the file at the place that stands before the message: file, line and"
    " column. The table of its kind says what a field may be.",
    "RefusedError": "Nothing was written. Make a new plan, and look at it.",
    "LockLostError": "Nothing more was written. Look at gwe runs, and make a new plan.",
    "StateError": "Nothing was written. Name another state with --state, or repair this state.",
    "LaunchError": "The file is unchanged. Correct the file, or the manifest that declares it.",
    "ServerError": "Look at the server, and run the command again. gwe doctor checks each step.",
    "OutcomeUnknownError": "Make a new plan: it reads what is there now.",
}
"""Class -> what to do about a message of it, or of a class below it, that has no advice."""


def page() -> str:
    """Markdown."""
    return "\n".join([_INTRODUCTION, *map(_section, sections())])


def sections() -> Iterator[tuple[str, str, str, Sequence[tuple[str, str]]]]:
    """Heading, meaning, what to do where a message has no advice, and the messages, each with its
    advice."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for message in every_message():
        found[message.group][message.text].append(message.hint)
    for error in subclasses(ReconcilerError):
        if messages := found.get(error.__name__):
            title, _, more = _meaning(error).partition(": ")
            lead = f"{more[:1].upper()}{more[1:]}. " if more else ""
            named = f"`{error.__name__}`, exit code {error.exit_code.value}."
            yield title, f"{lead}{named}", _remedy(error), _rows(messages)
    for name, (title, meaning, remedy) in _OTHERS.items():
        yield title, meaning, remedy, _rows(found[name])


def _meaning(error: type[ReconcilerError]) -> str:
    text = (inspect.getdoc(error) or "").partition("\n\n")[0]
    return " ".join(text.replace("``", "").split()).rstrip(".")


def _remedy(error: type[ReconcilerError]) -> str:
    return next(_REMEDIES[one.__name__] for one in error.__mro__ if one.__name__ in _REMEDIES)


def _rows(messages: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Each message once; where it has several hints, they stand one after the other."""
    return [
        (text, " / ".join(hint for hint in dict.fromkeys(hints) if hint.strip(f"{HOLE} .")))
        for text, hints in messages.items()
    ]


def _section(section: tuple[str, str, str, Sequence[tuple[str, str]]]) -> str:
    title, meaning, remedy, rows = section
    advised = [bool(hint) for _, hint in rows]
    head, cells = ["message", "what to do"], [(code(text), prose(hint)) for text, hint in rows]
    if not any(advised):
        head, cells = head[:1], [cell[:1] for cell in cells]
        meaning = f"{meaning} {prose(remedy)}"
    elif not all(advised):
        meaning = f"{meaning} {prose(remedy)} Where the table says what to do, do that instead."
    return f"## {title}\n\n{meaning}\n\n{table(head, cells)}"
