"""Random manifests of objects of every type: planned, applied, planned again, reverted."""

import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reconciler.kinds.enums import mnemonic
from reconciler.kinds.flatten import narrow
from reconciler.kinds.manifests import KIND_OF_TYPE, MANIFEST_KINDS, OBJECT_KINDS
from reconciler.kinds.model import Attribute, Attributes, ValueType
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.plan.context import PlanOptions
from reconciler.server.snapshot import Snapshot
from reconciler.testing.contract.site import LEAST_OF_ALL
from tests.conftest import examples
from tests.harness import everything
from tests.runs import access_of, assert_same_but_dbids
from tests.test_every_type import SITE_OF_ALL, attributes
from tests.test_random_runs import Story
from tests.worlds import World

WORLD = SITE_OF_ALL.replace("timeoutLocal: 10}]", "timeoutLocal: 10}, Stat]")
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


def _names() -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        from tests.harness import site_server  # noqa: PLC0415

        return Snapshot(everything(site_server(Path(folder), WORLD)).values())


NAMES = _names()


@st.composite
def worlds_of_objects(draw: st.DrawFn) -> World:
    """Manifests of a few new objects, each of another type."""
    chosen = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=4, unique=True))
    found = [manifest_of(name, draw(attributes(OBJECT_TYPES[name])), NAMES) for name in chosen]
    text = yaml.safe_dump_all(found, allow_unicode=True, sort_keys=False)
    return World(WORLD, "GWE", text)


@pytest.mark.long
@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=examples(30),
)
@given(worlds_of_objects())
def test_objects_of_any_type_are_created_found_equal_and_taken_away(world: World) -> None:
    note(world.display())
    with tempfile.TemporaryDirectory() as name:
        story = Story(world, Path(name), PlanOptions(force=True))
        before, access = story.objects(), access_of(story.path)
        plan = story.plan(overwrite=False)
        assert story.run(plan) == 0
        assert story.plan(overwrite=False).empty
        assert story.run(story.undo()) == 0
        assert_same_but_dbids(story.path, before, access)
