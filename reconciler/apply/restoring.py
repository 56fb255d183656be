"""Creates an object where a replace has deleted the old object: its replacement, or the old object
again if the replacement could not be created."""

from msgspec.structs import replace

from reconciler.apply.calls import Calls
from reconciler.apply.carried import Inheritance, hand_over
from reconciler.apply.report import AGAIN, Outcome
from reconciler.apply.session import RunSession
from reconciler.errors import ReconcilerError
from reconciler.kinds.model import Attributes
from reconciler.plan.actions import Replace
from reconciler.server.errors import (
    ConfigurationServerError,
    OutcomeUnknownError,
    UniquenessViolationError,
)
from reconciler.server.port import ConfObject

_NAME_TAKEN = "The object is gone: another client has taken its name. When its name is free again: "


def create_in_place(
    calls: Calls, action: Replace, attributes: Attributes, old: ConfObject
) -> ConfObject:
    """Creates an object in the place of the ``old`` object, which was deleted."""
    return calls.perform(calls.create(action, attributes, old.folder, must=True))


def restore(
    session: RunSession,
    action: Replace,
    old: ConfObject,
    inherited: Inheritance,
    error: BaseException,
) -> Outcome:
    """Creates the old object again, after ``error`` kept its replacement from being created."""
    reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
    calls = session.calls
    recover = calls.recover_hint
    try:
        again = create_in_place(calls, action, old.attributes, old)
    except UniquenessViolationError as second:
        if isinstance(error, ConfigurationServerError):
            message = f"{reason}; and the old object could not be created again: {second}"
            hint = f"{_NAME_TAKEN}{recover}"
            return Outcome(action, "failed", message, hint, wrote=True, needs_recovery=True)
        message = (
            f"{reason} while its replacement was being created; an object with that name exists"
        )
        return Outcome(action, "unknown", message, recover, wrote=True)
    except (OutcomeUnknownError, KeyboardInterrupt) as second:
        message = f"{reason}; whether the old object was created again is not known: {second}"
        return Outcome(action, "unknown", message, recover, wrote=True)
    except ReconcilerError as second:
        message = f"{reason}; and the old object could not be created again: {second}"
        return Outcome(action, "failed", message, recover, wrote=True, needs_recovery=True)
    message = f"{reason}; the old object was created again, with a new DBID"
    outcome = Outcome(action, "failed", message, AGAIN, wrote=True)
    try:
        problem = calls.perform(hand_over(session, action, again, inherited))
    except ReconcilerError as second:
        message += f", but not completed: {second}"
        return replace(outcome, message=message, hint=recover, needs_recovery=True)
    return replace(outcome, message=f"{message}{problem}")
