"""What an export left out, and what its manifests need, as lines for people. Pure."""

from collections.abc import Iterable, Iterator

from reconciler.export.model import Omission, SecretVariable
from reconciler.kinds.manifests import TYPED_KINDS

_MANY = 3
"""How many objects of a kind are listed one by one if the same is left out of each."""


def omission_lines(omissions: Iterable[Omission]) -> Iterator[str]:
    """A line for each omission; if it is the same in many objects of a kind, a single line for all
    of them."""
    alike: dict[tuple[str, tuple[str, ...], str], list[Omission]] = {}
    for one in omissions:
        key = (_kind(one.address), one.path, one.reason)
        alike.setdefault(key, []).append(one)
    for (kind, _, _), found in alike.items():
        if len(found) > _MANY:
            yield _line(f"{len(found)} objects of kind {kind}", found[0])
        else:
            yield from (_line(one.address, one) for one in found)


def _kind(address: str) -> str:
    """The kind in an address, with the object type if manifests of the kind name a type."""
    first, second, *_ = address.split("/")
    return f"{first}/{second}" if first.rpartition(":")[2] in TYPED_KINDS else first


def _line(what: str, one: Omission) -> str:
    field = f", {'/'.join(one.path)}" if one.path else ""
    return f"{what}{field}: {one.reason}"


def secret_lines(secrets: Iterable[SecretVariable]) -> Iterator[str]:
    """One line for each environment variable."""
    for one in secrets:
        yield f"{one.name}: {'/'.join(one.path)} of {one.address}"
