"""Check results of ``gwe doctor`` on a terminal, each printed as soon as it is there."""

from collections.abc import Iterable
from textwrap import wrap

from rich.text import Text

from reconciler.render.console import clean, make_console
from reconciler.server.checks import CheckResult

_STYLES = {"ok": "green", "note": "yellow", "failed": "bold red"}
_INDENT = 22


def print_check_results(results: Iterable[CheckResult], *, no_color: bool) -> bool:
    """Prints the results; whether a check failed."""
    console = make_console(no_color=no_color)
    width = max(console.width - _INDENT, _INDENT)
    failed = False
    for result in results:
        failed = failed or result.state == "failed"
        lines = wrap(clean(result.found), width)
        if result.next_step:
            lines += wrap(f"-> {clean(result.next_step)}", width, subsequent_indent="   ")
        line = Text(f"{result.state:<8}", style=_STYLES[result.state])
        line.append(f"{result.what:<14}", style="not bold default")
        line.append(f"\n{' ' * _INDENT}".join(lines), style="not bold default")
        console.print(line, soft_wrap=True)
    return failed
