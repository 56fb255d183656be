"""Addresses: the names of objects and actions on the command line and in plans."""


def quoted(name: str) -> str:
    """A name, escaped to be one part of an address."""
    return name.replace("%", "%25").replace("/", "%2F")


def application_address(name: str) -> str:
    """The address of an application."""
    return f"Application/{quoted(name)}"
