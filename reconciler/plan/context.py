"""The input of planning: desired and live objects, the site, and the user's options."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.kinds.addresses import selects
from reconciler.kinds.secret_names import USUAL_NAMES, SecretNames
from reconciler.manifest.desired import Desired, ManagedField
from reconciler.plan.actions import Subject
from reconciler.plan.diff import secrets_of
from reconciler.plan.guards import Limits
from reconciler.plan.known_secrets import KnownSecrets
from reconciler.plan.model import CONSENTS
from reconciler.plan.names import DeclaredNames
from reconciler.server.port import ObjectKey
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import EntryKey, Inventory
from reconciler.site.model import Site


class PlanSettings(Struct, frozen=True):
    """What holds for every plan of a site. ``limits``: how much a plan may destroy without
    ``force``; ``secret_names``: the option names that mark a secret; ``manifest_set``: the name of
    the set of manifests, whose inventory says what it has created on the server."""

    limits: Limits = Limits()
    secret_names: SecretNames = USUAL_NAMES
    manifest_set: str = ""


class PlanOptions(Struct, frozen=True):
    """What the user asked for. ``overwrite_only``, ``target`` and ``exclude`` are patterns of
    addresses; ``reset_initial``: what is overwritten gets the manifests' initial values too;
    ``prune``: delete what is ours and no manifest declares any more; ``destroy``: delete all that
    is ours, with ``prune``; ``all_scripts``: the names and options of all scripts of the tenant are
    read too, which no plan needs; ``settings``: those of the site, which hold for every plan."""

    overwrite: bool = False
    overwrite_only: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    reset_initial: bool = False
    force: bool = False
    prune: bool = False
    destroy: bool = False
    all_scripts: bool = False
    settings: PlanSettings = PlanSettings()

    def overwrites(self, address: str) -> bool:
        """Whether ``--overwrite`` or ``--overwrite-only`` applies to an address."""
        return self.overwrite or selects(self.overwrite_only, address)

    def resets(self, address: str) -> bool:
        """Whether ``--reset-initial`` applies to an address."""
        return self.reset_initial and self.overwrites(address)

    @property
    def whole(self) -> bool:
        """Whether the plan is about all that the manifests declare."""
        return not (self.target or self.exclude)

    @property
    def consent(self) -> tuple[str, ...]:
        """What the plan may destroy; see ``plan.model.CONSENTS``."""
        only = bool(self.overwrite_only)
        given = (self.overwrite, only, self.reset_initial, self.force, self.prune, self.destroy)
        return tuple(name for name, is_given in zip(CONSENTS, given, strict=True) if is_given)

    def without_overwrite(self) -> "PlanOptions":
        return replace(self, overwrite=False, overwrite_only=(), reset_initial=False)


class Context(Struct, frozen=True, dict=True):
    """The input of planning. ``known_secrets``: what earlier runs have written as secrets;
    ``account``: the user name of this session, empty if the server does not tell it;
    ``inventory``: what is ours; ``others``: what other inventories list, and who owns them;
    ``protected``: the objects that a policy protects, where no object is declared."""

    desired: Desired
    live: Snapshot
    site: Site
    options: PlanOptions
    known_secrets: KnownSecrets = field(default_factory=KnownSecrets)
    account: str = ""
    inventory: Inventory = field(default_factory=Inventory)
    others: Mapping[EntryKey, str] = field(default_factory=dict)
    protected: frozenset[ObjectKey] = frozenset()

    @cached_property
    def tenants(self) -> frozenset[int]:
        """The DBIDs of the tenants of the site and of the desired objects."""
        names = {one.tenant for one in self.desired.objects if one.kind.tenanted}
        found = (self.live.find("Tenant", 0, name) for name in names)
        return frozenset({self.site.tenant_dbid, *(one.dbid for one in found if one)})

    @cached_property
    def names(self) -> DeclaredNames:
        """The names of live and of declared objects."""
        return DeclaredNames(self.desired, self.live, self.site.tenant_dbid)

    def with_secrets(self, subject: Subject, fields: Iterable[ManagedField]) -> Subject:
        """The subject, changed to hide what its manifests, earlier runs or the settings call a
        secret. ``fields``: those that the manifests declare."""
        paths = (*secrets_of(fields), *self.known_secrets.of(*subject.identity))
        secret_names = self.options.settings.secret_names
        if not paths and secret_names == subject.secret_names:
            return subject
        return replace(
            subject,
            secrets=tuple(dict.fromkeys(paths)),
            secret_names=secret_names,
        )
