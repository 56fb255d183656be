"""Finds the password of an account: in a file, the environment or the system's keyring, or by
asking at the terminal, in this order. No password is ever shown.
"""

import os
import sys
from pathlib import Path

import click
from msgspec import Struct

from reconciler.cli.flags import origin_of
from reconciler.cli.terminal import in_ci
from reconciler.diagnostics import Diagnostic
from reconciler.environment import PASSWORD
from reconciler.errors import ReconcilerError
from reconciler.files.reading import read_text
from reconciler.server.connection import Credentials
from reconciler.text.visible import escaped

MAX_BYTES = 64 * 1024
"""The largest size of a password file."""

SERVICE = "gwe-reconciler"
"""The service name of passwords in the keyring; the account is USER@URL or USER."""


def find_credentials(
    user: str, file: Path | None, url: str, *, may_ask: bool, option: str = "--password-file"
) -> Credentials:
    """The credentials of ``user`` at the server behind ``url``. ``file``: holds the password.
    ``may_ask``: a person at a terminal may be asked for it; ``option``: the option that names the
    file, for messages.

    ReconcilerError if the file cannot be read; click.Abort if the answer is Ctrl-C.
    """
    if file is not None:
        return Credentials(user, _read(file, option))
    if PASSWORD in os.environ:
        return Credentials(user, os.environ[PASSWORD])
    if not user:
        return Credentials()
    stored = _from_keyring(user, url)
    if stored is not None:
        return Credentials(user, stored)
    if may_ask and _can_ask():
        return Credentials(user, _ask(f"Password of {user} at {url}"))
    return Credentials(user)


class AccountOptions(Struct, frozen=True):
    """Which options give the account of a session: the user, the file with the password, and the
    option for another password."""

    user: str = "--user or GWE_USER"
    file: str = "--password-file or GWE_PASSWORD_FILE"
    another: str = "--password-file"


def origin_of_account(
    user: str, file: Path | None, url: str, options: AccountOptions, *, may_ask: bool
) -> str:
    """Where ``find_credentials`` found user and password for the same arguments, and how to give
    others."""
    named = f"The user is {user}" if user else "No user was named"
    another = f"{PASSWORD} or {options.another} gives another."
    if file is not None:
        password = f"The password is that in {file} ({options.file})."
    elif PASSWORD in os.environ:
        password = (
            f"The password is that in {PASSWORD}; {options.another} names a file with another."
        )
    elif user and _from_keyring(user, url) is not None:
        password = f"The password is that in the keyring; {another}"
    elif user and may_ask and _can_ask():
        password = f"The password was typed in; {another}"
    else:
        password = f"No password was found: set {PASSWORD}, or name a file with {options.another}."
    return f"{named} ({options.user}). {password}"


def _read(file: Path, option: str) -> str:
    text = read_text(file, MAX_BYTES)
    if isinstance(text, Diagnostic):
        raise ReconcilerError(f"{origin_of(option)} {file} {text.summary}", text.hint)
    return text.removesuffix("\n").removesuffix("\r")


def _from_keyring(user: str, url: str) -> str | None:
    """The password in the system's keyring; None if the keyring has none, is locked, is not
    installed or fails in any way: its backend is third-party code that may raise anything."""
    try:
        import keyring  # noqa: PLC0415 - an optional extra, and slow to import

        for name in (f"{user}@{url}", user):
            found: str | None = keyring.get_password(SERVICE, name)
            if found is not None:
                return found
    except Exception:  # noqa: BLE001 - see above; the next source is tried
        return None
    return None


def _can_ask() -> bool:
    """Whether somebody can see a question and answer it. Questions go to standard error, since
    standard output may go to a file."""
    streams = (sys.stdin, sys.stderr)
    return not in_ci() and all(one is not None and one.isatty() for one in streams)


def _ask(question: str) -> str:
    answer: str = click.prompt(
        escaped(question), default="", show_default=False, hide_input=True, err=True
    )
    return answer
