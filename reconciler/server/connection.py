"""What is needed to open a session: the account, and how to reach a real server. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.errors import UsageError
from reconciler.kinds.enums import APPLICATION_TYPE, number_of


class Credentials(Struct, frozen=True):
    """The account that logs in. Without a user, the session has no account. The password is never
    shown."""

    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r})"


class ConnectionOptions(Struct, frozen=True):
    """How to reach a Configuration Server. Times are in seconds. To an embedded server only
    ``timeout``, ``in_flight`` and ``install_dir`` matter.

    ``timeout``: how long one call may take.
    ``install_dir``: the Web Engagement installation, with the launch files.
    ``psdk``: where the SDK's jars are; empty: they are looked for in ``install_dir``.
    ``client``, ``client_type``: the client application that the session registers as.
    ``ca_file`` (PEM) or ``trust_store`` (Java, with its password): the trusted certificates;
    without both, those that Java trusts. ``certificate``, ``key`` (PEM): the client's own.
    ``tls_upgrade``: TLS must start on a plain port; without TLS, no session is opened.
    ``encoding``: the code page of a server that is not multilingual. ``addp``: keep-alive, with the
    silence that the client and the server tolerate. ``in_flight``: how many requests may await an
    answer at once, and so how many actions of a plan an apply writes at once.
    """

    timeout: float = 30.0
    psdk: str = ""
    install_dir: str = ""
    client: str = "default"
    client_type: str = "SCE"
    ca_file: str = ""
    trust_store: str = ""
    trust_store_password: str = ""
    certificate: str = ""
    key: str = ""
    tls_upgrade: bool = False
    encoding: str = ""
    addp: bool = True
    addp_timeout: int = 10
    addp_remote_timeout: int = 20
    in_flight: int = 8
    connect_timeout: float = 10.0

    @property
    def client_type_number(self) -> int:
        """The application type, or UsageError."""
        found = number_of(APPLICATION_TYPE, self.client_type)
        if found is None:
            raise UsageError(
                f"{self.client_type!r} is not an application type",
                "Use its name, such as SCE or GenericClient, or its number.",
            )
        return found

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown["trust_store_password"] = "(secret)" if self.trust_store_password else ""
        values = ", ".join(f"{name}={value!r}" for name, value in shown.items())
        return f"ConnectionOptions({values})"


def options_from(*sources: Mapping[str, object]) -> ConnectionOptions:
    """Options by name from several sources; an earlier source wins. None and an empty text
    count as not given."""
    chosen: dict[str, object] = {}
    for name in ConnectionOptions.__struct_fields__:
        for source in sources:
            if source.get(name) not in (None, ""):
                chosen[name] = source[name]
                break
    return ConnectionOptions(**chosen)  # type: ignore[arg-type]
