"""Manifests of every type, with every field: planned, applied, planned again, reverted."""

import tempfile
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reconciler.kinds.enums import SCRIPT_TYPE, mnemonic
from reconciler.kinds.flatten import narrow
from reconciler.kinds.manifests import KIND_OF_TYPE, MANIFEST_KINDS, OBJECT_KINDS
from reconciler.kinds.model import Attribute, Attributes, ObjectType, ValueType
from reconciler.kinds.types.folders import FOLDER, path_of
from reconciler.kinds.types.table import FOLDER_TYPES, OBJECT_TYPES
from reconciler.plan.context import PlanOptions
from reconciler.server.folders import FoldersReader
from reconciler.server.snapshot import Snapshot
from reconciler.testing.contract.every_type import SPECIAL
from reconciler.testing.contract.site import LEAST_OF_ALL
from tests.conftest import examples
from tests.harness import everything, opened, site_server
from tests.runs import access_of, assert_same_but_dbids
from tests.test_every_type import SITE_OF_ALL
from tests.test_random_runs import Story
from tests.worlds import NAMES, World

WORLD = (
    SITE_OF_ALL.replace("timeoutLocal: 10}]", "timeoutLocal: 10}, Stat]")
    + """
Folder:
  - {name: EMEA, dbid: 1001, type: Folder, folderClass: Site}
  - {name: In/Out, dbid: 1002, type: Script, unit: EMEA}
"""
)
FOLDERS = (101, 1001, 1002)
"""The DBIDs of a default folder, of a configuration unit, and of a folder in that unit."""
TYPES = [name for name in LEAST_OF_ALL if name in OBJECT_KINDS or name in KIND_OF_TYPE]


def manifest_of(object_type: str, new: Attributes, names: Snapshot) -> dict[str, Any]:
    """The manifest that declares an object with these attributes."""
    own = KIND_OF_TYPE.get(object_type)
    if object_type == "Script":
        own = "Script"
    kind = MANIFEST_KINDS[own] if own else OBJECT_KINDS[object_type]
    entry = kind.object_type
    words = {}
    for one in entry.attributes:
        value = new.get(one.name)
        if value is not None and value not in ("", [], {}):
            narrowed = narrow(one, entry.attributes, new)
            words[one.word] = _said(narrowed, value, names, new.get("tenantDBID", 0))
    metadata = {word: words.pop(part.word) for word, part in kind.key.items()}
    if own is None:
        metadata["type"] = object_type
    return {
        "apiVersion": "reconciler/v1",
        "kind": kind.heading,
        "metadata": metadata,
        "spec": {word: value for word, value in words.items() if word in kind.fields},
    }


def _said(attribute: Attribute, value: Any, names: Snapshot, tenant: int) -> Any:
    match attribute.type:
        case ValueType.KEY_VALUES:
            return {
                section: {key: _option(one) for key, one in options.items()}
                for section, options in value.items()
            }
        case ValueType.REFERENCE:
            return names.name(attribute.refers_to, value, tenant)
        case ValueType.REFERENCES:
            return [names.name(attribute.refers_to, one, tenant) for one in value]
        case ValueType.STRUCTURE:
            return {
                one.word: _said(
                    narrow(one, attribute.fields, value), value[one.name], names, tenant
                )
                for one in attribute.fields
                if value.get(one.name) not in (None, "")
            }
        case ValueType.STRUCTURES:
            entry = Attribute(attribute.name, ValueType.STRUCTURE, fields=attribute.fields)
            return [_said(entry, one, names, tenant) for one in value]
        case ValueType.ENUM:
            return mnemonic(attribute.enumeration, value)
    return value


def _option(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"binary": b64encode(value).decode()}
    return {"integer": str(value)} if isinstance(value, int) else value


def value(attribute: Attribute, number: int) -> Any:
    """A value that an attribute can hold, on a server with an object 101 of every type."""
    match attribute.type:
        case ValueType.TEXT:
            return f"t{number}"
        case ValueType.INTEGER:
            return 3
        case ValueType.FLAG:
            return True
        case ValueType.ENUM:
            members = sorted(attribute.enumeration.values())
            return members[number % len(members)]
        case ValueType.KEY_VALUES:
            return {"s": {"text": "x", "integer": 5, "binary": b"\0\1"}}
        case ValueType.REFERENCE:
            return 101
        case ValueType.REFERENCES:
            return [101]
        case ValueType.STRUCTURE:
            return {one.name: value(one, number) for one in attribute.fields}
        case ValueType.STRUCTURES:
            return [{one.name: value(one, number) for one in attribute.fields}]


def whole(kind: ObjectType) -> dict[str, Any]:
    """The attributes of a new object with a value in every attribute that a manifest can say."""
    types = {one.type_from for one in kind.attributes}
    special = SPECIAL.get(kind.name, {})
    new = dict(LEAST_OF_ALL[kind.name])
    if kind.name == "Script":
        new["type"] = SCRIPT_TYPE["CapacityRule"]  # queues, views and strategies have own kinds
    for number, one in enumerate(kind.attributes):
        if one.name in special:
            new[one.name] = special[one.name][0]
        elif not (one.name in new or one.read_only or one.secret or one.name in types):
            new[one.name] = value(one, number)
    return new


def drawn(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Random values that an attribute can hold and a manifest can say, on a server with an object
    101 of every type."""
    match attribute.type:
        case ValueType.TEXT:
            return NAMES.map(lambda text: text[: attribute.max_length])
        case ValueType.INTEGER:
            return st.integers(*(attribute.bounds or (-(2**31), 2**31 - 1)))
        case ValueType.FLAG:
            return st.booleans()
        case ValueType.ENUM:
            return st.sampled_from(sorted(set(attribute.enumeration.values())))
        case ValueType.KEY_VALUES:
            values = NAMES | st.integers(-(2**31), 2**31 - 1) | st.binary(min_size=1, max_size=9)
            options = st.dictionaries(NAMES, values, min_size=1, max_size=2)
            return st.dictionaries(NAMES, options, max_size=2)
        case ValueType.REFERENCE:
            return st.sampled_from(FOLDERS) if attribute.refers_to == FOLDER else st.just(101)
        case ValueType.REFERENCES:
            return st.just([101])
        case ValueType.STRUCTURE:
            return st.fixed_dictionaries({one.name: drawn(one) for one in attribute.fields})
        case ValueType.STRUCTURES:
            return st.tuples(
                st.fixed_dictionaries({one.name: drawn(one) for one in attribute.fields})
            ).map(list)


@st.composite
def objects(draw: st.DrawFn, object_type: str) -> dict[str, Any]:
    """Random attributes of a new object: what it needs, and any others."""
    everything_ = whole(OBJECT_TYPES[object_type])
    special = SPECIAL.get(object_type, {})
    found = {}
    for name, value_ in everything_.items():
        attribute = OBJECT_TYPES[object_type].attribute(name)
        assert attribute is not None
        if name in LEAST_OF_ALL[object_type]:
            found[name] = value_
        elif draw(st.booleans()):
            found[name] = draw(
                st.sampled_from(special[name]) if name in special else drawn(attribute)
            )
    for one in OBJECT_TYPES[object_type].attributes:  # a reference to several types, and which
        if one.type_from:
            found[one.type_from] = draw(st.sampled_from(sorted(one.targets)))
    return found


def names_on(path: Path) -> Snapshot:
    """The names of all objects on a server, folders in the form of plans."""
    objects = [one for one in everything(path).values() if one.type != FOLDER]
    with opened(path) as server:
        reader = FoldersReader(server)
        for name in FOLDER_TYPES:
            objects += reader.read(name)
    return Snapshot(objects)


@cache
def names_in_world() -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        return names_on(site_server(Path(folder), WORLD))


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """Manifests of up to four types, with their new folders."""
    names = names_in_world()
    documents = []
    for object_type in draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=4, unique=True)):
        manifest = manifest_of(object_type, draw(objects(object_type)), names)
        if draw(st.booleans()):
            owner = {
                word: manifest["metadata"][word]
                for word in ("switch", "attribute", "ivr")
                if word in manifest["metadata"]
            }
            path = manifest["metadata"]["folder"] = path_of([draw(NAMES)])
            metadata = {"type": object_type, "path": path, **owner}
            documents.append({**manifest, "kind": "Folder", "metadata": metadata, "spec": {}})
        documents.append(manifest)
    return yaml.safe_dump_all(documents, allow_unicode=True, sort_keys=False)


@pytest.mark.long
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(manifests())
def test_random_objects_of_any_type_are_created_found_equal_and_taken_away(text: str) -> None:
    note(text)
    with tempfile.TemporaryDirectory() as folder:
        story = Story(World(WORLD, "GWE", text), Path(folder), PlanOptions(force=True), whole=True)
        before, access = story.objects(), access_of(story.path)
        plan = story.plan(overwrite=False)
        assert plan.counts()["create"] == text.count("apiVersion")
        assert story.run(plan) == 0
        assert story.plan(overwrite=False).empty
        assert story.run(story.undo()) == 0
        assert_same_but_dbids(story.path, before, access)


@pytest.mark.long
def test_an_object_of_every_type_is_created_found_equal_and_taken_away(tmp_path: Path) -> None:
    names = names_in_world()
    manifests_ = [manifest_of(one, whole(OBJECT_TYPES[one]), names) for one in TYPES]
    text = yaml.safe_dump_all(manifests_, allow_unicode=True, sort_keys=False)
    story = Story(World(WORLD, "GWE", text), tmp_path, PlanOptions(force=True), whole=True)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    assert sorted(one.subject.object_type for one in plan.writes) == sorted(TYPES)
    assert plan.counts()["create"] == len(TYPES)
    assert story.run(plan) == 0
    assert story.plan(overwrite=False).empty
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)
