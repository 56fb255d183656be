"""Marks what of an action is a secret by its name, in the words that a site adds. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.kinds.fields import is_secret
from reconciler.plan.model import Action, Change


def with_secrets(action: Action, words: Sequence[str]) -> Action:
    """The action with every value hidden whose name holds one of ``words``."""
    if not words:
        return action
    return replace(
        action,
        changes=tuple(_hidden(one, words) for one in action.changes),
        kept=tuple(_hidden(one, words) for one in action.kept),
        secret_words=tuple(words),
    )


def _hidden(change: Change, words: Sequence[str]) -> Change:
    return replace(change, secret=change.secret or is_secret(change.path, words))
