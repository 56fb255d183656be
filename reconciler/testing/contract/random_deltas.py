"""Hypothesis strategies for the random calls of the contract.

There are few names and DBIDs, so that names are often taken, references dangle, and entries are in
the wrong bucket.
"""

from typing import Any

from hypothesis import strategies as st

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.testing.contract.model import KINDS

NAMES = st.sampled_from(["a", "b", "c"])
DBIDS = st.sampled_from([101, 102, 103, 104])
PICKS = st.integers(0, 9)
TENANTS = st.sampled_from([101, 101, 101, 102, 999])
OPTIONS = st.dictionaries(NAMES, st.sampled_from(["1", "2", 3, b"\x04"]), min_size=1, max_size=2)
SECTIONS = st.dictionaries(st.sampled_from(["s", "t"]), OPTIONS, max_size=2)
MEMBERS = st.lists(DBIDS, max_size=2)
CONNECTIONS = st.lists(
    st.builds(lambda dbid, port: {"appServerDBID": dbid, "id": port}, DBIDS, NAMES), max_size=2
)

Strategies = dict[str, st.SearchStrategy[Any]]
GIVEN: dict[str, tuple[Strategies, Strategies]] = {
    "Script": (
        {"tenantDBID": TENANTS, "name": NAMES, "type": st.sampled_from([6, 23])},
        {"index": st.integers(1, 3)},
    ),
    "AgentGroup": (
        {"tenantDBID": TENANTS, "name": NAMES},
        {"agentDBIDs": MEMBERS, "managerDBIDs": MEMBERS, "capacityRuleDBID": DBIDS},
    ),
    "Enumerator": (
        {"tenantDBID": TENANTS, "name": NAMES, "displayName": NAMES, "type": st.just(4)},
        {},
    ),
    "EnumeratorValue": (
        {
            "tenantDBID": st.sampled_from([101, 101, 101, 102]),
            "enumeratorDBID": st.sampled_from([101, 101, 102, 103]),
            "name": NAMES,
            "displayName": NAMES,
        },
        {"isDefault": st.sampled_from([False, False, True])},
    ),
    "Person": ({"tenantDBID": TENANTS, "employeeID": NAMES, "userName": NAMES}, {}),
    "Application": (
        {
            "name": NAMES,
            "type": st.just(2),
            "version": NAMES,
            "workDirectory": st.just("."),
            "commandLine": st.just("."),
        },
        {"appServerDBIDs": CONNECTIONS},
    ),
}
"""Type -> (the attributes that a create needs, further attributes)."""


@st.composite
def creations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A type and attributes; sometimes one is missing or unknown."""
    name = draw(st.sampled_from(list(GIVEN)))
    needed, more = GIVEN[name]
    more = {**more, "userProperties": SECTIONS}
    given = draw(st.fixed_dictionaries(needed, optional=more))
    match draw(st.integers(0, 11)):
        case 0:
            del given[draw(st.sampled_from(sorted(needed)))]
        case 1:
            given["colour"] = "red"
    return name, given


@st.composite
def updates(draw: st.DrawFn) -> tuple[str, Delta]:
    """A type and a delta: plain values, options, and entries of lists, in any bucket."""
    name = draw(st.sampled_from(list(GIVEN)))
    needed, more = GIVEN[name]
    lists = KINDS[name].lists
    plain = {key: one for key, one in (needed | more).items() if key not in lists}
    chosen = draw(st.sets(st.sampled_from(sorted(plain)), max_size=2))
    values = {key: draw(_or_empty(key, plain[key])) for key in sorted(chosen)}
    keys = st.lists(NAMES, max_size=2, unique=True).map(tuple)
    options = st.builds(
        KeyValueDelta,
        added=SECTIONS,
        changed=SECTIONS,
        deleted=st.dictionaries(st.sampled_from(["s", "t"]), keys, max_size=1),
    )
    key_values = draw(st.dictionaries(st.just("userProperties"), options))
    listed = st.sets(st.sampled_from(sorted(lists)), max_size=1) if lists else st.just(set())
    changes = {
        key: draw(st.builds(_list_delta, more[key], more[key], MEMBERS)) for key in draw(listed)
    }
    return name, Delta(values, key_values, changes)


def _or_empty(attribute: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    texts = ("displayName", "name", "employeeID", "userName", "version")
    return values | values | st.just("") if attribute in texts else values


def _list_delta(added: list[Any], changed: list[Any], deleted: list[int]) -> ListDelta:
    return ListDelta(tuple(added[:1]), tuple(changed[1:]), tuple(deleted[:1]))
