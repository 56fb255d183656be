"""Errors of a Configuration Server, and of the connection to it.

    ServerError                        the server or the connection to it failed
      ServerUnavailableError           it cannot be reached, opened or used
        NotAServerFileError            the file is not an embedded server of ours
        DamagedServerFileError         the file of an embedded server is damaged
        ServerReadOnlyError            it can be read but not written
          ServerIsProxyError           a proxy, which passes on another server's data   exit 3
        ServerBusyError                another process held it for the whole time limit
      OutcomeUnknownError              the connection broke during a write
      ConfigurationServerError         the server answered with an error
        LoginIncorrectError        4     AppSecurityViolationError   7
        AccessDeniedError          8
        NoPermissionError          9     ObjectNotFoundError        10
        ListItemNotFoundError     11     UniquenessViolationError   12
        DependentObjectsError     13     IncompleteObjectDataError  14
        IncorrectReferencesError  15     UnchangeableInfoError      16
        ValueOutOfRangeError      17     UnspecifiedModificationError 18
        HistoryLogExpiredError    27     ReadOnlyModeError          29
        UnsupportedPropertyError  31     UnsupportedObjectError     32
        LocaleNotFoundError       35     UnsecureConnectionDeniedError 38
        EmptyPasswordDeniedError  39     UserMustChangePasswordError 40

The numbers are Configuration Server's ``CfgErrorType``.
"""

from typing import ClassVar

from reconciler.errors import ExitCode, ReconcilerError


class ServerError(ReconcilerError):
    """The server or the connection to it failed."""


class ServerUnavailableError(ServerError):
    """The server cannot be reached, opened or used."""


class NotAServerFileError(ServerUnavailableError):
    """The file is not that of an embedded Configuration Server, or it has another format."""


class DamagedServerFileError(ServerUnavailableError):
    """The file of an embedded server is damaged: the server cannot have written its content."""


class ServerReadOnlyError(ServerUnavailableError):
    """The server can be read but not written."""


class ServerIsProxyError(ServerReadOnlyError):
    """The server is a Configuration Server Proxy, which gwe reads but never writes to."""

    exit_code = ExitCode.REFUSED


class ServerBusyError(ServerUnavailableError):
    """Another process held the server for the whole time limit."""


class OutcomeUnknownError(ServerError):
    """The connection broke during a write, which may have taken effect."""


class ConfigurationServerError(ServerError):
    """An error that Configuration Server answered with.

    ``number`` is its CfgErrorType, ``object_type`` and ``prop`` are the object type and
    attribute that it is about, ``detail`` is the server's own text.
    """

    number: ClassVar[int] = 26
    meaning: ClassVar[str] = "the server refused the request"
    advice: ClassVar[str] = ""

    def __init__(self, detail: str, object_type: str = "", prop: str = "") -> None:
        about = "/".join(part for part in (object_type, prop) if part)
        kind = type(self).__name__.removesuffix("Error")
        super().__init__(
            f"{detail} ({kind}, error {self.number}{', ' + about if about else ''}:"
            f" {self.meaning})",
            self.advice,
        )
        self.detail = detail
        self.object_type = object_type
        self.prop = prop


class LoginIncorrectError(ConfigurationServerError):
    number = 4
    meaning = "the user name or the password is wrong"
    advice = (
        "Check the user (--user or GWE_USER) and the password (--password-file or GWE_PASSWORD)."
    )


class AppSecurityViolationError(ConfigurationServerError):
    number = 7
    meaning = "the client application is unknown to the server or of another type"
    advice = "Check the client application (--client) and its type (--client-type)."


class AccessDeniedError(ConfigurationServerError):
    number = 8
    meaning = "this account may not use the server"
    advice = "Ask for the account to be enabled, or use another account."


class NoPermissionError(ConfigurationServerError):
    number = 9
    meaning = "the account lacks a permission on the object or its folder"
    advice = "Grant the account the permission, or use another account."


class ObjectNotFoundError(ConfigurationServerError):
    number = 10
    meaning = "no such object; somebody may have deleted it"
    advice = "Make a new plan."


class ListItemNotFoundError(ConfigurationServerError):
    number = 11
    meaning = "the entry to change or delete is not in the list"
    advice = "Somebody else changed the object. Make a new plan."


class UniquenessViolationError(ConfigurationServerError):
    number = 12
    meaning = "the name is taken, perhaps by an object that this account cannot read"
    advice = "Look for the object with an account that may read everything."


class DependentObjectsError(ConfigurationServerError):
    number = 13
    meaning = "other objects still refer to it"
    advice = "Remove the references first."


class IncompleteObjectDataError(ConfigurationServerError):
    number = 14
    meaning = "a mandatory property is missing"
    advice = "Declare the property."


class IncorrectReferencesError(ConfigurationServerError):
    number = 15
    meaning = "a reference has no valid target"
    advice = "Create the object first, or correct the reference."


class UnchangeableInfoError(ConfigurationServerError):
    number = 16
    meaning = "the property cannot change once the object exists"
    advice = "It changes only if the object is deleted and created again."


class ValueOutOfRangeError(ConfigurationServerError):
    number = 17
    meaning = "the property cannot hold this value"
    advice = "Correct the value."


class UnspecifiedModificationError(ConfigurationServerError):
    number = 18
    meaning = "the update changes nothing; somebody may have just made the same change"
    advice = "Make a new plan."


class HistoryLogExpiredError(ConfigurationServerError):
    number = 27
    meaning = "changes were missed: the server keeps only the latest changes"
    advice = "Read the objects again."


class ReadOnlyModeError(ConfigurationServerError):
    number = 29
    meaning = "the server is in read-only or emergency mode"
    advice = "Wait until the server is back in full mode."


class UnsupportedPropertyError(ConfigurationServerError):
    number = 31
    meaning = "the type has no such property or filter"
    advice = "Check the spelling of the property."


class UnsupportedObjectError(ConfigurationServerError):
    number = 32
    meaning = "the server does not know this object type"
    advice = "Check the spelling of the type."


class LocaleNotFoundError(ConfigurationServerError):
    number = 35
    meaning = "the server has no such language"
    advice = "Ask for the default language, 0."


class UnsecureConnectionDeniedError(ConfigurationServerError):
    number = 38
    meaning = "the server takes secure connections only"
    advice = "Connect over TLS."


class EmptyPasswordDeniedError(ConfigurationServerError):
    number = 39
    meaning = "a password cannot be empty"
    advice = "Choose a password."


class UserMustChangePasswordError(ConfigurationServerError):
    number = 40
    meaning = "the password has expired and must be changed first"
    advice = "Change the password with an administration tool."


BY_NUMBER = {
    error.number: error
    for error in (
        LoginIncorrectError,
        AppSecurityViolationError,
        AccessDeniedError,
        NoPermissionError,
        ObjectNotFoundError,
        ListItemNotFoundError,
        UniquenessViolationError,
        DependentObjectsError,
        IncompleteObjectDataError,
        IncorrectReferencesError,
        UnchangeableInfoError,
        ValueOutOfRangeError,
        UnspecifiedModificationError,
        HistoryLogExpiredError,
        ReadOnlyModeError,
        UnsupportedPropertyError,
        UnsupportedObjectError,
        LocaleNotFoundError,
        UnsecureConnectionDeniedError,
        EmptyPasswordDeniedError,
        UserMustChangePasswordError,
    )
}
"""CfgErrorType -> the error class. Other types are a plain ConfigurationServerError."""
