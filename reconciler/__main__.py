"""``python -m reconciler`` is ``gwe``."""

from reconciler.cli.main import run

if __name__ == "__main__":
    run()
