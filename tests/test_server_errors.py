"""The errors of a Configuration Server: each says what it means and what to do."""

from types import SimpleNamespace

import pytest

from reconciler.errors import ReconcilerError
from reconciler.server import errors
from reconciler.server.delta import Delta
from reconciler.server.errors import BY_NUMBER, ConfigurationServerError, ServerError
from reconciler.server.port import ConfObject
from reconciler.server.psdk.adapter import PsdkServer

NUMBERS = {
    "LoginIncorrectError": 4,
    "AppSecurityViolationError": 7,
    "AccessDeniedError": 8,
    "NoPermissionError": 9,
    "ObjectNotFoundError": 10,
    "ListItemNotFoundError": 11,
    "UniquenessViolationError": 12,
    "DependentObjectsError": 13,
    "IncompleteObjectDataError": 14,
    "IncorrectReferencesError": 15,
    "UnchangeableInfoError": 16,
    "ValueOutOfRangeError": 17,
    "UnspecifiedModificationError": 18,
    "HistoryLogExpiredError": 27,
    "ReadOnlyModeError": 29,
    "UnsupportedPropertyError": 31,
    "UnsupportedObjectError": 32,
    "LocaleNotFoundError": 35,
    "UnsecureConnectionDeniedError": 38,
    "EmptyPasswordDeniedError": 39,
    "UserMustChangePasswordError": 40,
}
"""CfgErrorType of the vendor's Platform SDK."""

CLASSES = [
    one
    for one in vars(errors).values()
    if isinstance(one, type)
    and issubclass(one, ConfigurationServerError)
    and one is not ConfigurationServerError
]


def test_every_error_has_the_number_of_configuration_server() -> None:
    assert {one.__name__: one.number for one in CLASSES} == NUMBERS
    assert {number: one.__name__ for number, one in BY_NUMBER.items()} == {
        number: name for name, number in NUMBERS.items()
    }


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_says_what_it_means_and_what_to_do(
    error: type[ConfigurationServerError],
) -> None:
    assert error.meaning
    assert not error.meaning.endswith(".")
    assert error.meaning != ConfigurationServerError.meaning
    assert error.advice.endswith(".")
    assert error.advice[0].isupper()


def test_no_two_errors_mean_the_same() -> None:
    meanings = [one.meaning for one in CLASSES]
    assert sorted(set(meanings)) == sorted(meanings)


def test_an_error_names_its_kind_its_number_and_what_it_is_about() -> None:
    error = errors.UniquenessViolationError("Script 'Queue' exists already", "Script", "name")
    assert error.message == (
        "Script 'Queue' exists already (UniquenessViolation, error 12, Script/name:"
        " the name is taken, perhaps by an object that this account cannot read)"
    )
    assert str(errors.ConfigurationServerError("it failed")).startswith(
        "it failed (ConfigurationServer, error 26: the server refused the request)"
    )
    assert isinstance(error, ServerError)
    assert isinstance(error, ReconcilerError)


@pytest.mark.parametrize(
    "error",
    [errors.ServerUnavailableError("the connection is gone"), errors.NoPermissionError("no Read")],
    ids=["lost", "refused"],
)
def test_a_write_whose_object_cannot_be_read_afterwards_is_not_called_refused(
    error: ServerError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configuration Server answers a write without the object, which is read again."""

    def fail(*_: object) -> list[ConfObject]:
        raise error

    monkeypatch.setattr(PsdkServer, "_write", lambda *_: [])
    monkeypatch.setattr(PsdkServer, "read", fail)
    server = object.__new__(PsdkServer)
    server._requests = SimpleNamespace(update=lambda *_: None)
    with pytest.raises(errors.OutcomeUnknownError, match="Script 600 was written and could not"):
        server.update("Script", 600, Delta())
