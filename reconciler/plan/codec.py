"""The plan file: its one definition, from which writing, reading and the schema follow.

``plan_json`` is what ``--format json`` prints and what a plan file holds: the same text for
the same plan, byte for byte. It holds no secret, see ``plan/secrets.py``.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import reconciler
from reconciler.errors import PlanFileError
from reconciler.json_codec import (
    BOOLEAN,
    INTEGER,
    OPTIONAL_TEXT,
    TEXT,
    Codec,
    CodecError,
    Member,
    array,
    constant,
    pair,
    record,
    table,
    text_like,
)
from reconciler.kinds.schema import DRAFT
from reconciler.plan.action_codec import ACTION
from reconciler.plan.actions import ACTION_NAMES
from reconciler.plan.check_fields import check_fields
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.secrets import redacted, with_resolved_secrets, with_secret_words
from reconciler.visible_text import json_text

FORMAT = "gwe-plan/1"
_ADVICE = "Plan files are made by gwe plan --out FILE."


def _site_value(site: SiteMark, name: str) -> Any:
    return (site.tenant, site.tenant_dbid) if name == "tenant" else getattr(site, name)


def _site(tenant: tuple[str, int], **values: Any) -> SiteMark:
    return SiteMark(tenant=tenant[0], tenant_dbid=tenant[1], **values)


_SITE = record(
    _site,
    Member("app", TEXT),
    Member("cluster", OPTIONAL_TEXT),
    Member("tenant", pair(Member("name", TEXT), Member("dbid", INTEGER))),
    Member("roles", table(array(INTEGER), TEXT)),
    Member("siblings", array(TEXT)),
    Member("foreignKeys", table(TEXT, TEXT), "foreign_keys"),
    Member("installation", OPTIONAL_TEXT),
    get=_site_value,
)
_SUMMARY = record(
    dict,
    *(Member(name, INTEGER) for name in (*ACTION_NAMES, "sharedValuesChanged")),
    get=dict.__getitem__,
    description="How many actions of each name.",
)


def _plan_value(plan: Plan, name: str) -> Any:
    match name:
        case "format":
            return FORMAT
        case "tool":
            return f"gwe-reconciler {reconciler.__version__}"
        case "secret_words":
            words = (action.subject.secret_words for action in plan.actions)
            return next(filter(None, words), ())
        case "summary":
            counts = {action: plan.counts().get(action, 0) for action in ACTION_NAMES}
            return {**counts, "sharedValuesChanged": plan.shared_changes()}
    return getattr(plan, name)


def _plan(secret_words: tuple[str, ...], **values: Any) -> Plan:
    for derived in ("format", "tool", "empty", "applyable", "summary"):
        del values[derived]
    actions = (with_secret_words(action, secret_words) for action in values.pop("actions"))
    return Plan(actions=tuple(actions), **values)


_PLAN: Codec[Plan] = record(
    _plan,
    Member("format", constant(FORMAT)),
    Member("tool", TEXT),
    Member("server", TEXT),
    Member("identity", text_like(".")),
    Member("site", _SITE),
    Member("manifests", OPTIONAL_TEXT, description="A digest, for information."),
    Member("undoes", OPTIONAL_TEXT, description="The run that is reverted."),
    Member("after", OPTIONAL_TEXT, description="The last run that was known."),
    Member("secretWords", array(TEXT), "secret_words"),
    Member("empty", BOOLEAN),
    Member("applyable", BOOLEAN),
    Member("summary", _SUMMARY),
    Member("actions", array(ACTION)),
    Member("refusals", array(TEXT)),
    Member("warnings", array(TEXT)),
    Member("notices", array(TEXT)),
    get=_plan_value,
)


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of a plan file."""
    title = "Plan of the Web Engagement reconciler"
    return {"$schema": DRAFT, "title": title, **_PLAN.schema}


def plan_data(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, without any secret."""
    data: dict[str, Any] = _PLAN.encode(redacted(plan))
    return data


def plan_json(plan: Plan) -> str:
    """The plan as an indented JSON text that ends with a line feed."""
    return json_text(plan_data(plan))


def plan_id(text: str) -> str:
    """What tells one plan from every other: a digest of its JSON text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_plan(text: str, label: str, resolve: Callable[[str], str] | None = None) -> Plan:
    """The plan of a JSON text that ``plan_json`` has made.

    ``label`` names the text in messages. ``resolve`` gives the value of a secret by its
    source (``env.NAME``); without it secrets stay empty, which is enough to show the plan.
    PlanFileError for a text that is no plan, or a plan of another format.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"{label} is no JSON: {error}", _ADVICE) from error
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise PlanFileError(
            f"{label} has format {found}; this version reads {FORMAT}"
            if found
            else f"{label} is no plan of gwe",
            _ADVICE,
        )
    try:
        plan = plan_of(data)
        check_fields(plan)
    except ValueError as error:
        raise PlanFileError(f"{label} is not a valid plan: {error}", _ADVICE) from error
    return with_resolved_secrets(plan, resolve) if resolve else plan


def plan_of(data: Mapping[str, Any]) -> Plan:
    """The plan that ``plan_data`` made ``data`` of, with empty secrets. CodecError where the
    data is no plan, or says of itself what its actions do not say."""
    plan = _PLAN.decode(data)
    written = {**plan_data(plan), "tool": data["tool"]}
    for name, value in written.items():
        if value != data[name]:
            raise CodecError(
                "does not match the rest of the plan; the file may have been edited", (name,)
            )
    return plan
