"""The errors of a Configuration Server: each says what it means and what to do."""

import pytest

from reconciler.errors import ReconcilerError
from reconciler.server import errors
from reconciler.server.errors import BY_NUMBER, ConfigurationServerError, ServerError

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
