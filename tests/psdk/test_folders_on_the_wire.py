"""Folders in the form of plans, made and read over the wire."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import DependentObjectsError, IncorrectReferencesError
from reconciler.server.folders import FoldersReader, WithFolders
from reconciler.testing.contract.site import script
from tests.psdk.support import session

Listen = Callable[..., int]
OUTER = {"tenantDBID": 101, "path": "Web", "description": "one"}
INNER = {"tenantDBID": 101, "path": "Web/Queues"}


def test_a_folder_is_made_read_changed_filled_and_deleted(listen: Listen, path: Path) -> None:
    adapter = session(listen())
    server = WithFolders(adapter)
    outer = server.create("Folder/Script", OUTER)
    inner = server.create("Folder/Script", INNER)
    assert (inner.folder, inner.attributes["path"]) == (outer.dbid, "Web/Queues")
    assert server.read("Folder/Script", {"path": "Web/Queues", "tenant_dbid": 101}) == [inner]
    changed = server.update("Folder/Script", outer.dbid, Delta(values={"description": "two"}))
    assert changed.attributes["description"] == "two"
    made = server.create("Script", script("New"), inner.dbid)
    assert made.folder == inner.dbid
    with pytest.raises(DependentObjectsError):
        server.delete("Folder/Script", inner.dbid)

    on_file = EmbeddedServer(path)
    found = FoldersReader(on_file).read("Folder/Script", {"tenant_dbid": 101})
    assert [(one.dbid, one.attributes["path"]) for one in found[1:]] == [
        (outer.dbid, "Web"),
        (inner.dbid, "Web/Queues"),
    ]
    on_file.close()
    server.delete("Script", made.dbid)
    server.delete("Folder/Script", inner.dbid)
    server.delete("Folder/Script", outer.dbid)
    (default,) = server.read("Folder/Script", {"tenant_dbid": 101})
    assert default.attributes["path"] == ""
    server.close()


def test_a_folder_of_values_knows_its_attribute_and_its_tenant(listen: Listen) -> None:
    server = WithFolders(session(listen()))
    colours = {"tenantDBID": 101, "name": "New", "displayName": "New", "type": 4}
    owner = server.create("Enumerator", colours).dbid
    given = {"enumeratorDBID": owner, "tenantDBID": 101, "path": "A"}
    made = server.create("Folder/EnumeratorValue", given)
    assert {name: made.attributes[name] for name in given} == given
    server.close()


def test_a_folder_in_one_that_is_not_there_is_refused(listen: Listen) -> None:
    server = WithFolders(session(listen()))
    with pytest.raises(IncorrectReferencesError):
        server.create("Folder/Script", INNER)
    server.close()
