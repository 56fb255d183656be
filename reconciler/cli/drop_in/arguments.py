"""Parses the command line of the vendor's Provisioning Tool.

Pure. Messages never repeat an argument: it may be a password in an unexpected place.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.errors import UsageError
from reconciler.server.connect import find_adapter

USAGE = """\
Usage: webengagement_provisioning -host HOST -port PORT [-user USER]
           [-password PASSWORD] -app APPLICATION [-overwrite]

  -host       Configuration Server: host name or IP address; or, without -port,
              a server URL: embedded:PATH, confserv://HOST:PORT
  -port       its port
  -user       user name (or GWE_USER)
  -password   password; better in GWE_PASSWORD, or in the file that
              GWE_PASSWORD_FILE names
  -app        application of the Web Engagement Server
  -overwrite  delete existing Web Engagement objects and create them again;
              manual changes to them are lost
  -h, -help   show this text

Without a user, the tool registers as the application, and GWE_CLIENT_TYPE must
name its type. GWE_TENANT selects one of several tenants. All other settings are
in gwe.toml beside the script.
"""

_WITH_VALUE = ("-host", "-port", "-user", "-password", "-app")
_HELP = ("-h", "-help", "--help")
_FLAGS = (*_WITH_VALUE, "-overwrite", *_HELP)
_HOST = re.compile(r"[^\s:/,@\[\]]+|\[[0-9A-Fa-f:.]+\]")
_PORT = re.compile(r"[0-9]{1,5}")
_IPV6 = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")


class ArgumentsError(UsageError):
    """The flags are wrong. The usage is printed with the message."""


@dataclass(frozen=True)
class Arguments:
    """The values of the flags; empty: not given. ``help``: only the usage was asked for."""

    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    app: str = ""
    overwrite: bool = False
    help: bool = False

    @property
    def server(self) -> str:
        """The URL of the server that ``-host`` and ``-port`` name."""
        if _is_url(self.host):
            return self.host
        host = f"[{self.host}]" if _IPV6.fullmatch(self.host) else self.host
        return f"confserv://{host}:{self.port}"


def parse(given: Sequence[str]) -> Arguments:
    """The arguments of a command line, or ArgumentsError."""
    found: dict[str, str] = {}
    overwrite = False
    position = 0
    while position < len(given):
        flag = given[position]
        position += 1
        if flag in _HELP:
            return Arguments(help=True)
        if flag not in _FLAGS:
            raise _unknown(flag, position)
        if flag in found or (flag == "-overwrite" and overwrite):
            raise ArgumentsError(f"{flag} is given twice")
        if flag == "-overwrite":
            overwrite = True
            continue
        if position == len(given) or given[position] in _FLAGS:
            raise ArgumentsError(f"{flag} needs a value")
        found[flag] = given[position]
        position += 1
    arguments = Arguments(
        host=found.get("-host", ""),
        port=found.get("-port", ""),
        user=found.get("-user", ""),
        password=found.get("-password", ""),
        app=found.get("-app", ""),
        overwrite=overwrite,
    )
    _check(arguments)
    return arguments


def _unknown(text: str, position: int) -> ArgumentsError:
    """The error about an unknown argument, which is named by its position."""
    if not text.startswith("-"):
        return ArgumentsError(
            f"argument {position} does not belong to a flag",
            "Put a value with spaces in quotes.",
        )
    word = "-" + re.split(r"[=:]", text)[0].lstrip("-").lower()
    close = difflib.get_close_matches(word, (*_WITH_VALUE, "-overwrite"), n=1, cutoff=0.7)
    hint = f"Did you mean {close[0]}? " if close else ""
    if "=" in text or ":" in text:
        hint += "Write a value after its flag, separated by a space."
    return ArgumentsError(f"argument {position} is not a flag of this tool", hint.rstrip())


def _check(given: Arguments) -> None:
    url = _is_url(given.host)
    absent = {
        "-host": not given.host,
        "-port": not given.port and not url,
        "-app": not given.app,
    }
    missing = [flag for flag, is_absent in absent.items() if is_absent]
    if missing:
        raise ArgumentsError(f"missing: {', '.join(missing)}")
    if given.port and not (_PORT.fullmatch(given.port) and 0 < int(given.port) < 2**16):
        raise ArgumentsError("-port needs a number from 1 to 65535")
    adapter = find_adapter(given.host)
    if given.port and url and (adapter is None or adapter.is_real):
        raise ArgumentsError("-port cannot be used with a server URL, which names the port itself")
    if not url and not _HOST.fullmatch(given.host) and not _IPV6.fullmatch(given.host):
        raise ArgumentsError(
            "-host needs one host name, IP address or server URL",
            "Write several hosts as confserv://HOST:PORT,HOST2:PORT.",
        )


def _is_url(host: str) -> bool:
    adapter = find_adapter(host)
    return "://" in host or (adapter is not None and not adapter.is_real)
