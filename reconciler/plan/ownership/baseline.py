"""Accepted differences: what a baseline file says may differ, and a plan without these differences.
Pure.

A difference is accepted while both its sides are as the baseline says. When the server or the
manifest has another value, it is drift again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import RefusedError
from reconciler.json_codec import TEXT, Codec, Member, array, constant, mapped, record
from reconciler.kinds.fields import FieldPath, SecretText, Value
from reconciler.kinds.manifest_kind import API_VERSION
from reconciler.kinds.schema.manifests import DRAFT
from reconciler.plan.actions import Action, Create, Delete, Skip, Update, Write, kept_of
from reconciler.plan.file.action_codec import PATH, VALUE
from reconciler.plan.model import Plan

KIND = "Baseline"

ITSELF: FieldPath = ()
"""The path of the difference that an object exists on one side only: its values are true and
false."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


_NOT_BLANK = mapped(TEXT, _not_blank, str, pattern=r"\S")


class Accepted(Struct, frozen=True):
    """One accepted difference. ``live``, ``manifest``: the values of the field at ``path``,
    None if it is absent. ``position``: its place in the file, which does not count when two are
    compared."""

    address: str
    path: FieldPath
    live: Value | None
    manifest: Value | None
    reason: str = ""
    position: Position | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """What identifies the difference. A number equals no text and no truth value."""
        sides = ((type(value), value) for value in (self.live, self.manifest))
        return self.address, self.path, *sides


class Baseline(Struct, frozen=True):
    """The accepted differences of one site. ``identity``: of its server."""

    identity: str
    app: str
    tenant: str
    accepted: tuple[Accepted, ...] = ()
    name: str = ""


_ENTRY = record(
    Accepted,
    Member("address", TEXT, description="The object, as plans print it."),
    Member(
        "field",
        PATH,
        "path",
        "JSON Pointer of the field; empty: the object itself, which is there (true) or not.",
    ),
    Member("live", VALUE, description="What Configuration Server has; null: nothing."),
    Member("manifest", VALUE, description="What the manifest says; null: nothing."),
    Member("reason", _NOT_BLANK, description="Why the difference is accepted."),
)


def _baseline(api_version: str, kind: str, **values: Any) -> Baseline:  # noqa: ARG001 - constants
    return Baseline(**values)


BASELINE: Codec[Baseline] = record(
    _baseline,
    Member("apiVersion", constant(API_VERSION), "api_version"),
    Member("kind", constant(KIND)),
    Member("server", _NOT_BLANK, "identity", "What the server calls itself."),
    Member("app", TEXT, description="The application of the Web Engagement Server."),
    Member("tenant", TEXT, description="The name of the site's tenant."),
    Member("accepted", array(_ENTRY)),
    get=lambda baseline, name: getattr(baseline, name, ""),
    description="Differences that gwe drift --baseline does not count.",
)


def baseline_schema() -> dict[str, Any]:
    """The JSON Schema of a baseline file."""
    return {"$schema": DRAFT, "title": "Baseline of gwe drift", **BASELINE.schema}


def differences(plan: Plan) -> Iterator[Accepted]:
    """What a plan would write, difference by difference. Secrets are left out: their values
    are in no file."""
    for action in plan.writes:
        yield from _differences(action)


def _differences(action: Action) -> Iterator[Accepted]:
    match action:
        case Create() | Delete():
            wanted = isinstance(action, Create)
            yield Accepted(action.address, ITSELF, not wanted, wanted)
        case Update():
            for change in action.changes:
                values = (change.before, change.after)
                if not change.secret and not any(isinstance(v, SecretText) for v in values):
                    yield Accepted(action.address, change.path, *values)


def without_accepted(plan: Plan, baseline: Baseline, *, whole: bool) -> Plan:
    """The plan without the accepted differences, which its notices count. A warning names
    each entry that no difference matches. ``whole``: the plan is about every manifest.
    RefusedError if the baseline is of another site."""
    check_site(plan, baseline)
    known = {entry.key: entry for entry in baseline.accepted}
    found = {one.key for one in differences(plan)}
    planned = {action.address for action in plan.actions if not isinstance(action, Skip)}
    unused = [
        entry
        for entry in baseline.accepted
        if entry.key not in found and (whole or entry.address in planned)
    ]
    warnings = [
        f"{entry.position}: {entry.address} does not differ as this entry accepts. Remove the"
        f" entry, or write the baseline again."
        for entry in unused
    ]
    number = len(known.keys() & found)
    accepted = "1 difference is" if number == 1 else f"{number} differences are"
    notices = [f"{accepted} accepted by {baseline.name} and not counted."] if number else []
    return replace(
        plan,
        actions=tuple(_without(action, known) for action in plan.actions),
        warnings=(*plan.warnings, *warnings),
        notices=(*plan.notices, *notices),
    )


def check_site(plan: Plan, baseline: Baseline) -> None:
    """RefusedError if a baseline is of another site than the plan."""
    own = (plan.identity, plan.site.app, plan.site.tenant)
    others = (baseline.identity, baseline.app, baseline.tenant)
    names = ("server", "app", "tenant")
    for name, one, other in zip(names, own, others, strict=True):
        if one != other:
            problem = f"{baseline.name} is the baseline of another site: its {name} is {other}"
            hint = f"This site's {name} is {one}. Name this site's own baseline."
            raise RefusedError([Diagnostic(problem, hint=hint)])


def _without(action: Action, known: Mapping[tuple[object, ...], Accepted]) -> Action:
    if not isinstance(action, Write):
        return action
    entries = {one.path: known[one.key] for one in _differences(action) if one.key in known}
    if not entries:
        return action
    reasons = "; ".join(dict.fromkeys(entry.reason for entry in entries.values()))
    if not isinstance(action, Update) or len(entries) == len(action.changes):
        what = "its differences are" if len(entries) > 1 else "its difference is"
        return Skip(action.subject, f"{what} accepted: {reasons}", action.needs)
    kept = tuple(change for change in action.changes if change.path in entries)
    changes = tuple(change for change in action.changes if change.path not in entries)
    return replace(action, changes=changes, kept=(*kept_of(action), *kept))


def baseline_of(plan: Plan, old: Sequence[Accepted], reason: str, *, whole: bool) -> Baseline:
    """The baseline that accepts what a plan would write. An entry of ``old`` that still
    matches stays, with its reason; a new entry gets ``reason``. ``whole``: the plan is about
    every manifest, so that the other entries of ``old`` go."""
    known = {entry.key: entry for entry in old}
    entries = [known.get(one.key, replace(one, reason=reason)) for one in differences(plan)]
    planned = {action.address for action in plan.actions}
    elsewhere = [] if whole else [entry for entry in old if entry.address not in planned]
    ordered = sorted([*entries, *elsewhere], key=lambda one: (one.address, one.path))
    return Baseline(plan.identity, plan.site.app, plan.site.tenant, tuple(ordered))
