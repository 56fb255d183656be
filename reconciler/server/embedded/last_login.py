"""When people last logged in, as objects that clients read and only the server writes.

Off unless the application ``confserv`` has the option ``last-login = true`` in its section
``system``.
"""

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.embedded.engine import SERVER_DBID, Engine
from reconciler.server.encoding import decode

_KIND = OBJECT_TYPES["PersonLastLogin"]


def are_noted(engine: Engine) -> bool:
    """Whether the server records log-ins. Runs inside a transaction."""
    own = engine.store.row("Application", SERVER_DBID)
    options = decode(own[3]).get("options", {}) if own else {}
    return bool(options.get("system", {}).get("last-login") == "true")


def note(engine: Engine, person: int, application: int, host: str, now: int) -> None:
    """Records that a person has logged in. ``application``: the DBID of the client application;
    ``host``: where it runs; ``now``: seconds since 1970. Runs inside a transaction."""
    values = {
        "personDBID": person,
        "lastLoginTime": now,
        "applicationDBID": application,
        "hostName": host,
    }
    engine.write(_KIND, person, values, 0, new=engine.store.row(_KIND.name, person) is None)
