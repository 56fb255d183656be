"""Makes the plan that reverts a run: reads what it depends on, then calls ``actions``."""

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.check import on_another_server
from reconciler.apply.reread import check_installation, file_specs, read_again
from reconciler.apply.undo.actions import undo_actions
from reconciler.apply.written import written_by
from reconciler.errors import RefusedError
from reconciler.kinds.natural_keys import key_values
from reconciler.kinds.referring import targets_of
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.kinds.types.table import ALL_TYPES, FOLDER_TYPES
from reconciler.launch.adapter import FilesReader
from reconciler.launch.files import Installation
from reconciler.plan.actions import Create
from reconciler.plan.chat.shared_endpoints import keep_shared_endpoints
from reconciler.plan.context import PlanSettings
from reconciler.plan.fingerprint import with_fingerprints
from reconciler.plan.guards import refusals, spare_predefined
from reconciler.plan.known_secrets import KnownSecrets
from reconciler.plan.model import Plan
from reconciler.plan.notices import circle_notices
from reconciler.plan.reading.queries import ReadRequirement
from reconciler.plan.renames import renames_in, with_new_names
from reconciler.plan.secrets import with_secrets
from reconciler.server.folders import FoldersReader
from reconciler.server.identity import same_server
from reconciler.server.port import ConfObject, Reader
from reconciler.server.reading import by_key
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import name_of
from reconciler.state.store import StoredRun


class UndoOptions(Struct, frozen=True):
    """``force``: also delete objects that have changed since, and exceed the limits;
    ``known_secrets``: what runs have written as secrets; ``installation``: where the launch files
    are."""

    force: bool = False
    settings: PlanSettings = PlanSettings()
    known_secrets: KnownSecrets = KnownSecrets()
    installation: Installation | None = None


def plan_undo(
    run: StoredRun, plan: Plan, server: Reader, options: UndoOptions | None = None
) -> Plan:
    """The plan that reverts a run. ``plan``: the plan that the run applied.

    RefusedError if the run was on another server or its launch files are elsewhere.
    """
    info = server.info()
    if not same_server(run.head.identity, info.identity):
        raise RefusedError([on_another_server(run.head, info)])
    options = options or UndoOptions()
    force, installation = options.force, options.installation
    check_installation(run, plan, installation)
    if installation is not None:
        server = FilesReader(server, installation, file_specs(plan))
    server = FoldersReader(server)
    live, site = read_again(plan, server, installation, _requirements(run, plan))
    live = _with_created_again(live, run, plan, server)
    actions, notices = undo_actions(run, plan, live, force=force)
    names, known = options.settings.secret_names, options.known_secrets
    actions = [with_secrets(one, names, known.of(*one.subject.identity)) for one in actions]
    before = plan.site.foreign_keys
    since = {name: key for name, key in site.foreign_keys.items() if before.get(name) != key}
    actions, shared = keep_shared_endpoints(spare_predefined(actions, live), since)
    live = with_new_names(live, renames_in(actions))
    if not run.answered:
        notices.append(f"Run {run.name} has changed nothing on the server.")
    # Whoever asks for an undo consents to all that it deletes: no limit applies.
    whole = replace(options.settings.limits, percent=100)
    return Plan(
        server=info.url,
        identity=info.identity,
        site=replace(site, manifest_set=plan.site.manifest_set),
        actions=with_fingerprints(actions, live),
        notices=(*notices, *shared, *circle_notices(actions, live)),
        undoes=run.name,
        consent=("--force",) if force else (),
        refusals=() if force else refusals(actions, whole, consented=True),
    )


def _with_created_again(live: Snapshot, run: StoredRun, plan: Plan, server: Reader) -> Snapshot:
    """The live objects, and the objects that now have the names of objects which the run wrote and
    which are gone."""
    found: list[ConfObject] = []
    for entry in written_by(run, plan).values():
        one = entry.after or entry.before
        if one and entry.before and entry.now(live) is None and one.type != LAUNCH_FILE:
            kind = ALL_TYPES[one.type]
            filters = by_key(kind, key_values(kind, one.attributes))
            found += server.read(one.type, filters) if filters else ()
    return Snapshot([*live, *found]) if found else live


def _requirements(run: StoredRun, plan: Plan) -> list[ReadRequirement]:
    """What must be read besides the run's objects: the objects that refer to them now, or did
    before."""
    written = written_by(run, plan)
    requirements = [
        ReadRequirement(one.type, one.tenant, brief=True, referrers=True)
        for entry in written.values()
        if isinstance(entry.action, Create)
        and (one := entry.after) is not None
        and one.type != "Application"
    ]
    for entry in written.values():
        before, after = entry.before, entry.after
        if before and after and name_of(before) != name_of(after):
            place = (after.type, after.tenant)
            requirements.append(
                ReadRequirement(*place, dbid=after.dbid, new_name=name_of(before), referrers=True)
            )
    for step in run.steps:
        for one in filter(None, (step.before, step.after)):
            targets = tuple(targets_of(ALL_TYPES[one.type], one.attributes, _words(one)))
            holds = one.type in FOLDER_TYPES
            requirements.append(
                ReadRequirement(
                    one.type, one.tenant, dbid=one.dbid, targets=targets, referrers=holds
                )
            )
        for one in step.referrers:
            requirements.append(ReadRequirement(one.type, one.tenant, dbid=one.dbid))
        deleted = [step.before] if step.call == "delete" and step.before else []
        for one in (*deleted, *step.referrers):
            requirements.append(
                ReadRequirement(one.type, one.tenant, brief=True, words=_words(one), folder=True)
            )
    return requirements


def _words(one: ConfObject) -> frozenset[str]:
    return frozenset(attribute.word for attribute in ALL_TYPES[one.type].attributes)
