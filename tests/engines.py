"""The two engines of the state, for tests that run on both: a state folder and PostgreSQL."""

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.conftest import examples
from tests.postgres import available

# The server is a process, which nothing shows where a fixture asks for it by its name.
POSTGRES = pytest.param("postgres", marks=pytest.mark.process)
ENGINES = ("sqlite", *((POSTGRES,) if available() else ()))


def on_both_engines(
    names: str = "",
    cases: Iterable[tuple[Any, ...]] = ((),),
    ids: Callable[..., str] = lambda *values: "-".join(map(str, values)),
) -> pytest.MarkDecorator:
    """Runs a test that uses the fixture ``engine`` with all these cases on SQLite. On
    PostgreSQL, where commands take longer, it runs with a sixth of them, drawn once, and
    with all in `make explore`. ``names`` and ``cases``: as ``parametrize`` takes them."""
    found = list(cases)
    chosen = {"sqlite": found}
    if available():
        count = max(examples(len(found), share=6), 1)
        draw = random.Random(names)  # noqa: S311 - no secret
        chosen["postgres"] = [found[n] for n in sorted(draw.sample(range(len(found)), count))]
    return pytest.mark.parametrize(
        f"{names},engine",
        [
            pytest.param(
                *(*case, engine),
                id="-".join(part for part in (ids(*case), engine) if part),
                marks=[pytest.mark.process] if engine == "postgres" else [],
            )
            for engine, drawn in chosen.items()
            for case in drawn
        ],
        indirect=["engine"],
    )
