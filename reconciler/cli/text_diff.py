"""Shows the changes in the text of a manifest, without its secrets."""

import difflib

from reconciler.kinds.secret_names import SecretNames
from reconciler.manifest.formatting.masking import masked
from reconciler.render.console import say
from reconciler.text.visible import escaped


def say_diff(name: str, old: str, new: str, names: SecretNames) -> None:
    """Prints a unified diff of two texts of the file ``name``, which are both strict YAML."""
    before, after = (masked(text, names).splitlines() for text in (old, new))
    for line in difflib.unified_diff(before, after, name, name, lineterm=""):
        say(escaped(line))
    say()
