"""Reads the permissions that are set on objects: one request an object, several in flight."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from reconciler.server.errors import NoPermissionError, ObjectNotFoundError
from reconciler.server.port import AccessEntry, Reader, in_flight

_AHEAD = 2
"""How many requests wait or are in flight for each that may be in flight, so that no connection
idles."""


def read_permissions(
    server: Reader, objects: Iterable[tuple[str, int]]
) -> Iterator[Sequence[AccessEntry] | None]:
    """The permissions set on each object (type, DBID), in their order: empty if it inherits them or
    was deleted since it was read; None if the account may not read them. Takes objects from the
    iterable only as they are needed."""

    def entries(one: tuple[str, int]) -> Sequence[AccessEntry] | None:
        try:
            return server.permissions(*one)
        except NoPermissionError:
            return None
        except ObjectNotFoundError:
            return ()

    many = in_flight(server)
    if many == 1:
        yield from map(entries, objects)
        return
    with ThreadPoolExecutor(many, "gwe-read") as pool:
        asked: deque[Future[Sequence[AccessEntry] | None]] = deque()
        for one in objects:
            asked.append(pool.submit(entries, one))
            if len(asked) > many * _AHEAD:
                yield asked.popleft().result()
        while asked:
            yield asked.popleft().result()
