"""``webengagement_provisioning``, and ``python -m reconciler.cli.drop_in``: takes the place of the
vendor's tool of that name. The entry point; ``provisioning`` does the work."""

from reconciler.__main__ import start


def run() -> None:
    """The console script. Imports as little as possible, so that Ctrl-C works at once."""
    start(_main)


def _main() -> int:
    from reconciler.cli.drop_in.provisioning import main  # noqa: PLC0415 - see above

    return main()
