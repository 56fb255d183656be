"""Addresses: the names of objects and actions on the command line and in plans.

An address is printed, copied and typed. Characters that cannot be seen, such as a blank at the end
of a name, are percent-encoded (UTF-8), as in a URL.
"""

import re
from collections.abc import Sequence

from reconciler.text.visible import is_invisible
from reconciler.text.wildcards import literal, matches, plain

_PLAIN = re.compile(r"[\w.-]+", re.ASCII)
"""Matches nearly every name: nothing in it needs an escape."""
_ESCAPED = re.compile(r"[%/]|^ +| +$|[^ -~]")


def quoted(name: str) -> str:
    """A name, escaped so that it is one part of an address and selects no other name."""
    return name if _PLAIN.fullmatch(name) else literal(_ESCAPED.sub(_percent, name))


def _percent(found: re.Match[str]) -> str:
    text = found[0]
    if not text.isascii() and not is_invisible(text):
        return text
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def object_address(kind: str, *key: str, tenant: str = "") -> str:
    """The address of an object. ``key``: the parts of its natural key, which end in its name;
    ``tenant``: the name of its tenant, unless that is the site's."""
    address = "/".join((kind, *map(quoted, key)))
    return f"{tenant}:{address}" if tenant else address


def selects(patterns: Sequence[str], address: str) -> bool:
    """Whether one of the patterns selects an address; see ``text/wildcards.py``."""
    return bool(patterns) and matches(plain(address), patterns)


def application_address(name: str) -> str:
    """The address of an application."""
    return f"Application/{quoted(name)}"
