"""Reads every kind of YAML file that holds a single document for a codec, such as a baseline."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic, did_you_mean
from reconciler.errors import ManifestError
from reconciler.files.reading import shown_path
from reconciler.json_codec import Codec, CodecError, Mistake
from reconciler.yaml.documents import YamlDocument
from reconciler.yaml.strict import load_file

T = TypeVar("T")


def read_record(
    path: Path,
    codec: Codec[T],
    what: str,
    advice: str,
    more: Callable[[YamlDocument], Iterable[Diagnostic]] = lambda _: (),
) -> tuple[T, YamlDocument]:
    """The value in a file, and the document with its positions. ``what``: what the file holds,
    ``advice``: how such a file is made, for messages. ``more``: finds mistakes that no codec finds,
    even in a document with other mistakes. ManifestError lists all that is wrong."""
    name = shown_path(path)
    problems: list[Diagnostic] = []
    documents = load_file(path, name, problems)
    if not problems and len(documents) != 1:
        many = f"holds {len(documents)} documents instead of a single document"
        summary = many if documents else "is empty: there is nothing in it but comments or blanks"
        problems.append(Diagnostic(f"{name} {summary}"))
    if problems:
        raise ManifestError([replace(one, hint=one.hint or advice) for one in problems])
    (document,) = documents
    problems += more(document)
    try:
        value = codec.decode(document.data)
    except CodecError as error:
        other = _another_kind(error.mistakes, document, what)
        if other:
            raise ManifestError([Diagnostic(other, document.at(("kind",)), advice)]) from error
        problems += (_problem(one, document, what, advice) for one in error.mistakes)
        raise ManifestError(problems) from error
    if problems:
        raise ManifestError(problems)
    return value, document


def _another_kind(mistakes: Iterable[Mistake], document: YamlDocument, what: str) -> str:
    """The single problem that a document is of another kind, instead of all problems that follow
    from this; empty: it is not."""
    if not isinstance(document.data, dict):
        return f"this is not {what}"
    if all(one.place != ("kind",) for one in mistakes):
        return ""
    kind = document.data.get("kind")
    return f"kind is {kind if isinstance(kind, str) else 'missing'}, so this is not {what}"


def _problem(mistake: Mistake, document: YamlDocument, what: str, advice: str) -> Diagnostic:
    place = document.at(tuple(map(str, mistake.place)))
    if not mistake.known:
        return Diagnostic(f"{_called(mistake.place, what)} {mistake.problem}", place, advice)
    *above, name = mistake.place
    where = f" in {_called(above, what)}" if above else ""
    closest = did_you_mean(str(name), mistake.known)
    hint = f"Known here: {', '.join(mistake.known)}."
    return Diagnostic(f"unknown field {name}{where}{closest}", place, hint)


def _called(place: Sequence[str | int], what: str) -> str:
    """What a message calls the value at a place: ``b of item 1 of same``."""
    parts = [f"item {one + 1}" if isinstance(one, int) else one for one in reversed(place)]
    return " of ".join(parts) or what
