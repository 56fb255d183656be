"""Secrets in a plan: which values are hidden, and what a plan file has in their place. Pure.

A plan in memory holds the values that it writes. In place of each secret, its file has the source
of the value and a digest: ``apply`` gets the value from the source again, and refuses a different
value.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic
from reconciler.errors import StalePlanError
from reconciler.kinds.fields import FieldPath, SecretText, Value, pointer
from reconciler.kinds.secret_names import SecretNames
from reconciler.plan.actions import Action, Create, Keep, Replace, Update, changes_of, kept_of
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan

V = TypeVar("V", bound=Value | None)

CARRIED = "carried"
"""The source of a secret that is read from a live object when it is written: in a replace from the
old object, in an HA pair from the other member."""


def source_of(value: Value | None) -> str:
    """Where a secret comes from; empty for any other value."""
    return value.source if isinstance(value, SecretText) else ""


def with_secrets(action: Action, names: SecretNames, paths: Sequence[FieldPath] = ()) -> Action:
    """The action, which also hides the values whose names are marked and those at ``paths``."""
    secrets = tuple(dict.fromkeys((*action.subject.secrets, *paths)))
    subject = replace(action.subject, secrets=secrets, secret_names=names)
    return _mapped(
        replace(action, subject=subject),
        lambda one: replace(one, secret=one.secret or subject.hides(one.path)),
    )


def secret_digest(value: str, identity: str, address: str, path: FieldPath) -> str:
    """The digest of a secret's value in a plan file: 32 hex digits.

    The server's identity, the address and the path are the salt: the same plan has the same digest,
    and the same value elsewhere a different digest. scrypt makes guessing slow.
    """
    salt = json.dumps([identity, address, *path]).encode()
    text = value.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=1, dklen=16).hex()


def with_digests(actions: Iterable[Action], identity: str) -> tuple[Action, ...]:
    """The actions with the digest of each secret that can be resolved again."""

    @cache
    def digested(value: str, source: str, address: str, path: FieldPath) -> SecretText:
        return SecretText(value, source, secret_digest(value, identity, address, path))

    def field(address: str, path: FieldPath, value: V) -> V | SecretText:
        if not isinstance(value, SecretText) or value.source in ("", CARRIED):
            return value
        return digested(str(value), value.source, address, path)

    return tuple(
        _mapped_secrets(action, field) if _has_secrets(action) else action for action in actions
    )


def _has_secrets(action: Action) -> bool:
    """Whether any value of an action is a secret."""
    for one in (*changes_of(action), *kept_of(action)):
        if isinstance(one.before, SecretText) or isinstance(one.after, SecretText):
            return True
    fields = action.fields if isinstance(action, Create | Replace) else {}
    return SecretText in map(type, fields.values())


def redacted(plan: Plan) -> Plan:
    """The plan with the source and digest of each secret in place of its value."""
    return replace(plan, actions=tuple(_redacted(action) for action in plan.actions))


def _redacted(action: Action) -> Action:
    carried = action.carried if isinstance(action, Replace) else ()

    def change(one: Change) -> Change:
        hidden = one.secret or action.hides(one.path)
        before, after = _source_only(one.before, hidden), _source_only(one.after, hidden)
        if isinstance(after, SecretText) and not after.source and one.source:
            after = SecretText("", CARRIED)
        unchanged = before is one.before and after is one.after
        return one if unchanged else replace(one, before=before, after=after)

    def field(path: FieldPath, value: Value) -> Value:
        hidden = action.hides(path)
        if hidden and path in carried:
            return SecretText("", CARRIED)
        return _source_only(value, hidden)

    return _mapped(action, change, field)


def _source_only(value: V, hidden: bool) -> V | SecretText:
    if isinstance(value, SecretText):
        return SecretText("", value.source, value.digest)
    return SecretText("") if hidden and value is not None else value


def with_resolved_secrets(
    plan: Plan, resolve: Callable[[str], str | None], *, unknown: bool = False
) -> Plan:
    """The plan with the values of its secrets. ``resolve``: source -> value; None: unknown.

    A value that is unknown, or has changed since the plan was made, raises StalePlanError; with
    ``unknown``, the secret stays empty.
    """
    problems: dict[str, Diagnostic] = {}

    @cache
    def resolved(source: str, digest: str, address: str, path: FieldPath) -> SecretText:
        # A digest takes time: stop at the first that differs.
        value = None if source in problems else resolve(source)
        if value is not None and secret_digest(value, plan.identity, address, path) == digest:
            return SecretText(value, source, digest)
        problems.setdefault(source, _other_value(source))
        return SecretText("", source, digest)

    def field(address: str, path: FieldPath, value: V) -> V | SecretText:
        if not isinstance(value, SecretText) or value.source in ("", CARRIED):
            return value
        return resolved(value.source, value.digest, address, path)

    actions = tuple(_mapped_secrets(action, field) for action in plan.actions)
    if problems and not unknown:
        raise StalePlanError(list(problems.values()))
    return replace(plan, actions=actions)


def _other_value(source: str) -> Diagnostic:
    name = source.removeprefix("env.")
    return Diagnostic(
        f"the environment variable {name} has another value than when the plan was made",
        hint=f"Nothing was written. Set {name} as it was then, or make a new plan.",
    )


def unsaveable(plan: Plan) -> list[str]:
    """The values that a plan writes and its file cannot hold: secrets in plain text in a manifest.
    As ``ADDRESS: PATH``."""
    return [f"{action.address}: {pointer(path)}" for action, path in _in_clear(plan)]


def saving_advice(plan: Plan) -> str:
    """How a plan with such values can be saved after all."""
    in_clear = list(_in_clear(plan))
    by_name = {path[-1] for action, path in in_clear if path not in action.subject.secrets}
    advice = "Declare the value as {secret: true, from: env.NAME}."
    if any(path in action.subject.secrets for action, path in in_clear):
        advice += " What a run has written as a secret stays a secret."
    if by_name:
        listed = json.dumps(sorted(by_name), ensure_ascii=False)
        advice += (
            " If it is not a secret and only its name looks so, name the option in gwe.toml:"
            f" [secrets] except = {listed}."
        )
    return advice


def _in_clear(plan: Plan) -> Iterator[tuple[Action, FieldPath]]:
    for action in redacted(plan).writes:
        written: dict[FieldPath, Value | None] = {c.path: c.after for c in changes_of(action)}
        if isinstance(action, Create | Replace):
            written.update(action.fields)
        for path, value in written.items():
            if isinstance(value, SecretText) and not value.source:
                yield action, path


def _mapped_secrets(action: Action, value: Callable[[str, FieldPath, Any], Any]) -> Action:
    """The action with values replaced, each by its address and path."""

    def change(one: Change) -> Change:
        before, after = (value(action.address, one.path, each) for each in (one.before, one.after))
        return replace(one, before=before, after=after)

    return _mapped(action, change, lambda path, one: value(action.address, path, one))


def _mapped(
    action: Action,
    change: Callable[[Change], Change],
    field: Callable[[FieldPath, Value], Value] = lambda _, value: value,
) -> Action:
    """The action with values replaced in its changes and fields."""
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
