"""Addresses: the names of objects and actions on the command line and in plans."""


def quoted(name: str) -> str:
    """A name, escaped to be one part of an address."""
    return name.replace("%", "%25").replace("/", "%2F")


def object_address(kind: str, name: str, owner: str = "", tenant: str = "") -> str:
    """The address of an object. ``owner``: the Business Attribute of a value; ``tenant``: the
    name of its tenant, unless that is the site's."""
    address = "/".join((kind, *(quoted(part) for part in (owner, name) if part)))
    return f"{tenant}:{address}" if tenant else address


def application_address(name: str) -> str:
    """The address of an application."""
    return f"Application/{quoted(name)}"
