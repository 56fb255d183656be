"""Baseline files: read with the position of each entry, and written for a review in git."""

from pathlib import Path

from msgspec.structs import replace

from reconciler.errors import UsageError
from reconciler.files.reading import shown_path
from reconciler.files.writing import replace_file
from reconciler.plan.ownership.baseline import BASELINE, KIND, Baseline
from reconciler.text.yaml import yaml_text
from reconciler.yaml.record import read_record

_HEAD = "# What gwe drift --baseline accepts. Made by gwe drift --write-baseline.\n"
_ADVICE = "A baseline is made by gwe drift --write-baseline FILE --reason TEXT."


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file. ManifestError lists what is wrong with the file."""
    baseline, document = read_record(path, BASELINE, "the baseline", _ADVICE)
    entries = [
        replace(entry, position=document.at(("accepted", str(number))))
        for number, entry in enumerate(baseline.accepted)
    ]
    return replace(baseline, accepted=tuple(entries), name=shown_path(path))


def save_baseline(baseline: Baseline, path: Path) -> None:
    """Writes a baseline: a new file, or in place of an older baseline. UsageError if there
    is anything else at the path, ReconcilerError if it cannot be written."""
    if shown_path(path) != str(path):
        raise UsageError("a baseline cannot be written to a stream", "Name a file.")
    text = _HEAD + yaml_text(BASELINE.encode(baseline))
    replace_file(path, text.encode(), _is_baseline, "baseline")


def _is_baseline(beginning: bytes) -> bool:
    return f"\nkind: {KIND}\n".encode() in beginning
