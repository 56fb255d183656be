"""Check results of ``gwe doctor`` on a terminal, each printed as soon as it is known."""

from collections.abc import Iterable, Iterator

from reconciler.render.console import emit, make_console, styled, width_of
from reconciler.render.wrapping import wrapped
from reconciler.server.checks import CheckResult

_STYLES = {"ok": "green", "note": "yellow", "failed": "bold red"}
_INDENT = 22
_NARROW, _NARROW_INDENT = 60, 4
"""On a terminal with fewer columns, what was found stands below the check, with this indent."""


def print_check_results(results: Iterable[CheckResult], *, no_color: bool) -> Iterator[CheckResult]:
    """Prints the results, and yields them."""
    console = make_console(no_color=no_color)
    narrow = console.width < _NARROW
    indent = _NARROW_INDENT if narrow else _INDENT
    width = width_of(console) - indent
    for result in results:
        texts = [*wrapped(result.found, width)]
        if result.next_step:
            texts += wrapped(f"-> {result.next_step}", width, 0, 3)
        first = "" if narrow else texts.pop(0)
        state = (f"{result.state:<8}", _STYLES[result.state])
        emit(console, styled(state, f"{result.what:<14}{first}".rstrip()))
        for text in texts:
            emit(console, styled(" " * indent + text))
        yield result
