"""A run is killed between every two of its journal's records, and recovered.

It is killed before a record is written (the call that the record tells of has had its effect),
after it (the next call has not gone out), and while it is written but not committed. At each kind
of record, and wherever the state is in PostgreSQL, the process is a real one that sends itself
SIGKILL; for the other records there are the files of one run at each moment (``tests.moments``).
The plan creates, updates and replaces; its undo deletes, and creates what a replace had taken
along.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest

from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.state.records import (
    ActionOutcome,
    CallBegin,
    CallEnd,
    Record,
    RunFinish,
    RunHead,
)
from tests.engines import on_both_engines
from tests.harness import APP, opened
from tests.moments import Moments, found_by_commands
from tests.runs import (
    ACCESS,
    AFTER,
    BEFORE,
    REPLACED,
    Nursery,
    Objects,
    Place,
    Strike,
    access_of,
    agents_of,
    assert_same_but_dbids,
    bystanders,
    copy_run,
    make_place,
    named,
    once_in_each,
    told,
)

GROUP, REPLACED_QUEUE = REPLACED
CHANGED, CREATED = "InteractionQueue/Changed", "InteractionQueue/Created"
CHAT = "Application/Chat"
INVENTORY = "Transaction/List/gwe-reconciler.inventory.a4bfce6f5bbf772e"
CALLS = "Object/CampaignGroup/Campaign/Calls"
NOTHING = "Nothing to recover: no run on this server is unfinished here.\n"


# An apply

RECORDS = [
    ("run",),
    ("begin", GROUP, "delete"),  # 2
    ("end", 1),
    ("begin", GROUP, "create"),  # 4
    ("end", 2),
    ("begin", GROUP, "set_permissions"),  # 6
    ("end", 3),
    ("action", GROUP, "done"),
    ("begin", CHANGED, "update"),  # 9
    ("end", 4),
    ("action", CHANGED, "done"),
    ("begin", CREATED, "create"),  # 12
    ("end", 5),
    ("action", CREATED, "done"),
    ("begin", REPLACED_QUEUE, "delete"),  # 15
    ("end", 6),
    ("begin", REPLACED_QUEUE, "create"),  # 17
    ("end", 7),
    ("begin", REPLACED_QUEUE, "update_referrer"),  # 19
    ("end", 8),
    ("action", REPLACED_QUEUE, "done"),
    ("begin", CHAT, "update"),  # 22
    ("end", 9),
    ("action", CHAT, "done"),
    ("begin", INVENTORY, "create"),  # 25
    ("end", 10),
    ("finish", "applied"),  # 27
]
GROUP_ANEW = f"{GROUP}: it was deleted and not created again: the new object was created, DBID 301"
GROUP_ACCESS = f"{GROUP}: its permissions were set again"
QUEUE_ANEW = (
    f"{REPLACED_QUEUE}: it was deleted and not created again: the new object was created, DBID 702"
)
QUEUE_REFERENCES = f"{REPLACED_QUEUE}: the references to it were written again"
REFERENCE = "update of a reference to it"
# Records on disk -> what recover says of a call that had no effect, and of one that had.
NOT_DONE = {
    2: [f"{GROUP}: delete of unknown outcome: it was not done"],
    3: [GROUP_ANEW, GROUP_ACCESS],
    4: [f"{GROUP}: create of unknown outcome: it was not done", GROUP_ANEW, GROUP_ACCESS],
    5: [GROUP_ACCESS],
    6: [f"{GROUP}: set_permissions of unknown outcome: it was not done", GROUP_ACCESS],
    9: [f"{CHANGED}: update of unknown outcome: it was not done"],
    12: [f"{CREATED}: create of unknown outcome: it was not done"],
    15: [f"{REPLACED_QUEUE}: delete of unknown outcome: it was not done"],
    16: [QUEUE_ANEW, QUEUE_REFERENCES],
    17: [
        f"{REPLACED_QUEUE}: create of unknown outcome: it was not done",
        QUEUE_ANEW,
        QUEUE_REFERENCES,
    ],
    18: [QUEUE_REFERENCES],
    19: [f"{REPLACED_QUEUE}: {REFERENCE} of unknown outcome: it was not done", QUEUE_REFERENCES],
    22: [f"{CHAT}: update of unknown outcome: it was not done"],
    25: [f"{INVENTORY}: create of unknown outcome: it was not done"],
}
DONE = {
    2: [f"{GROUP}: delete of unknown outcome: it was done", GROUP_ANEW, GROUP_ACCESS],
    4: [f"{GROUP}: create of unknown outcome: it was done", GROUP_ACCESS],
    6: NOT_DONE[6],  # they are set again without a look
    9: [f"{CHANGED}: update of unknown outcome: it was done"],
    12: [f"{CREATED}: create of unknown outcome: it was done"],
    15: [
        f"{REPLACED_QUEUE}: delete of unknown outcome: it was done",
        QUEUE_ANEW,
        QUEUE_REFERENCES,
    ],
    17: [f"{REPLACED_QUEUE}: create of unknown outcome: it was done", QUEUE_REFERENCES],
    19: [f"{REPLACED_QUEUE}: {REFERENCE} of unknown outcome: it was done"],
    22: [f"{CHAT}: update of unknown outcome: it was done"],
    25: [f"{INVENTORY}: create of unknown outcome: it was done"],
}
SIDES = ("before", "half", "after")


def _in_words(records: list[Record]) -> list[tuple[object, ...]]:
    return [_words(record) for record in records]


def _words(record: Record) -> tuple[object, ...]:
    match record:
        case RunHead():
            return ("run",)
        case CallBegin():
            return "begin", record.address, record.call
        case CallEnd():
            return "end", record.step
        case ActionOutcome():
            return "action", record.address, record.status
        case RunFinish():
            return "finish", record.status


def _on_disk(strike: Strike) -> int:
    return strike.number if strike.side == "after" else strike.number - 1


def _said(on_disk: int, *, effect: bool) -> list[str]:
    return (DONE if effect else NOT_DONE).get(on_disk, [])


def _check_lost_nothing(objects: Objects, before: Objects) -> None:
    assert {"AgentGroup Group", "Application Chat", "Script Changed", "Script Replaced"} <= {
        *told(objects)
    }
    assert agents_of(objects) == [401, 402]
    assert bystanders(objects) == bystanders(before)


def _access_of_the_group(place: Place) -> list[tuple[str, int, int]]:
    group = named(place.objects(), "AgentGroup", "Group")
    return access_of(place.server).get(("AgentGroup", group.dbid), [])


@once_in_each(lambda place, *_: place.situation())
def _check_reaches_the_end(place: Place, nursery: Nursery, before: Objects) -> None:
    """Recover once more: there is nothing to do. Plan and apply once more: everything is as
    the manifests say, and nothing is left."""
    again = nursery.recover(place)
    assert (again.code, again.out) == (0, NOTHING)
    assert nursery.apply(place).code == 0
    after = place.objects()
    assert told(after) == AFTER
    _check_lost_nothing(after, before)
    assert _access_of_the_group(place) == ACCESS
    assert place.plan().empty
    assert place.locks() == []
    assert place.inventory() == {("Script", "Created")}


@on_both_engines()
def test_an_apply_that_nobody_kills_writes_exactly_these_records(
    nursery: Nursery, place: Place
) -> None:
    before = place.objects()
    assert told(before) == BEFORE
    assert nursery.apply(place).code == 0
    (run,) = place.runs
    assert _in_words(place.records(run.name)) == RECORDS
    assert told(place.objects()) == AFTER
    assert _access_of_the_group(place) == ACCESS
    assert place.locks() == []
    assert nursery.recover(place).out == NOTHING


def _kinds_of(records: list[tuple[object, ...]], sides: Sequence[str]) -> list[Strike]:
    """The strikes at the first record of each kind, on every side of it."""
    words = [record[0] for record in records]
    first = sorted({words.index(word) + 1 for word in words[1:]})
    return [Strike("record", side, number) for number in first for side in sides]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Place:
    """A place that lies in the same folder in each test."""
    return make_place(tmp_path_factory.mktemp("stage") / "place", template)


@pytest.fixture(scope="module")
def applies(stage: Place, nursery: Nursery) -> Moments:
    return Moments(
        stage, lambda strike: nursery.apply(stage, strike).code, _kinds_of(RECORDS, SIDES)
    )


@on_both_engines("number, side", product(range(3, 28), SIDES))
def test_a_killed_apply_is_refused_then_recovered_then_finished(
    nursery: Nursery, place: Place, applies: Moments, number: int, side: str
) -> None:
    if (number, side) == (27, "after"):
        number, side = 2, "after"  # nothing is unfinished after the last record
    before = place.objects()
    strike = Strike("record", side, number)
    if place.database:
        assert nursery.apply(place, strike).code == -9
    else:
        place = applies.kill(strike)
    on_disk = _on_disk(strike)
    effect = side != "after" and RECORDS[number - 1][0] == "end"
    said = _said(on_disk, effect=effect)
    _check_is_refused_recovered_and_finished(place, nursery, before, on_disk, said)


@once_in_each(lambda place, _, __, on_disk, said: found_by_commands(place, on_disk, *said))
def _check_is_refused_recovered_and_finished(
    place: Place, nursery: Nursery, before: Objects, on_disk: int, said: list[str]
) -> None:
    (run,) = place.runs
    assert _in_words(place.records(run.name)) == RECORDS[:on_disk]
    assert (run.finished, run.status) == (False, "unfinished")

    refused = nursery.apply(place)
    assert refused.code == 4
    assert f"the run {run.name} did not finish on this server" in refused.err
    assert "Run gwe recover first" in refused.err

    recovered = nursery.recover(place)
    assert (recovered.code, recovered.err) == (0, "")
    assert recovered.out.splitlines()[1:] == [
        *(f"  {one}" for one in said),
        "  Recovered. The next plan shows what is left to do.",
    ]
    assert place.locks() == []
    (run,) = place.runs
    assert (run.finished, run.status) == (True, "recovered")
    assert [step for step in run.steps if step.unknown] == []
    _check_lost_nothing(place.objects(), before)
    _check_reaches_the_end(place, nursery, before)


@on_both_engines(
    "on_disk, side, number",
    [(0, "before", 1), (0, "half", 1), (1, "after", 1), (27, "after", 27)],
)
def test_an_apply_killed_before_its_first_lock_or_after_its_end_leaves_nothing_to_recover(
    nursery: Nursery, place: Place, on_disk: int, side: str, number: int
) -> None:
    before = place.objects()
    assert nursery.apply(place, Strike("record", side, number)).code == -9
    assert [_in_words(place.records(run.name)) for run in place.runs] == [
        RECORDS[:on_disk] for _ in range(min(on_disk, 1))
    ]
    assert all(run.finished for run in place.runs)
    assert told(place.objects()) == (AFTER if on_disk == 27 else BEFORE)
    assert place.locks() == []
    _check_reaches_the_end(place, nursery, before)


@on_both_engines("side", [("before",), ("half",)])
def test_an_apply_killed_before_its_first_begin_record_leaves_its_lock_to_recover(
    nursery: Nursery, place: Place, side: str
) -> None:
    before = place.objects()
    assert nursery.apply(place, Strike("record", side, 2)).code == -9
    (run,) = place.runs
    assert _in_words(place.records(run.name)) == [("run",)]
    assert place.objects() == before
    refused = nursery.apply(place)
    assert refused.code == 4
    assert f"the run {run.name} (" in refused.err
    assert ") is writing or did not finish" in refused.err
    assert "use gwe recover --state " in refused.err
    recovered = nursery.recover(place)
    assert (recovered.code, recovered.out) == (
        *(0, f"Released the lock that run {run.name} had left behind.\n"),
    )
    assert place.locks() == []
    _check_reaches_the_end(place, nursery, before)


# The run's own writes to the lock: 1 makes it, 2 says "writing", 13 deletes it.


@on_both_engines("number, side", [(1, "before"), (1, "after"), (2, "before"), (2, "after")])
def test_an_apply_killed_at_its_lock_before_the_first_call_has_written_nothing(
    nursery: Nursery, place: Place, number: int, side: str
) -> None:
    before = place.objects()
    assert nursery.apply(place, Strike("write", side, number)).code == -9
    assert place.objects() == before
    left = 0 if (number, side) == (1, "before") else 1
    assert len(place.locks()) == left
    (run,) = place.runs
    if left:
        assert nursery.apply(place).code == 4
    recovered = nursery.recover(place)
    said = f"Released the lock that run {run.name} had left behind.\n" if left else NOTHING
    assert (recovered.code, recovered.out) == (0, said)
    assert place.locks() == []
    _check_reaches_the_end(place, nursery, before)


@on_both_engines("side", [("before",), ("after",)])
def test_an_apply_killed_while_it_gives_its_lock_back_is_settled_by_recover(
    nursery: Nursery, place: Place, side: str
) -> None:
    before = place.objects()
    assert nursery.apply(place, Strike("write", side, 13)).code == -9
    assert told(place.objects()) == AFTER
    (run,) = place.runs
    assert _in_words(place.records(run.name)) == RECORDS[:26]
    assert len(place.locks()) == (1 if side == "before" else 0)
    assert nursery.apply(place).code == 4
    recovered = nursery.recover(place)
    assert recovered.out.splitlines()[1:] == [
        "  Recovered. The next plan shows what is left to do."
    ]
    assert place.locks() == []
    _check_reaches_the_end(place, nursery, before)


# A replace that is half done is taken back

HALF_DONE = [
    *((3, "before"), (3, "after"), (4, "after")),
    *((16, "before"), (16, "after"), (17, "after")),
]


@on_both_engines("number, side", HALF_DONE)
def test_recover_in_reverse_brings_the_old_object_of_a_half_done_replace_back(
    nursery: Nursery, place: Place, number: int, side: str
) -> None:
    before, access = place.objects(), access_of(place.server)
    assert nursery.apply(place, Strike("record", side, number)).code == -9
    recovered = nursery.recover(place, "--reverse")
    assert recovered.code == 0
    object_type, name = ("AgentGroup", "Group") if number < 10 else ("Script", "Replaced")
    after = place.objects()
    old, now = named(before, object_type, name), named(after, object_type, name)
    assert (now.attributes, now.folder, now.path) == (old.attributes, old.folder, old.path)
    assert f"the old object was created, DBID {now.dbid}" in recovered.out
    assert now.dbid > old.dbid
    assert _access_of_the_group(place) == ACCESS
    assert bystanders(after) == bystanders(before)
    assert place.locks() == []
    assert nursery.recover(place).out == NOTHING
    # What the delete took along is put back by an undo, as after every run.
    (run,) = place.runs
    assert nursery.undo(place, run.name).code == 0
    assert_same_but_dbids(place.server, before, access)


# Recover itself is killed

RECOVERING = [*(("record", side, n) for n in range(1, 7) for side in ("before", "half", "after"))]


@pytest.fixture(scope="module")
def recovers(applies: Moments, nursery: Nursery) -> Moments:
    place = applies.kill(Strike("record", "before", 3))
    really = [Strike("record", "before", 1), Strike("record", "half", 6)]
    return Moments(place, lambda strike: nursery.recover(place, strike=strike).code, really)


@on_both_engines("at, side, number", RECOVERING)
def test_a_recover_that_is_killed_can_be_run_again(
    nursery: Nursery, place: Place, recovers: Moments, at: str, side: str, number: int
) -> None:
    """After the delete of the group: end, begin and end of the create, begin and end of
    the permissions, finish."""
    before = place.objects()
    if place.database:
        assert nursery.apply(place, Strike("record", "before", 3)).code == -9
        assert nursery.recover(place, strike=Strike(at, side, number)).code == -9
    else:
        place = recovers.kill(Strike(at, side, number))
    _check_is_recovered_again(place, nursery, before)


@once_in_each(lambda place, *_: found_by_commands(place))
def _check_is_recovered_again(place: Place, nursery: Nursery, before: Objects) -> None:
    again = nursery.recover(place)
    assert (again.code, again.err) == (0, "")
    assert place.locks() == []
    assert [run.finished for run in place.runs] == [True]
    _check_lost_nothing(place.objects(), before)
    assert _access_of_the_group(place) == ACCESS
    _check_reaches_the_end(place, nursery, before)


# An undo

UNDO_RECORDS = [
    ("run",),
    ("begin", CHAT, "update"),  # 2
    ("end", 1),
    ("action", CHAT, "done"),
    ("begin", REPLACED_QUEUE, "update"),  # 5
    ("end", 2),
    ("action", REPLACED_QUEUE, "done"),
    ("begin", CREATED, "delete"),  # 8
    ("end", 3),
    ("action", CREATED, "done"),
    ("begin", CHANGED, "update"),  # 11
    ("end", 4),
    ("action", CHANGED, "done"),
    ("begin", GROUP, "update"),  # 14
    ("end", 5),
    ("action", GROUP, "done"),
    ("begin", CALLS, "create"),  # 17
    ("end", 6),
    ("action", CALLS, "done"),
    ("begin", INVENTORY, "delete"),  # 20
    ("end", 7),
    ("finish", "applied"),  # 22
]


@pytest.fixture(scope="module")
def applied(
    tmp_path_factory: pytest.TempPathFactory, template: Path, nursery: Nursery
) -> tuple[Path, str]:
    """A folder with a server that the plan was applied to, and the run's name."""
    folder = tmp_path_factory.mktemp("applied") / "place"
    place = make_place(folder, template)
    assert nursery.apply(place).code == 0
    return folder, place.runs[0].name


@pytest.fixture
def undone(tmp_path: Path, applied: tuple[Path, str], database: str) -> tuple[Place, str]:
    """A copy of it, with its journal. The plan names the server by its identity."""
    folder, run = applied
    made = Place(folder)
    place = make_place(tmp_path / "undone", made.server, database=database)
    copy_run(made.state, place.state, run, server=f"embedded:{place.server}")
    return place, run


@on_both_engines()
def test_an_undo_that_nobody_kills_writes_exactly_these_records(
    nursery: Nursery, undone: tuple[Place, str], template: Path, tmp_path: Path
) -> None:
    place, run = undone
    fresh = make_place(tmp_path / "fresh", template)
    assert nursery.undo(place, run).code == 0
    (second,) = [one for one in place.runs if one.name != run]
    assert second.head.undoes == run
    assert _in_words(place.records(second.name)) == UNDO_RECORDS
    assert_same_but_dbids(place.server, fresh.objects(), access_of(fresh.server))


@pytest.fixture(scope="module")
def undoes(
    tmp_path_factory: pytest.TempPathFactory, template: Path, nursery: Nursery
) -> tuple[Moments, str]:
    """Undos that are killed, of the run with this name."""
    place = make_place(tmp_path_factory.mktemp("undoes") / "place", template)
    assert nursery.apply(place).code == 0
    (run,) = place.run_names
    really = _kinds_of(UNDO_RECORDS, ("before", "after"))
    return Moments(place, lambda strike: nursery.undo(place, run, strike).code, really), run


@on_both_engines("number, side", product(range(3, 23), ("before", "after")))
def test_a_killed_undo_is_recovered_and_ends_where_the_run_began(
    nursery: Nursery,
    undoes: tuple[Moments, str],
    undone: tuple[Place, str],
    template: Path,
    number: int,
    side: str,
) -> None:
    if (number, side) == (22, "after"):
        number, side = 2, "after"  # nothing is unfinished after the last record
    place, run = undone
    strike = Strike("record", side, number)
    if place.database:
        assert nursery.undo(place, run, strike).code == -9
    else:
        moments, run = undoes
        place = moments.kill(strike)
    on_disk = _on_disk(strike)
    record = UNDO_RECORDS[on_disk - 1]
    said = []
    if record[0] == "begin":
        word = "was done" if side == "before" else "was not done"
        said = [f"  {record[1]}: {record[2]} of unknown outcome: it {word}"]
    all_is_back = number >= 18
    _check_killed_undo(place, nursery, run, Place(template.parent), on_disk, all_is_back, said)


@once_in_each(lambda place, _, __, ___, *told: found_by_commands(place, repr(told)))
def _check_killed_undo(
    place: Place,
    nursery: Nursery,
    run: str,
    fresh: Place,
    on_disk: int,
    all_is_back: bool,
    said: list[str],
) -> None:
    (second,) = [one.name for one in place.runs if one.name != run]
    assert _in_words(place.records(second)) == UNDO_RECORDS[:on_disk]
    refusals = [nursery.apply(place)]
    once_more = nursery.undo(place, run)
    if all_is_back:  # there is nothing to write, and to refuse
        assert once_more.code == 0
        assert "Nothing to do" in once_more.out
    else:
        refusals.append(once_more)
    for refused in refusals:
        assert refused.code == 4
        assert f"the run {second} did not finish on this server" in refused.err
        assert "Run gwe recover first" in refused.err

    recovered = nursery.recover(place)
    assert recovered.code == 0
    assert recovered.out.splitlines()[1:] == [
        *said,
        "  Recovered. The next plan shows what is left to do.",
    ]
    assert place.locks() == []
    assert bystanders(place.objects()) == bystanders(fresh.objects())
    _check_undo_ends_where_the_run_began(place, nursery, run, fresh)


@once_in_each(lambda place, *_: place.situation())
def _check_undo_ends_where_the_run_began(
    place: Place, nursery: Nursery, run: str, fresh: Place
) -> None:
    """Recover once more: there is nothing to do. Undo once more: all is as on a fresh server."""
    assert nursery.recover(place).out == NOTHING
    again = nursery.undo(place, run)
    assert (again.code, again.err) == (0, "")
    assert_same_but_dbids(place.server, fresh.objects(), access_of(fresh.server))


# What the journal holds is read back whatever it is


@on_both_engines("mark", [("\u2028",), ("\u0085",), ("\u2029",)], ids=lambda mark: f"{ord(mark):x}")
def test_an_object_with_a_line_separator_in_its_text_is_recovered_and_undone(
    nursery: Nursery, place: Place, mark: str
) -> None:
    """Python's ``splitlines`` ends a line there, JSON does not."""
    text = (place.folder / "manifests.yaml").read_text(encoding="utf-8")
    (place.folder / "manifests.yaml").write_text(
        text.replace("kept: wanted", f'kept: wanted, mark: "a\\u{ord(mark):04x}b"'),
        encoding="utf-8",
    )
    assert nursery.apply(place).code == 0
    group = named(place.objects(), "AgentGroup", "Group")
    assert group.attributes["userProperties"]["s"]["mark"] == f"a{mark}b"
    assert nursery.apply(place, Strike("record", "before", 3)).code == -9
    assert "AgentGroup Group" not in told(place.objects())
    assert nursery.recover(place).code == 0
    again = named(place.objects(), "AgentGroup", "Group")
    assert again.attributes == group.attributes


SECRETS = """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Group}
spec: {annex: {s: {"db password": {secret: true, from: env.HUSH}}}}
initial: {annex: {s: {password: unused}}}
policy: {preserve: [agents]}
"""


@on_both_engines(
    "number, side", [(3, "before"), (3, "after"), (4, "after"), (5, "before"), (5, "after")]
)
def test_recover_brings_the_secrets_that_a_replace_carries_over(
    nursery: Nursery, place: Place, number: int, side: str
) -> None:
    (place.folder / "manifests.yaml").write_text(SECRETS, encoding="utf-8")
    with opened(place.server) as server:
        secret = KeyValueDelta(added={"s": {"password": "hush"}})
        server.update("AgentGroup", 300, Delta(key_values={"userProperties": secret}))
    options = ("apply", "--server", f"embedded:{place.server}", "--app", APP)
    more = ("-f", "manifests.yaml", "--auto-approve", "--overwrite-only", GROUP)
    strike = Strike("record", side, number)
    assert nursery.gwe(*options, *more, place=place, strike=strike, HUSH="whisper").code == -9
    server_url = ("--server", f"embedded:{place.server}")
    recovered = nursery.gwe("recover", *server_url, place=place, HUSH="whisper")
    assert recovered.code == 0
    group = named(place.objects(), "AgentGroup", "Group")
    assert group.attributes["userProperties"] == {
        "s": {"password": "hush", "db password": "whisper"}
    }
    assert "hush" not in recovered.out
    assert _access_of_the_group(place) == ACCESS
