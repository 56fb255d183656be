"""Strict YAML: no value is guessed, and the position of every value is kept.

A plain scalar is the string that was written, except ``true``, ``false``, ``null`` and decimal
integers in canonical form: YAML 1.1 and 1.2 agree on these, and they can be written back as the
same characters. So ``0123``, ``22:30``, ``on`` and ``1_000`` are strings. Refused are duplicate
keys, keys without a value, other spellings of null, tags, merge keys, keys that are not strings,
and aliases that expand without limit.
"""

import re
from pathlib import Path

from yaml import DocumentStartEvent, MarkedYAMLError
from yaml._yaml import CParser
from yaml.reader import ReaderError

from reconciler.diagnostics import Diagnostic, Position
from reconciler.files.conflict_marks import conflicts
from reconciler.files.reading import MAX_BYTES, position_after, read_text
from reconciler.yaml.construction import Construction
from reconciler.yaml.documents import YamlDocument
from reconciler.yaml.events import UnreadableTextError, WithoutAliases

# Line breaks of YAML 1.1 that no editor shows as such, and that YAML turns into spaces.
RARE_BREAK = re.compile("[\x85\u2028\u2029]")
_BREAK = re.compile(r"\r\n|\n|\r")
_NAMED = re.compile(r"\b(alias|anchor|tag handle)(?: '.*?')?")
_INDENT_WITH_TAB = re.compile(r" *\t")


def load_file(path: Path, name: str, problems: list[Diagnostic]) -> list[YamlDocument]:
    """The documents of a file. ``name`` is what messages call the file; its mistakes are
    added to ``problems``."""
    text = read_text(path, MAX_BYTES, name)
    if isinstance(text, Diagnostic):
        problems.append(text)
        return []
    return load_text(text, name, problems, path)


def load_text(
    text: str, name: str, problems: list[Diagnostic], path: Path | None = None
) -> list[YamlDocument]:
    """The documents of a text, as ``load_file`` reads them from the file ``name``."""
    if not text.isascii() and (rare := RARE_BREAK.search(text)):
        summary = f"the character #x{ord(rare.group()):04x} is not allowed"
        position = position_after(text[: rare.start()], name)
        problems.append(Diagnostic(summary, position, "Write it as an escape in double quotes."))
        return []
    if marked := conflicts(text, name):
        problems += marked
        return []
    documents: list[YamlDocument] = []
    has_aliases = "*" in text or "&" in text
    parser = None
    try:
        parser = CParser(text)
        construction = Construction(name, _lines(text), path)
        events = iter(parser.get_event, None)
        for event in events:
            if type(event) is DocumentStartEvent:
                within = iter(WithoutAliases(events, name)) if has_aliases else events
                document, mistakes = construction.document(within)
                problems += mistakes
                if document is not None:
                    documents.append(document)
    except UnreadableTextError as error:
        problems.append(error.problem)
    except MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, name))
    except ReaderError as error:
        # PyYAML counts bytes here.
        before = text.encode()[: error.position].decode("utf-8", "replace")
        summary = f"the character #x{error.character:04x} is not allowed"
        problems.append(Diagnostic(summary, position_after(before, name)))
    finally:
        if parser is not None:
            parser.dispose()
    return documents


def _lines(text: str) -> int:
    """How many lines a text has."""
    return text.count("\n") + text.count("\r") - text.count("\r\n") + 1


def _syntax_problem(error: MarkedYAMLError, text: str, name: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    lines = _BREAK.split(text)
    place = Position(name)
    if mark and mark.line < len(lines):
        place = Position(name, mark.line + 1, mark.column + 1)
    elif mark:  # the end of the file, after its last line
        place = Position(name, len(lines), len(lines[-1]) + 1)
    if mark and mark.line < len(lines) and _INDENT_WITH_TAB.match(lines[mark.line]):
        return Diagnostic("tabs are not allowed as indentation", place, "Indent with spaces.")
    reason = ", ".join(part for part in (error.problem, error.context) if part)
    # What begins with * ! or & may be an unquoted password.
    reason, named = _NAMED.subn(r"\1", reason)
    hint = "Put a text that begins with *, & or ! in quotes." if named else ""
    return Diagnostic(f"not valid YAML: {reason}", place, hint)
