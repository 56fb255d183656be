"""The one reader of YAML files that hold a single document for a codec, such as a baseline."""

from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError
from reconciler.json_codec import Codec, CodecError
from reconciler.strict_yaml import load_file
from reconciler.text_files import shown_path
from reconciler.yaml_documents import YamlDocument

T = TypeVar("T")


def read_record(path: Path, codec: Codec[T], what: str, advice: str) -> tuple[T, YamlDocument]:
    """The value in a file, and the document with its positions. ``what``: what the file holds,
    ``advice``: how such a file is made, for messages. ManifestError lists what is wrong."""
    name = shown_path(path)
    problems: list[Diagnostic] = []
    documents = load_file(path, name, problems)
    if not problems and len(documents) != 1:
        problems.append(Diagnostic(f"{name} holds {len(documents)} documents, not one"))
    if problems:
        raise ManifestError([replace(one, hint=one.hint or advice) for one in problems])
    (document,) = documents
    try:
        return codec.decode(document.data), document
    except CodecError as error:
        place = tuple(map(str, error.place))
        where = "/".join(place) or what
        problem = Diagnostic(f"{where} {error.problem}", document.at(place), advice)
        raise ManifestError([problem]) from error
