"""Secrets in a plan: which values are hidden, and how a plan file does without them. Pure.

A plan in memory holds the values that it writes. Its file names where each secret comes
from instead, and ``apply`` gets the value from there again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from reconciler.kinds.fields import FieldPath, SecretText, Value, is_secret, pointer
from reconciler.plan.actions import Action, Change, Create, Keep, Replace, Update, changes_of
from reconciler.plan.model import Plan

V = TypeVar("V", bound=Value | None)

CARRIED = "carried"
"""The source of a secret that is taken from a live object when it is written: by a replace
from the object that it replaces, in an HA pair from the other member."""


def source_of(value: Value | None) -> str:
    """Where a secret comes from; empty for any other value."""
    return value.source if isinstance(value, SecretText) else ""


def with_secret_words(action: Action, words: Sequence[str]) -> Action:
    """The action with every value hidden whose name holds one of ``words``."""
    if not words:
        return action
    subject = replace(action.subject, secret_words=tuple(words))
    return _mapped(
        replace(action, subject=subject),
        lambda one: replace(one, secret=one.secret or is_secret(one.path, words)),
    )


def redacted(plan: Plan) -> Plan:
    """The plan with the source of each secret in place of its value."""
    return replace(plan, actions=tuple(_redacted(action) for action in plan.actions))


def _redacted(action: Action) -> Action:
    carried = action.carried if isinstance(action, Replace) else ()

    def field(path: FieldPath, value: Value) -> Value:
        hidden = action.subject.hides(path)
        if hidden and path in carried:
            return SecretText("", CARRIED)
        return _source_only(value, hidden)

    return _mapped(action, _redacted_change, field)


def _redacted_change(change: Change) -> Change:
    hidden = change.secret or is_secret(change.path)
    after = _source_only(change.after, hidden)
    if isinstance(after, SecretText) and not after.source and change.source:
        after = SecretText("", CARRIED)
    return replace(change, before=_source_only(change.before, hidden), after=after)


def _source_only(value: V, hidden: bool) -> V | SecretText:
    if value is None or not (hidden or isinstance(value, SecretText)):
        return value
    return SecretText("", source_of(value))


def with_resolved_secrets(plan: Plan, resolve: Callable[[str], str]) -> Plan:
    """The plan with the value of each secret that ``resolve`` gives for its source."""

    def value(one: V) -> V | SecretText:
        source = source_of(one)
        return one if source in ("", CARRIED) else SecretText(resolve(source), source)

    def change(one: Change) -> Change:
        return replace(one, before=value(one.before), after=value(one.after))

    def field(path: FieldPath, one: Value) -> Value:  # noqa: ARG001 - as _mapped calls it
        return value(one)

    return replace(plan, actions=tuple(_mapped(one, change, field) for one in plan.actions))


def unsaveable(plan: Plan) -> list[str]:
    """The values that a plan writes and that its file cannot hold: secrets that stand in a
    manifest in clear. As ``ADDRESS: PATH``."""
    found: list[str] = []
    for action in redacted(plan).writes:
        written: dict[FieldPath, Value | None] = {c.path: c.after for c in changes_of(action)}
        if isinstance(action, Create | Replace):
            written.update(action.fields)
        found += [
            f"{action.address}: {pointer(path)}"
            for path, value in written.items()
            if isinstance(value, SecretText) and not value.source
        ]
    return found


def _mapped(
    action: Action,
    change: Callable[[Change], Change],
    field: Callable[[FieldPath, Value], Value] = lambda _, value: value,
) -> Action:
    """The action with other values in its changes and fields."""
    match action:
        case Create() | Replace():
            values = {path: field(path, value) for path, value in action.fields.items()}
            action = replace(
                action, fields=values, changes=tuple(change(one) for one in action.changes)
            )
        case Update():
            action = replace(action, changes=tuple(change(one) for one in action.changes))
    if isinstance(action, Update | Replace | Keep):
        action = replace(action, kept=tuple(change(one) for one in action.kept))
    return action
