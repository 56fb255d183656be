"""Environment variables: which hold credentials of gwe itself, and which manifests may read.

A manifest may be a proposal that nobody has reviewed yet, whose plan is posted as a comment. So no
manifest can read gwe's own credentials; ``GWE_ENV_ALLOW`` can limit the other variables too.
"""

import re
from collections.abc import Mapping

from reconciler.errors import ReconcilerError
from reconciler.text.wildcards import matches

PASSWORD = "GWE_PASSWORD"  # noqa: S105 - the name of a variable, as are the next
TRUST_STORE_PASSWORD = "GWE_TRUST_STORE_PASSWORD"  # noqa: S105
PLAN_KEY = "GWE_PLAN_KEY"
STATE = "GWE_STATE"
POSTGRES_PASSWORD = "PGPASSWORD"  # noqa: S105

CREDENTIALS = frozenset({PASSWORD, TRUST_STORE_PASSWORD, PLAN_KEY, STATE, POSTGRES_PASSWORD})
"""The variables that gwe takes credentials from. The URL of the state may have a password."""

ALLOWED = "GWE_ENV_ALLOW"
"""Names and patterns, separated by commas: if it is set, manifests may read only these
variables."""

SET_IT = "Set it in the environment of this command."
"""What to do about a variable that a manifest names, if its error has no other advice."""

_NAME = re.compile(r"[^\W\d]\w*", re.ASCII)


def check_readable(name: str, environment: Mapping[str, str]) -> None:
    """ReconcilerError if manifests may not read a variable."""
    if name.upper() in CREDENTIALS:
        raise ReconcilerError(
            f"a manifest cannot read {name}: gwe takes a credential of its own from it",
            "Give the manifest's value a variable of its own.",
        )
    allowed = environment.get(ALLOWED)
    if allowed is not None and not matches(name, (each.strip() for each in allowed.split(","))):
        raise ReconcilerError(
            f"a manifest cannot read the environment variable {name}: {ALLOWED} does not list it",
            f"{ALLOWED} lists names and patterns, with commas.",
        )


def variable(name: str, environment: Mapping[str, str]) -> str:
    """The value of a variable that a manifest names. ReconcilerError if manifests may not read it,
    or it is not set."""
    check_readable(name, environment)
    if name not in environment:
        raise ReconcilerError(f"the environment variable {name} is not set")
    return environment[name]


def secret_variable(source: str, environment: Mapping[str, str]) -> str:
    """The name of the variable of a secret whose source is ``env.NAME``; it need not be set.
    ReconcilerError for another source, or if manifests may not read it. No message repeats a source
    that is not the name of a variable: it may be the secret."""
    name = source.removeprefix("env.")
    if name == source or not _NAME.fullmatch(name):
        raise ReconcilerError(
            "a secret must come from env.NAME",
            "NAME is an environment variable; the value itself has no place in a manifest.",
        )
    check_readable(name, environment)
    return name


def secret_value(source: str, environment: Mapping[str, str]) -> str:
    """The value of a secret whose source is ``env.NAME``. ReconcilerError: see ``secret_variable``;
    also if the variable is not set, empty or no text."""
    name = secret_variable(source, environment)
    value = variable(name, environment)
    if not value.strip():
        raise ReconcilerError(
            f"the environment variable {name} is empty",
            "Set it to the secret. To take the secret away: {secret: true, absent: true}.",
        )
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ReconcilerError(f"the environment variable {name} is not valid text")
    return value
