"""Known options: which values refer to objects, and which need a restart.

The plan is ordered by the references in option values, and the target of a declared reference must
exist. Sources: the Orchestration and Web Engagement option references; ``docs/domain.md`` lists the
options.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from reconciler.kinds.fields import Value
from reconciler.kinds.model import Attributes


class OptionReference(Struct, frozen=True):
    """The target of one option value.

    ``script``: a script by name, of ``script_type``. ``endpoint``: the option ``name`` of
    section ``endpoints:<tenant DBID>`` in every Chat Server of the site.
    ``tenant_dbid`` 0 is the tenant of the object that holds the option.
    """

    target: Literal["script", "endpoint"]
    name: str
    script_type: str = ""
    tenant_dbid: int = 0


def options_in(
    object_type: str, attributes: Attributes
) -> Iterator[tuple[tuple[str, str, str], Value]]:
    """The options whose references matter, with their paths: those of an application, and those
    in the annex of any other object."""
    where, name = ("annex", "userProperties")
    if object_type == "Application":
        where, name = ("options", "options")
    for section, options in (attributes.get(name) or {}).items():
        for key, value in options.items():
            yield (where, section, key), value


def references_of(where: str, section: str, key: str, value: object) -> Iterable[OptionReference]:
    """The references in the value of an option. ``where``: ``annex`` or ``options``."""
    if not isinstance(value, str):
        return
    if where == "annex" and is_strategy(section, key):
        if value.startswith("script:"):
            yield OptionReference("script", value.removeprefix("script:"), "EnhancedRouting")
    elif where == "annex" and section == "View" and key == "Queue":
        yield OptionReference("script", value, "InteractionQueue")
    elif where == "options" and section.startswith(ENDPOINTS):
        tenant = section.removeprefix(ENDPOINTS)
        if value and _is_dbid(tenant):
            yield OptionReference("script", value, "InteractionQueue", int(tenant))
    elif where == "options" and (section, key) == _QUEUE_KEY[1:]:
        tenant, _, endpoint = value.partition(":")
        if _is_dbid(tenant) and endpoint:
            yield OptionReference("endpoint", endpoint, tenant_dbid=int(tenant))
    elif where == "options" and (section, key) == ("chat", "webengagementChatQueue") and value:
        yield OptionReference("script", value, "InteractionQueue")


def value_problem(path: Sequence[str], value: str) -> str:
    """Why a value cannot work in the option at ``path`` (word, section, option); empty: it can, or
    the form of the option is not known. The value, which may be a secret, is not repeated."""
    if tuple(path) != _QUEUE_KEY or any(references_of(*_QUEUE_KEY, value)):
        return ""
    return (
        "chat/queueKey must be the DBID of a tenant, a colon and the name of an endpoint,"
        " such as 101:webme"
    )


def endpoint_key(path: Sequence[str]) -> str:
    """The queueKey that refers to the option at ``path`` (word, section, option), such as
    ``101:webme``; empty if the option is no endpoint of a Chat Server."""
    if len(path) != 3 or path[0] != "options" or not path[1].startswith(ENDPOINTS):
        return ""
    return f"{path[1].removeprefix(ENDPOINTS)}:{path[2]}"


def is_strategy(section: str, key: str) -> bool:
    """Whether an option of a queue's annex binds the queue to a strategy."""
    return section == "Orchestration" and _APPLICATION.fullmatch(key) is not None


def _is_dbid(text: str) -> bool:
    return text.isascii() and text.isdigit()


def needs_restart(section: str, key: str) -> bool:
    """Whether an application reads the option only when it starts."""
    return (section, key) in _RESTART


# `application@CLUSTER` binds a queue for a single Orchestration cluster.
_APPLICATION = re.compile(r"application(@.+)?")
ENDPOINTS = "endpoints:"
"""The beginning of the name of a Chat Server's section of endpoints; the tenant's DBID follows."""
_QUEUE_KEY = ("options", "chat", "queueKey")
_RESTART = frozenset({("chat", "queueKey"), ("chat", "connectionTimeout")})
