"""Actions for tests: of any class, by the name of the action."""

from typing import Any, get_args

from msgspec.structs import fields

from reconciler.plan.actions import Action, Fingerprint, Subject, Update

_CLASSES: dict[str, Any] = {cls.action: cls for cls in get_args(Action)}


def make_action(action: str, address: str, kind: str = "", **values: Any) -> Any:
    """The action with that name. ``values``: attributes of its subject and of itself;
    ``units`` are those of an update's fingerprint."""
    cls = _CLASSES[action]
    units = values.pop("units", ())
    if cls is Update and "fingerprint" not in values:
        values["fingerprint"] = Fingerprint(units=tuple(units))
    of_subject = {one.name for one in fields(Subject)}
    subject = {key: values.pop(key) for key in list(values) if key in of_subject}
    subject = Subject(address, kind or address.partition("/")[0], **subject)
    return cls(subject, **values)
