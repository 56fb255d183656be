"""Reads the permissions that are set on objects: one request an object, several in flight."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from reconciler.server.errors import NoPermissionError, ObjectNotFoundError
from reconciler.server.port import AccessEntry, ConfObject, Reader, in_flight


def read_permissions(
    server: Reader, objects: Sequence[ConfObject]
) -> Iterator[tuple[ConfObject, Sequence[AccessEntry] | None]]:
    """Each object with the permissions set on it, in their order: none where it inherits them, or
    has been deleted since it was read; None where the account may not read them."""

    def entries(one: ConfObject) -> Sequence[AccessEntry] | None:
        try:
            return server.permissions(one.type, one.dbid)
        except NoPermissionError:
            return None
        except ObjectNotFoundError:
            return ()

    many = in_flight(server)
    if many == 1 or len(objects) < 2:
        yield from ((one, entries(one)) for one in objects)
        return
    with ThreadPoolExecutor(many, "gwe-read") as pool:
        yield from zip(objects, pool.map(entries, objects), strict=True)
