"""Check results of ``gwe doctor`` on a terminal, each printed as soon as it is known."""

from collections.abc import Iterable, Iterator

from reconciler.render.console import emit, make_console, styled
from reconciler.render.wrapping import wrapped
from reconciler.server.checks import CheckResult

_STYLES = {"ok": "green", "note": "yellow", "failed": "bold red"}
_INDENT = 22


def print_check_results(results: Iterable[CheckResult], *, no_color: bool) -> Iterator[CheckResult]:
    """Prints the results, and yields them."""
    console = make_console(no_color=no_color)
    width = max(console.width - _INDENT, _INDENT)
    for result in results:
        first, *rest = wrapped(result.found, width)
        if result.next_step:
            rest += wrapped(f"-> {result.next_step}", width, 0, 3)
        state = (f"{result.state:<8}", _STYLES[result.state])
        emit(console, styled(state, f"{result.what:<14}{first}"))
        for text in rest:
            emit(console, styled(" " * _INDENT + text))
        yield result
