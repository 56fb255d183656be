"""The JSON Schema of ``gwe.toml``.

Draft-07, like the schema of the manifests. ``$comment`` of a sub-schema completes the
sentence "NAME must be …" in our messages.
"""

from typing import Any

from reconciler.kinds.schema.manifests import DRAFT

_TEXT = {"pattern": r"^[^\x00-\x1f\x7f]*$(?!\n)"}
PATHS_OF_CONNECTION = frozenset({"psdk", "ca-file", "trust-store", "certificate", "key"})
"""The settings under ``connection`` that are paths, relative to the file."""

_NOT_BLANK = {"pattern": r"\S", "$comment": "a string that is not blank"}


def settings_schema() -> dict[str, Any]:
    """The schema of ``gwe.toml``, read as JSON types."""
    settings = {
        "server": _string("URL of the server, such as embedded:gwe.db or confservs://HOST."),
        "app": _string("The Web Engagement Server's application."),
        "tenant": _string("The site's tenant, where the application serves several."),
        "cluster": _string("The site's cluster, where the application connects to several."),
        "state": _string(
            "Where runs are stored: a folder relative to this file, or postgresql://HOST/DATABASE."
        ),
        "state_dir": _string("Folder in which runs are stored, relative to this file."),
        "install_dir": _string(
            "Installation folder with the launch files, and perhaps the SDK's jars, relative to"
            " this file."
        ),
        "file": _list(
            "a list of paths",
            "Manifest files and folders, relative to this file.",
            _string("A file or folder; bundled: the manifests that come with gwe."),
        ),
        "max_file_mib": _integer(
            "How large a file of manifests may be, in MiB; default: 10.", 1, 1024
        ),
        "name": _string("Name of this set of manifests: what it creates is in its own inventory."),
        "vars": {
            **_table("Values for the variables that the manifests declare.", {}),
            "$comment": "a table of strings",
            "additionalProperties": _value("string", "a string", "The variable's value."),
        },
        "guards": _table(
            "How much a plan may replace or delete.",
            {
                "percent": _integer(
                    "Percentage of the existing managed objects; default: 30.", 0, 100
                ),
                "at_least": _count(
                    "How many managed objects must exist for percent to apply; default: 10."
                ),
                "count": _count("Number of objects, also with --overwrite; default: no limit."),
            },
        ),
        "secrets": _secrets(),
        "connection": _connection(),
    }
    profiles = {
        **_table("Other environments, by name; --profile chooses one.", {}),
        "$comment": "a table of tables",
        "additionalProperties": _table("Settings that override those outside.", settings),
    }
    return {
        "$schema": DRAFT,
        "title": "Settings of the Web Engagement reconciler (gwe.toml)",
        **_table(
            "What gwe reads in the folder where it runs, or above it.",
            {**settings, "profiles": profiles},
        ),
    }


def _secrets() -> dict[str, Any]:
    """Which option names mark secrets."""
    return _table(
        "Which values are never shown.",
        {
            "words": _list(
                "a list of words",
                "More words: an option is a secret if its name contains one of them.",
                {**_string("A whole word, in any case."), **_NOT_BLANK},
            ),
            "except": _list(
                "a list of names",
                "Options that are not secret although their names contain such a word.",
                {**_string("The whole name of an option, in any case."), **_NOT_BLANK},
            ),
        },
    )


def _connection() -> dict[str, Any]:
    """The options of a connection. Passwords have no place in the file."""
    return _table(
        "How to reach a real Configuration Server.",
        {
            "psdk": _string(
                "Folder with the jars of the Platform SDK; default: they are looked for in"
                " install_dir."
            ),
            "client": _string("Client application to log in as; default: default."),
            "client-type": _string(
                "Type of the client application, by name or number; default: SCE."
            ),
            "ca-file": _string("Certificates to trust (PEM)."),
            "trust-store": _string("Java trust store with the certificates to trust."),
            "certificate": _string("The client's own certificate (PEM)."),
            "key": _string("The private key of the certificate (PEM, PKCS #8)."),
            "encoding": _string("Code page of a server that is not multilingual."),
            "addp": _flag("Whether lost connections are detected; default: true."),
            "tls-upgrade": _flag("Whether TLS must start on the plain port; default: false."),
            "addp-timeout": _integer(
                "Seconds of silence that the client tolerates; default: 10.", 1, 86_400
            ),
            "addp-remote-timeout": _integer(
                "Seconds of silence that the server tolerates; default: 20.", 1, 86_400
            ),
            "in-flight": _integer(
                "How many requests, and independent actions of an apply, may be in flight at once;"
                " default: 8.",
                1,
                256,
            ),
            "connect-timeout": _value(
                "number",
                "a number greater than 0 and at most 86400",
                "Seconds that connecting to one host may take; default: 10.",
                exclusiveMinimum=0,
                maximum=86_400,
            ),
        },
    )


def _table(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    closed = {"properties": properties, "additionalProperties": False}
    return _value("object", "a table", description, **closed)


def _string(description: str) -> dict[str, Any]:
    return _value("string", "a string", description, **_TEXT)


def _flag(description: str) -> dict[str, Any]:
    return _value("boolean", "true or false", description)


def _count(description: str) -> dict[str, Any]:
    return _value("integer", "an integer, 0 or more", description, minimum=0)


def _integer(description: str, low: int, high: int) -> dict[str, Any]:
    expected = f"an integer from {low} to {high}"
    return _value("integer", expected, description, minimum=low, maximum=high)


def _list(expected: str, description: str, item: dict[str, Any]) -> dict[str, Any]:
    return _value("array", expected, description, items=item)


def _value(kind: str, expected: str, description: str, **limits: Any) -> dict[str, Any]:
    return {"type": kind, "description": description, "$comment": expected, **limits}
