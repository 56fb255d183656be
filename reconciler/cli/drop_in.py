"""``webengagement_provisioning``, and ``python -m reconciler.cli.drop_in``: the entry point of
the drop-in. ``provisioning`` does the work."""

from reconciler.__main__ import start


def run() -> None:
    """The console script. Imports as little as possible, so that Ctrl-C works at once."""
    start(_main)


def _main() -> int:
    from reconciler.cli.provisioning import main  # noqa: PLC0415 - see above

    return main()


if __name__ == "__main__":
    run()
