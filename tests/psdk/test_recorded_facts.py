"""What a recording shows of a real server, asked by a program on the vendor's object model.

docs/differences.md says which of it is inferred.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.testing.contract.site import EVERY_TYPE, SITE
from tests.harness import site_server
from tests.psdk.block import Block
from tests.psdk.byhand import conf, number
from tests.psdk.support import listening

FIRST_PERSON = (
    '  - {employeeID: "0", dbid: 100, userName: default, password: password, tenant: Environment}\n'
)


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Block]:
    """A session with a server that has an object of every type, and a first person with the
    employee ID of the recording."""
    site = (SITE + EVERY_TYPE).replace("Person:\n", "Person:\n" + FIRST_PERSON, 1)
    path: Path = site_server(tmp_path_factory.mktemp("facts"), site)
    with listening(path) as port, Block(port) as session:
        yield session


def only(block: Block, object_type: str, **filters: str | int) -> Any:
    (found,) = block.read(object_type, **filters)
    return found


def enum(name: str) -> Any:
    return conf(f"types.{name}")


def test_a_program_reads_every_type_with_folder_and_path(block: Block) -> None:
    for name in OBJECT_TYPES:
        for one in block.read(name):
            if OBJECT_TYPES[name].folder:
                assert one.getFolderId() > 0, name
                assert one.getObjectPath() is not None, name


def test_an_application_has_a_component_type_and_its_connections_a_mode(block: Block) -> None:
    application = only(block, "Application", name="GWE")
    assert application.getComponentType() == enum("CfgAppComponentType").CFGAppComponentUnknown
    connections = list(application.getAppServers())
    assert {one.getMode() for one in connections} == {enum("CfgTraceMode").CFGTMNoTraceMode}


def test_ports_and_connections_keep_all_that_a_program_says_of_them(block: Block) -> None:
    application = only(block, "Application", name="GWE")
    (connection, *_) = application.getAppServers()
    connection.setDescription("chat")
    connection.setProxyParams("proxy=1")
    connection.setCharField4("four")
    connection.setLongField1(number(11))
    application.save()
    (again, *_) = only(block, "Application", name="GWE").getAppServers()
    assert (str(again.getDescription()), str(again.getProxyParams())) == ("chat", "proxy=1")
    assert (str(again.getCharField4()), int(again.getLongField1())) == ("four", 11)
    assert again.getAppServerDBID() == connection.getAppServerDBID()


def test_a_host_runs_windows_and_always_has_an_operating_system(block: Block) -> None:
    windows = enum("CfgOSType").CFGWindows
    new = block.new("Host")
    new.setName("facts.example.com")
    new.setType(enum("CfgHostType").CFGNetworkServer)
    new.setLCAPort("4999")
    new.save()
    host = only(block, "Host", name="facts.example.com")
    assert host.getOSinfo().getOStype() == enum("CfgOSType").CFGNoOS
    host.getOSinfo().setOStype(windows)
    host.getOSinfo().setOSversion("10")
    host.save()
    info = only(block, "Host", name="facts.example.com").getOSinfo()
    assert (info.getOStype(), str(info.getOSversion())) == (windows, "10")


def test_a_solution_needs_its_solution_type_and_not_the_type_of_old_releases(block: Block) -> None:
    new = block.new("Service")
    new.setName("Facts")
    new.setSolutionType(enum("CfgSolutionType").CFGSTEnterpriseRouting)
    new.setStartupType(enum("CfgStartupType").CFGSUTManual)
    new.save()
    solution = only(block, "Service", name="Facts")
    assert solution.getStartupType() == enum("CfgStartupType").CFGSUTManual


def test_a_campaign_group_without_a_tenant_has_that_of_its_campaign(block: Block) -> None:
    new = block.new("CampaignGroup")
    new.setName("Facts")
    new.setCampaignDBID(101)
    new.setGroupDBID(number(101))
    new.setGroupType(enum("CfgObjectType").CFGAgentGroup)
    new.save()
    assert int(only(block, "CampaignGroup", name="Facts").getTenantDBID()) == 101


def test_a_tenant_returns_its_password_and_not_whose_provider_it_is(block: Block) -> None:
    new = block.new("Tenant")
    new.setName("Facts")
    new.setPassword("secret")
    new.save()
    tenant = only(block, "Tenant", name="Facts")
    assert (str(tenant.getPassword()), tenant.getIsServiceProvider()) == ("secret", None)


def test_a_site_is_a_folder_of_folders_below_a_tenant_and_keeps_its_custom_type(
    block: Block,
) -> None:
    new = block.new("Folder")
    new.setName("Facts")
    new.setType(enum("CfgObjectType").CFGFolder)
    new.setFolderClass(enum("CfgFolderClass").CFGFCSite)
    new.setCustomType(number(7))
    owner = new.getRawObjectData().getOrCreatePropertyValue("ownerID")
    for name, value in (("CSID", 0), ("DBID", 101), ("type", OBJECT_TYPES["Tenant"].number)):
        owner.setPropertyValue(name, number(value))
    new.save()
    site = only(block, "Folder", name="Facts")
    assert int(site.getCustomType()) == 7
    assert site.getFolderClass() == enum("CfgFolderClass").CFGFCSite


def test_the_first_person_has_the_employee_id_of_the_site_file(block: Block) -> None:
    assert int(only(block, "Person", employee_id="0").getObjectDbid()) == 100
