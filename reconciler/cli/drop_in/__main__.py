"""``python -m reconciler.cli.drop_in``, which the installed scripts call."""

from reconciler.cli.drop_in import run

if __name__ == "__main__":
    run()
