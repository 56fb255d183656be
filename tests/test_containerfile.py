"""The container image: built where that is possible, and read everywhere."""

import re
import tomllib
import uuid
from collections.abc import Iterator

import pytest

from tests.containers import BASE, build, builder, remove, run
from tests.pages import ROOT

TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
OF_A_SITE = (ROOT / "recipes" / "Containerfile").read_text(encoding="utf-8")
INSTRUCTIONS = {"FROM", "ARG", "RUN", "COPY", "USER", "WORKDIR", "CMD", "ENV"}


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions, each with its arguments on one line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in found]


@pytest.mark.parametrize("text", [TEXT, OF_A_SITE])
def test_every_line_is_an_instruction_and_the_first_names_an_image(text: str) -> None:
    found = instructions(text)
    assert {name for name, _ in found} <= INSTRUCTIONS
    assert found[0][0] == "FROM"


def test_the_image_begins_with_slim_python_and_does_not_run_as_root() -> None:
    found = instructions(TEXT)
    assert [rest.split()[0] for name, rest in found if name == "FROM"] == [BASE, BASE]
    assert [rest for name, rest in found if name == "USER"] == ["10001"]
    after = found[found.index(("USER", "10001")) :]
    assert {name for name, _ in after} == {"USER", "WORKDIR", "CMD"}
    assert any("useradd --uid 10001" in rest for name, rest in found if name == "RUN")


def test_java_comes_by_a_build_argument_and_no_jar_comes_at_all() -> None:
    found = instructions(TEXT)
    assert ("ARG", 'JAVA=""') in found
    (packages,) = [rest for name, rest in found if "apt-get install" in rest]
    assert "--no-install-recommends curl $JAVA" in packages
    copied = {part for name, rest in found if name == "COPY" for part in rest.split()[:-1]}
    assert copied == {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "manifests",
        "schemas",
        "reconciler",
        "man",
        "scripts/readme_hook.py",
    }
    assert not re.search(r"\bjar\b", "".join(rest for _, rest in found))


def test_what_is_copied_is_all_that_the_wheel_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], *wheel["shared-data"]}
    needed |= {project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["path"], "README.md"}
    copied = {part for name, rest in instructions(TEXT) if name == "COPY" for part in rest.split()}
    assert needed | {*project["project"]["license-files"]} <= copied


@pytest.fixture
def image() -> Iterator[str]:
    """The image, built anew."""
    if not builder():
        pytest.skip("no image can be built here: said in the summary")
    name = f"gwe-test-{uuid.uuid4().hex[:12]}"
    build(ROOT, name)
    yield name
    remove(name)


def test_the_built_image_plans_and_is_not_root(image: str) -> None:
    script = "id -u; cd /tmp && gwe embedded init g.db && gwe plan -f bundled -q --server"
    script += " embedded:g.db --app Web_Engagement_Server && curl --version >/dev/null"
    done = run(image, script)
    assert done.stdout.splitlines() == [
        "10001",
        "Created g.db with 108 objects.",
        "Plan: 31 to create, 5 to update, 0 to replace, 0 to delete.",
    ], done.stderr
