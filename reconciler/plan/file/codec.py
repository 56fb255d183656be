"""The plan file: its one definition, from which writing, reading and the schema follow.

``plan_json`` is what ``--format json`` prints and what a plan file holds: the same text for
the same plan, byte for byte. It holds no secret, see ``plan/secrets.py``.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

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
    Mistake,
    array,
    choice,
    constant,
    or_null,
    pair,
    record,
    table,
    text_like,
)
from reconciler.kinds.schema.manifests import DRAFT
from reconciler.kinds.secret_names import USUAL_NAMES, SecretNames
from reconciler.manifest.load import PlanInputs
from reconciler.plan.actions import ACTION_NAMES
from reconciler.plan.file.action_codec import ACTION
from reconciler.plan.file.check_actions import check_actions
from reconciler.plan.file.check_fields import check_fields
from reconciler.plan.file.seal import SEALS, digest_of, id_of, is_signed, signature_of
from reconciler.plan.model import CONSENTS, Plan, SiteMark
from reconciler.plan.secrets import redacted, with_resolved_secrets, with_secrets
from reconciler.text.visible import json_text

FORMAT = "gwe-plan/2"
_ADVICE = "Plan files are made by gwe plan --out FILE."
_OF_MANIFESTS = "Manifests are applied with gwe apply -f."
_TOOL = f"gwe-reconciler {reconciler.__version__}"


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
    Member("installation", or_null(text_like(r"^[^\u0000]*$"), "")),
    Member(
        "set",
        OPTIONAL_TEXT,
        "manifest_set",
        "The name of the set of manifests (name in gwe.toml), whose inventory says what is ours.",
    ),
    get=_site_value,
)
_INPUTS = record(
    PlanInputs,
    Member("manifests", array(TEXT)),
    Member("named", BOOLEAN),
    Member("settings", OPTIONAL_TEXT),
    Member("profile", OPTIONAL_TEXT),
    description="What the plan was made from, for information.",
)
_SUMMARY = record(
    dict,
    *(
        Member(name, INTEGER)
        for name in (*ACTION_NAMES, "sharedValuesChanged", "initialValuesDiffer")
    ),
    get=dict.__getitem__,
    description="How many actions of each name, and how many values.",
)


def _plan_value(plan: Plan, name: str) -> Any:
    match name:
        case "format":
            return FORMAT
        case "tool":
            return _TOOL
        case "secret_words":
            return _secret_names(plan).words
        case "secret_exceptions":
            return _secret_names(plan).exceptions
        case "summary":
            counts = {action: plan.counts().get(action, 0) for action in ACTION_NAMES}
            values = {
                "sharedValuesChanged": plan.shared_changes(),
                "initialValuesDiffer": plan.initial_differences(),
            }
            return {**counts, **values}
    return getattr(plan, name)


def _secret_names(plan: Plan) -> SecretNames:
    found = (action.subject.secret_names for action in plan.actions)
    return next((names for names in found if names != USUAL_NAMES), USUAL_NAMES)


def _plan(secret_words: tuple[str, ...], secret_exceptions: tuple[str, ...], **values: Any) -> Plan:
    for derived in ("format", "tool", "empty", "applyable", "summary"):
        del values[derived]
    names = SecretNames(secret_words, secret_exceptions)
    actions = (with_secrets(action, names) for action in values.pop("actions"))
    return Plan(actions=tuple(actions), **values)


_PLAN: Codec[Plan] = record(
    _plan,
    Member("format", constant(FORMAT)),
    Member("tool", TEXT),
    Member("server", TEXT),
    Member("identity", text_like(".")),
    Member("site", _SITE),
    Member("inputs", _INPUTS),
    Member("manifests", OPTIONAL_TEXT, description="A digest, for information."),
    Member("undoes", OPTIONAL_TEXT, description="The run that is reverted."),
    Member("after", OPTIONAL_TEXT, description="The last run that was known."),
    Member(
        "consent",
        array(choice(*CONSENTS)),
        description="The options that allow the plan to destroy what it would otherwise spare.",
    ),
    Member("secretWords", array(TEXT), "secret_words"),
    Member("secretExceptions", array(TEXT), "secret_exceptions"),
    Member("empty", BOOLEAN),
    Member("applyable", BOOLEAN),
    Member("summary", _SUMMARY),
    Member("actions", array(ACTION)),
    Member("refusals", array(TEXT)),
    Member("warnings", array(TEXT)),
    Member("notices", array(TEXT)),
    get=_plan_value,
)


_SEAL_SCHEMA = {
    "id": {
        "type": "string",
        "pattern": "^[0-9a-f]{32}$",
        "description": "What would be written to what; the same for plans that do the same.",
    },
    "digest": {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "SHA-256 of all other properties but the signature.",
    },
    "signature": {
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "HMAC-SHA256 of the digest, by the key in GWE_PLAN_KEY.",
    },
}


class Seal(Struct, frozen=True):
    """The id of a plan and the digest of its file; see ``plan/file/seal.py``."""

    id: str
    digest: str


_SEAL_DECODER = Decoder(Seal)
"""Does not decode the rest of the text, which may have ten thousand actions."""


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of a plan file."""
    title = "Plan of the Web Engagement reconciler"
    schema = {"$schema": DRAFT, "title": title, **_PLAN.schema}
    return {
        **schema,
        "required": [*schema["required"], "id", "digest"],
        "properties": {**schema["properties"], **_SEAL_SCHEMA},
    }


def plan_data(plan: Plan, tool: str = _TOOL) -> dict[str, Any]:
    """The plan as plain data, without any secret. ``tool``: what made it."""
    content: dict[str, Any] = {**_PLAN.encode(redacted(plan)), "tool": tool}
    head = {"format": content.pop("format"), "tool": content.pop("tool")}
    whole = {**head, **content}
    return {**head, "id": id_of(whole), "digest": digest_of(whole), **content}


def plan_json(plan: Plan, key: str = "") -> str:
    """The plan as an indented JSON text that ends with a line feed. ``key``: signs it."""
    data = plan_data(plan)
    if key:
        data["signature"] = signature_of(data["digest"], key)
    return json_text(data)


def plan_id(plan: Plan) -> str:
    """What the plan would do to what, in 32 hex digits; see ``plan/file/seal.py``."""
    return str(plan_data(plan)["id"])


def seal_of(text: str) -> Seal:
    """The seal of a plan's JSON text that ``plan_json`` made or ``read_plan`` has read."""
    try:
        return _SEAL_DECODER.decode(text)
    except (MsgspecError, UnicodeError):  # a lone surrogate: only Python accepts it
        data = json.loads(text)
        return Seal(data["id"], data["digest"])


def read_plan(
    text: str, label: str, resolve: Callable[[str], str] | None = None, key: str = ""
) -> Plan:
    """The plan of a JSON text that ``plan_json`` has made.

    ``label`` names the text in messages. ``resolve`` gives the value of a secret by its
    source (``env.NAME``); without it secrets stay empty, which is enough to show the plan.
    ``key``: what the plan must be signed with; empty: no signature is needed.
    PlanFileError for a text that is no plan, was edited or lacks the signature; StalePlanError if
    the value of a secret has changed since the plan was made.
    """
    try:
        data = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        advice = _ADVICE if text.lstrip()[:1] in ("", "{") else f"{_ADVICE} {_OF_MANIFESTS}"
        raise PlanFileError(f"{label} is no JSON: {error}", advice) from error
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise PlanFileError(
            f"{label} has format {found}; this version reads {FORMAT}"
            if found
            else f"{label} is not a plan of gwe",
            _ADVICE,
        )
    try:
        plan = plan_of(data)
        check_fields(plan)
        check_actions(plan)
    except ValueError as error:
        problem = "it holds half a character" if isinstance(error, UnicodeError) else error
        raise PlanFileError(f"{label} is not a valid plan: {problem}", _ADVICE) from error
    if key and not is_signed(data, key):
        raise PlanFileError(
            f"{label} is not signed with the key in GWE_PLAN_KEY"
            if "signature" in data
            else f"{label} is not signed, and GWE_PLAN_KEY demands a signature",
            "Save the plan with gwe plan --out where GWE_PLAN_KEY holds the same key.",
        )
    return with_resolved_secrets(plan, resolve) if resolve else plan


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. ValueError if it has a property twice: readers differ about which of the two
    counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a property twice")
    return found


def plan_of(data: Mapping[str, Any]) -> Plan:
    """The plan from which ``plan_data`` made ``data``, with empty secrets. CodecError if the data
    is no plan or was changed since."""
    for name in ("id", "digest"):
        if name not in data:
            raise CodecError(Mistake("is missing", (name,)))
    plan = _PLAN.decode({name: value for name, value in data.items() if name not in SEALS})
    for name, value in plan_data(plan, data["tool"]).items():
        if value != data[name]:
            problem = "does not match the rest of the plan: the file was edited or damaged"
            raise CodecError(Mistake(problem, (name,)))
    return plan
