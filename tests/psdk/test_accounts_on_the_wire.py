"""Accounts, passwords, permissions and languages, asked for by the vendor's own client."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reconciler.server.connection import ConnectionOptions
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import IncorrectReferencesError, NoPermissionError
from reconciler.server.port import AccessEntry
from reconciler.testing.contract.site import RIGHT, SUPER_ADMINISTRATORS, application
from tests.harness import opened
from tests.psdk.byhand import Client, conf, number, request
from tests.psdk.support import sdk, session
from tests.psdk.test_listener import APPLICATION, PERSON, code, refused

Listen = Callable[..., int]
GROUP_OF_ACCOUNTS, NEWER = 21, "battery-staple"


def identifier(client: Client, object_type: int, dbid: int) -> Any:
    structure = conf("obj.ConfStructure")(client.metadata.getCfgClass("CfgID"))
    return client.filled(structure, CSID=0, DBID=dbid, type=object_type)


def account(client: Client, application: int) -> tuple[int, int]:
    """The account of an application: type and DBID."""
    ask = request("security.RequestReadAccount").create(
        identifier(client, APPLICATION, application)
    )
    found = client.ask(ask).getAccountID()
    return int(found.getPropertyValue("type")), int(found.getPropertyValue("DBID"))


def test_the_account_of_a_server_application_is_read_and_set(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        assert account(client, 101) == (GROUP_OF_ACCOUNTS, 98)
        update = request("security.RequestUpdateAccount").create(
            identifier(client, APPLICATION, 101), identifier(client, PERSON, 101)
        )
        event = client.ask(update)
        assert str(event.messageName()) == "EventAccountUpdated"
        assert event.getApplicationID().getPropertyValue("DBID") == 101
        assert account(client, 101) == (PERSON, 101)
        assert account(client, 102) == (GROUP_OF_ACCOUNTS, 98)
        delete = request("objects.RequestDeleteObject").create(number(PERSON), number(101))
        assert code(client.ask(delete))[0] == "CFGDependentObjects"


def test_a_server_without_a_user_may_do_what_its_account_may(listen: Listen, path: Path) -> None:
    with opened(path) as server:
        server.create("Application", application("Pacing"))
        port = listen()
        own = ConnectionOptions(client="Pacing", client_type="2")
        with closing(session(port, options=own)) as system:
            system.delete("Script", 103)
        (made,) = server.read("Application", {"name": "Pacing"})
        server.accounts.set_of_application(made.dbid, ("Person", 101))
        with closing(session(port, options=own)) as anna:
            assert anna.read("Script", {"dbid": 101}) != []
            with pytest.raises(NoPermissionError):
                anna.delete("Script", 101)
        server.accounts.set_of_application(made.dbid, ("AccessGroup", SUPER_ADMINISTRATORS))
        with closing(session(port, options=own)) as administrators:
            administrators.delete("Script", 101)
        assert server.read("Script", {"dbid": 101}) == []


def test_an_account_of_what_is_no_application_is_an_error(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        ask = request("security.RequestReadAccount").create(identifier(client, PERSON, 101))
        assert code(client.ask(ask))[0] == "CFGValueOutOfRange"
        ask = request("security.RequestReadAccount").create(identifier(client, APPLICATION, 999))
        assert code(client.ask(ask))[0] == "CFGObjectNotFound"


def change(user: str, old: str, new: str) -> Any:
    made = request("security.RequestChangePassword").create()
    made.setUserName(user)
    made.setUserPassword(old)
    made.setNewUserPassword(new)
    return made


def test_a_person_changes_the_own_password_without_a_permission_for_it(listen: Listen) -> None:
    port = listen()
    with Client(port, "anna", RIGHT) as client:
        assert code(client.ask(change("anna", "wrong", NEWER)))[0] == "CFGLoginIncorrect"
        assert code(client.ask(change("anna", RIGHT, "")))[0] == "CFGEmptyPasswordDenied"
        assert str(client.ask(change("anna", RIGHT, NEWER)).messageName()) == "EventPasswordChanged"
    assert refused(port, "anna", RIGHT) == "CFGLoginIncorrect"
    assert refused(port, "anna", NEWER) == ""


def test_credentials_are_checked_without_a_session(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        ask = request("security.RequestAuthenticate")
        assert str(client.ask(ask.create("anna", RIGHT)).messageName()) == "EventAuthenticated"
        assert code(client.ask(ask.create("anna", "wrong")))[0] == "CFGLoginIncorrect"
        assert code(client.ask(ask.create("kai", RIGHT)))[0] == "CFGAccessDenied"


def test_who_must_change_the_password_is_told_so_and_logs_in_with_a_new_one(
    listen: Listen, path: Path
) -> None:
    with opened(path) as server:
        server.update("Person", 101, Delta({"changePasswordOnNextLogin": True}))
    port = listen()
    client = Client(port, "anna", RIGHT)
    must_change = conf("exceptions.ChangePasswordException")
    with pytest.raises(sdk().error) as caught, client:
        pass
    error: Any = caught.value
    while not isinstance(error, must_change):
        error = error.getCause()
    client.protocol.useChangePasswordRegistration(NEWER)
    with client:
        assert client.protocol.getServerContext().getSessionId() > 0
    assert refused(port, "anna", NEWER) == ""
    assert refused(port, "anna", RIGHT) == "CFGLoginIncorrect"


def test_our_own_client_says_what_to_do_about_such_a_password(listen: Listen, path: Path) -> None:
    with opened(path) as server:
        server.update("Person", 101, Delta({"changePasswordOnNextLogin": True}))
    with pytest.raises(Exception, match="must be changed first"):
        session(listen(), "anna", RIGHT)


def test_a_log_in_is_noted_where_the_server_is_told_to(listen: Listen, path: Path) -> None:
    port = listen()
    refused(port, "anna", RIGHT)
    with opened(path) as server:
        assert server.read("PersonLastLogin") == []
        noted = KeyValueDelta(added={"system": {"last-login": "true"}})
        server.update("Application", 99, Delta(key_values={"options": noted}))
        assert refused(port, "anna", RIGHT) == ""
        (login,) = server.read("PersonLastLogin")
        assert (login.dbid, login.attributes["hostName"]) == (101, "127.0.0.1")
        (client,) = server.read("Application", {"dbid": login.attributes["applicationDBID"]})
        assert client.attributes["name"] == "default"


def test_the_server_has_one_language_without_texts(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        event = client.ask(request("locale.RequestGetLocaleSets").create())
        assert list(event.getLocaleSets()) == [1033]
        for asked in (0, 1033):
            event = client.ask(request("locale.RequestReadLocale").create(number(asked)))
            assert (event.getLocaleId(), event.getSchemaData()) == (1033, None)
        event = client.ask(request("locale.RequestReadLocale").create(number(1031)))
        assert code(event)[0] == "CFGLocaleItemNotFound"
        loaded = client.protocol.loadLocalization(number(0))
        assert loaded.getLocalizationID() == 1033


def test_a_type_without_a_brief_form_is_an_error(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        event = client.ask(request("objects.RequestGetBriefInfo").create(number(12), None))
        assert code(event)[0] == "CFGUnsupportedObject"
        assert str(event.getDescription()) == "the protocol has no brief form of Script"


NOT_SERVED = [
    "requests.objects.RequestReadObjects2",
    "runtime.channel.RequestReadSchemaInfo",
    "runtime.channel.RequestSchemaFile",
]


@pytest.mark.parametrize("name", NOT_SERVED)
def test_a_request_whose_answer_is_not_public_is_refused_by_name(listen: Listen, name: str) -> None:
    with Client(listen(), "default", "password") as client:
        message = conf(f"confserver.{name}").create()
        if name.endswith("ReadObjects2"):
            message.setObjectType(PERSON)
            message.setXPathExpression("CfgPerson")
        event = client.ask(message)
        assert code(event)[0] == "CFGUnknownMessage"
        assert f"{name.rpartition('.')[2]} is not served here" in str(event.getDescription())


def told(client: Client) -> list[tuple[str, int, int]]:
    """The notifications that a client was sent: name, object type and DBID."""
    found = []
    while (event := client.protocol.receive(500)) is not None:
        named = event.getConfID()
        place = (int(named.getPropertyValue(key)) for key in ("type", "DBID"))
        found.append((str(event.messageName()), *place))
    return found


def test_changed_permissions_are_told_to_those_who_asked_and_may_read_the_object(
    listen: Listen,
) -> None:
    port = listen()
    register, unregister = (
        request(f"security.Request{what}PermissionsNotification").create()
        for what in ("Register", "Unregister")
    )
    changed = ("EventPermissionsChanged", 12, 101)
    administrators = [AccessEntry("AccessGroup", SUPER_ADMINISTRATORS, 127)]
    with (
        Client(port, "default", "password") as first,
        Client(port, "default", "password") as second,
        Client(port, "anna", RIGHT) as third,
        closing(session(port, "default", "password")) as server,
    ):
        for client in (first, second, third):
            answered = client.ask(register)
            assert str(answered.messageName()) == "EventPermissionsNotificationRegistered"
        server.set_permissions("Script", 101, administrators)  # anna may not read it now
        assert (told(first), told(second), told(third)) == ([changed], [changed], [])
        server.set_permissions("Script", 101, [])
        assert (told(first), told(second), told(third)) == ([changed], [changed], [changed])
        answered = second.ask(unregister)
        assert str(answered.messageName()) == "EventPermissionsNotificationUnregistered"
        server.set_permissions("Script", 101, administrators)
        assert (told(first), told(second)) == ([changed], [])


def test_a_refused_change_of_permissions_is_told_to_nobody(listen: Listen) -> None:
    port = listen()
    with (
        Client(port, "default", "password") as client,
        closing(session(port, "default", "password")) as server,
    ):
        client.ask(request("security.RequestRegisterPermissionsNotification").create())
        with pytest.raises(IncorrectReferencesError):
            server.set_permissions("Script", 101, [AccessEntry("Person", 999, 1)])
        assert told(client) == []


def test_the_sdk_reads_no_schema_that_is_sent_as_text() -> None:
    """Why there is no use in serving the schema, whatever it says."""
    with pytest.raises(sdk().error, match="ClassCastException"):
        conf("metadata.CfgMetadata")().parseObjectSchema("<schema/>")


def test_the_sdk_knows_the_items_of_a_schema_by_name_only() -> None:
    """A schema that is sent has a number for each of them."""
    types = sdk().metadata.getSchema().getTypeInfo()
    named = {str(one.getName()): str(one.getId()) for one in types}
    assert named["CfgPerson"] == "CFGPerson"
    assert [number for number in named.values() if number.isdecimal()] == []
    item = sdk().metadata.getCfgClass("cfglib_attribute")
    forms = {
        str(one.getSchemaName()): str(one.getClass().getSimpleName())
        for one in item.getAttributes()
    }
    assert forms["dwID"] == "CfgDescriptionAttributeInteger"
