"""The identity of a server: the same for every spelling of its URL. Pure.

An embedded server's identity is the UUID in its file. A real server's identity consists of its
hosts, since Configuration Server has no name of its own, and a digest of its tenants.
"""

import re

REAL = "confserv:"
_DEFAULT_PORT = "2020"
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::0*([0-9]+))?")


def real_identity(host_list: str, tenants_digest: str) -> str:
    """The identity of a real server. ``host_list``: ``HOST[:PORT][,HOST2[:PORT]]``."""
    return canonical(f"{REAL}{host_list}#{tenants_digest}")


def canonical(identity: str) -> str:
    """The identity with its hosts in lower case, in order and with their ports. Runs of earlier
    versions have the hosts as the URL spelt them."""
    if not identity.startswith(REAL):
        return identity
    host_list, mark, digest = identity.removeprefix(REAL).partition("#")
    hosts = sorted({_spelt(host) for host in host_list.split(",")})
    return f"{REAL}{','.join(hosts)}{mark}{digest}"


def same_server(one: str, other: str) -> bool:
    """Whether two identities belong to the same server."""
    return canonical(one) == canonical(other)


def is_at(identity: str, known: str) -> bool:
    """Whether an identity matches ``known``: the whole identity of an embedded server, or the hosts
    of a real server, however they are spelt."""
    return canonical(identity).partition("#")[0] == canonical(known)


def _spelt(host: str) -> str:
    found = _HOST.fullmatch(host.strip())
    return f"{found[1].lower()}:{found[2] or _DEFAULT_PORT}" if found else host
