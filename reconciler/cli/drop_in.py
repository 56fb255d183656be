"""``webengagement_provisioning``, and ``python -m reconciler.cli.drop_in``: where the process
of the drop-in starts and ends. What it does is in ``provisioning``."""

from reconciler.__main__ import start


def run() -> None:
    """The console script. Imports the rest only later, so that Ctrl-C is answered early."""
    start(_main)


def _main() -> int:
    from reconciler.cli.provisioning import main  # noqa: PLC0415 - see above

    return main()


if __name__ == "__main__":
    run()
