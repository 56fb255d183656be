"""Addresses: the names of objects and actions on the command line and in plans."""

from collections.abc import Sequence

from reconciler.wildcards import literal, matches, plain


def quoted(name: str) -> str:
    """A name, escaped to be one part of an address, and to select no other name."""
    return literal(name.replace("%", "%25").replace("/", "%2F"))


def object_address(kind: str, *key: str, tenant: str = "") -> str:
    """The address of an object. ``key``: the parts of its natural key, which end in its name;
    ``tenant``: the name of its tenant, unless that is the site's."""
    address = "/".join((kind, *map(quoted, key)))
    return f"{tenant}:{address}" if tenant else address


def selects(patterns: Sequence[str], address: str) -> bool:
    """Whether one of the patterns selects an address; see ``wildcards.py``."""
    return bool(patterns) and matches(plain(address), patterns)


def application_address(name: str) -> str:
    """The address of an application."""
    return f"Application/{quoted(name)}"
