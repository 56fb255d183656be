"""Addresses: an address as printed selects that object and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.addresses import object_address, selects
from reconciler.text.visible import escaped
from reconciler.text.wildcards import literal, matches, plain
from tests.harness import BARE, find, gwe, plan_arguments, site_server

HEAD = "apiVersion: reconciler/v1\n"
NAMES = st.text(st.sampled_from("ab*?[]\\/%:! \n\x1b\xa0\u200b\udc80é"), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("pattern", "text", "selected"),
    [
        ("InteractionQueue/*", "InteractionQueue/Sales", True),
        ("*/Sales", "InteractionQueue/Sales", True),
        ("InteractionQueue/Sale?", "InteractionQueue/Sales", True),
        ("InteractionQueue/Sales", "InteractionQueue/Sales 2", False),
        ("InteractionQueue/Sales [EMEA]", "InteractionQueue/Sales [EMEA]", True),
        ("InteractionQueue/Sales [EMEA]", "InteractionQueue/Sales E", False),
        (r"InteractionQueue/Sales\*", "InteractionQueue/Sales*", True),
        (r"InteractionQueue/Sales\*", "InteractionQueue/Sales 2", False),
        (r"InteractionQueue/Sales\?", "InteractionQueue/Salesx", False),
    ],
)
def test_a_star_and_a_question_mark_are_the_only_wildcards(
    pattern: str, text: str, selected: bool
) -> None:
    assert matches(text, (pattern,)) is selected


@given(NAMES, NAMES)
def test_a_printed_address_selects_its_object_and_no_other(name: str, other: str) -> None:
    printed = object_address("InteractionQueue", name)
    assert escaped(printed) == printed == printed.strip()
    assert selects((printed,), printed)
    if other != name:
        assert not selects((printed,), object_address("InteractionQueue", other))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Web Chat", "Web Chat"),
        ("Sales ", "Sales%20"),
        ("  Sales", "%20%20Sales"),
        ("Sa\u200bles", "Sa%E2%80%8Bles"),
        ("Web\xa0Chat", "Web%C2%A0Chat"),
        ("a\nb", "a%0Ab"),
        ("Café 漢字", "Café 漢字"),
        ("50%/50", "50%25%2F50"),
    ],
)
def test_what_nobody_would_see_in_an_address_is_written_as_its_bytes(
    name: str, printed: str
) -> None:
    assert object_address("InteractionQueue", name) == f"InteractionQueue/{printed}"


@given(NAMES)
def test_a_literal_is_read_back_as_the_text_it_stands_for(text: str) -> None:
    assert plain(literal(text)) == text


def test_an_object_with_wildcards_in_its_name_is_replaced_alone(tmp_path: Path) -> None:
    queues = "".join(
        f"  - {{name: '{name}', type: InteractionQueue}}\n"
        for name in ("Sales *", "Sales E", "Sales [EMEA]")
    )
    site = f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nScript:\n{queues}"
    server = site_server(tmp_path, site)
    (tmp_path / "m.yaml").write_text(
        "---\n".join(
            f"{HEAD}kind: InteractionQueue\nmetadata: {{name: '{name}'}}\n"
            for name in ("Sales *", "Sales E", "Sales [EMEA]")
        ),
        encoding="utf-8",
    )
    options = plan_arguments(server, "-f", "m.yaml")
    listed = gwe("plan", *options, "--overwrite", cwd=tmp_path)
    assert r"-/+ Sales \*" in listed.out
    dbid = find(server, "Script", "Sales E").dbid
    only = ("--overwrite-only", r"InteractionQueue/Sales \*", "--auto-approve")
    assert "Apply: 1 applied." in gwe("apply", *options, *only, cwd=tmp_path).out
    assert find(server, "Script", "Sales E").dbid == dbid
