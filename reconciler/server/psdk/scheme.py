"""The adapter for ``confserv://`` and ``confservs://``, which ``server.connect`` lists."""

import threading
from collections.abc import Iterator

from reconciler.server.adapter import Adapter
from reconciler.server.checks import CheckResult
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.identity import REAL
from reconciler.server.port import Server
from reconciler.server.psdk import jars, jvm
from reconciler.server.psdk.address import URL_FORMS, parse_url

_starting = threading.Lock()


def _open(url: str, credentials: Credentials, options: ConnectionOptions) -> Server:
    """A session through the vendor's SDK. Checks what was given before Java starts."""
    from reconciler.server.psdk.adapter import PsdkServer  # noqa: PLC0415 - Java starts meanwhile

    parsed, _ = parse_url(url), options.client_type_number
    return PsdkServer(
        _start_sdk(options),
        parsed,
        options,
        user=credentials.user,
        password=credentials.password,
    )


def _start_sdk(options: ConnectionOptions) -> jvm.Sdk:
    # The first caller examines the jars and starts Java; a second caller waits for that.
    with _starting:
        found = jars.find_jars(jars.folder_of(options.psdk, options.install_dir)).check()
        return jvm.start(found.class_path)


def _prepare(options: ConnectionOptions) -> None:
    _start_sdk(options).prepare()


def _address(url: str) -> tuple[str, str]:
    host, _, port = str(parse_url(url).hosts[0]).rpartition(":")
    return host, port


def _identity(url: str) -> str:
    return f"{REAL}{parse_url(url).host_list}"


def _check_access(url: str, options: ConnectionOptions) -> Iterator[CheckResult]:
    from reconciler.server.psdk.checks import check_access  # noqa: PLC0415 - for doctor only

    yield from check_access(parse_url(url), options)


ADAPTER = Adapter(
    url_forms=URL_FORMS,
    open=_open,
    is_real=True,
    address=_address,
    identity=_identity,
    prepare=_prepare,
    check_access=_check_access,
)
