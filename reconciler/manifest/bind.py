"""Binds manifests to a site: variables filled in, options fanned out over their role.

The result is checked again, since names and values may come from variables. All
problems are reported together. Without a site (``gwe validate``) everything that does
not depend on one is checked.
"""

from collections.abc import Mapping, Sequence

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import ManifestError
from reconciler.kinds.roles import CLUSTER_ROLE, HOLDER_ROLE, SERVER_ROLE, TARGET_ROLES
from reconciler.launch.errors import LaunchError
from reconciler.launch.formats import Format, format_of
from reconciler.manifest.desired import (
    Desired,
    DesiredFile,
    DesiredObject,
    DesiredOptions,
    Untargeted,
)
from reconciler.manifest.documents import Manifest
from reconciler.manifest.expand import Expanded, expand
from reconciler.manifest.fields import FieldReader, PolicyReader
from reconciler.manifest.interpolate import Interpolation, Scope
from reconciler.manifest.merge import merge_options, report_same_files, report_same_objects
from reconciler.manifest.variables import Variables
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import Site, application_name
from reconciler.strict_yaml import as_text


def bind(
    manifests: Sequence[Manifest],
    variables: Variables,
    environment: Mapping[str, str],
    site: Site | None = None,
    live: Snapshot | None = None,
) -> Desired:
    """The desired objects. ManifestError lists everything that does not fit."""
    binder = _Binder(variables, environment, site, live)
    for manifest in manifests:
        binder.add(manifest)
    return binder.finish()


class _Binder:
    def __init__(
        self,
        variables: Variables,
        environment: Mapping[str, str],
        site: Site | None,
        live: Snapshot | None,
    ) -> None:
        self._variables = variables
        self._environment = environment
        self._site = site
        self._live = live
        self._problems: list[Diagnostic] = []
        self._objects: list[DesiredObject] = []
        self._options: list[DesiredOptions] = []
        self._untargeted: list[Untargeted] = []
        self._files: list[DesiredFile] = []

    def add(self, manifest: Manifest) -> None:
        match manifest.kind.binding:
            case "object":
                self._add_object(manifest)
            case "options":
                self._add_options(manifest)
            case "file":
                self._add_file(manifest)
            case "variables":
                scope = self._interpolation()
                for name in manifest.data["spec"]:
                    default = manifest.data["spec"][name].get("default")
                    if isinstance(default, str) and not self._variables.set_by_site(name):
                        scope.text(default, manifest.at(("spec", name, "default")), in_default=True)

    def finish(self) -> Desired:
        report_same_objects(self._objects, self._problems)
        report_same_files(self._files, self._problems)
        options = merge_options(self._options, self._problems)
        unique = list(dict.fromkeys(self._problems))
        if unique:
            raise ManifestError(unique)
        return Desired(
            tuple(self._objects), tuple(options), tuple(self._untargeted), tuple(self._files)
        )

    def _interpolation(self, target: str | None = None, *, fan_out: bool = False) -> Interpolation:
        site = self._site.values if self._site else None
        scope = Scope(self._variables, site, self._environment, target, fan_out)
        return Interpolation(scope, self._problems)

    def _problem(self, summary: str, place: Position, hint: str = "") -> None:
        self._problems.append(Diagnostic(summary, place, hint))

    def _name(self, expanded: Expanded, word: str) -> str:
        value = as_text(expanded.data["metadata"].get(word, ""))
        place = expanded.at(("metadata", word))
        limit = 255
        if word in expanded.data["metadata"] and not value.strip():
            self._problem(f"metadata.{word} is empty", place)
        if len(value) > limit and word != "folder":
            self._problem(f"metadata.{word} is longer than {limit} characters", place)
        return value

    def _add_object(self, manifest: Manifest) -> None:
        expanded = expand(manifest, ("metadata", "spec", "policy"), self._interpolation())
        kind = manifest.kind
        name, attribute = self._name(expanded, "name"), self._name(expanded, "attribute")
        site_tenant = self._site.tenant_name if self._site else ""
        tenant = self._name(expanded, "tenant") or site_tenant
        policy, reader = self._readers(manifest, expanded, name)
        fields = reader.object_fields()
        policy.report_unused()
        self._objects.append(
            DesiredObject(
                kind=kind,
                name=name,
                tenant=tenant,
                fields=fields,
                policy=policy.for_object(),
                origin=manifest.at(("metadata", "name")),
                attribute=attribute,
                folder=self._name(expanded, "folder"),
                other_tenant=tenant != site_tenant,
            )
        )

    def _readers(
        self, manifest: Manifest, expanded: Expanded, name: str
    ) -> tuple[PolicyReader, FieldReader]:
        """What reads the policy and the fields of a manifest."""
        kind = manifest.kind
        policy = PolicyReader(kind, expanded, self._problems)
        label = f"{kind.name}/{name}"
        return policy, FieldReader(
            kind, expanded, label, policy, self._variables, self._environment, self._problems
        )

    def _add_file(self, manifest: Manifest) -> None:
        expanded = expand(manifest, ("metadata", "spec", "policy"), self._interpolation())
        name, spec = self._name(expanded, "name"), expanded.data["spec"]
        path = as_text(spec["file"])
        policy, reader = self._readers(manifest, expanded, name)
        try:
            form = as_text(spec["format"]) if "format" in spec else format_of(path)
            Format(form)
        except (LaunchError, ValueError) as error:
            hint = error.hint if isinstance(error, LaunchError) else ""
            place = expanded.at(("spec", "format" if "format" in spec else "file"))
            self._problem(getattr(error, "message", str(error)), place, hint)
            return
        fields = reader.file_fields(form)
        policy.report_unused()
        origin = manifest.at(("spec", "file"))
        self._files.append(DesiredFile(name, path, form, fields, origin))

    def _add_options(self, manifest: Manifest) -> None:
        head = expand(manifest, ("metadata", "target"), self._interpolation())
        name = self._name(head, "name")
        if self._site is None or self._live is None:
            self._check_target(head)
            merge_options([self._options_for(manifest, name, None)], self._problems)
            return
        applications = self._targets(manifest, head)
        if applications is None:
            return
        if not applications:
            role = as_text(head.data["target"]["role"])
            fields = self._options_for(manifest, name, None).fields
            self._untargeted.append(Untargeted(name, role, manifest.at(("target",)), fields))
        for application in applications:
            self._options.append(self._options_for(manifest, name, application))

    def _check_target(self, head: Expanded) -> str:
        """The role that the target names, if it names a known one."""
        role = as_text(head.data["target"].get("role", ""))
        if role and role not in TARGET_ROLES and "${" not in role:
            known = ", ".join(TARGET_ROLES)
            self._problem(
                f"no role is called {role}", head.at(("target", "role")), f"Known: {known}."
            )
            return ""
        return role

    def _targets(self, manifest: Manifest, head: Expanded) -> tuple[ConfObject, ...] | None:
        """The applications that the manifest is for; None where its target is wrong."""
        assert self._site is not None  # noqa: S101 - the caller has checked
        assert self._live is not None  # noqa: S101 - the caller has checked
        if "application" in head.data["target"]:
            wanted = as_text(head.data["target"]["application"])
            found = self._live.find("Application", 0, wanted)
            if found is None:
                self._problem(
                    f"no application is called {wanted}, or this account cannot read it",
                    head.at(("target", "application")),
                    "Check the name, or target a role.",
                )
            return (found,) if found else None
        role = self._check_target(head)
        if role == HOLDER_ROLE:
            return self._holders(manifest)
        return self._site.roles.get(role, ()) if role else None

    def _holders(self, manifest: Manifest) -> tuple[ConfObject, ...]:
        """The server and the cluster as far as they have an option of the manifest, else
        the server; a primary and its backup together."""
        assert self._site is not None  # noqa: S101 - the caller has checked
        groups = [self._site.roles.get(role, ()) for role in (SERVER_ROLE, CLUSTER_ROLE)]
        holders = [group for group in groups if any(self._holds(one, manifest) for one in group)]
        return tuple(one for group in holders or groups[:1] for one in group)

    def _holds(self, application: ConfObject, manifest: Manifest) -> bool:
        held = application.attributes.get("options") or {}
        fields = self._options_for(manifest, "", application).fields
        return any(field.path[2] in held.get(field.path[1], {}) for field in fields)

    def _options_for(
        self, manifest: Manifest, name: str, application: ConfObject | None
    ) -> DesiredOptions:
        target = application_name(application) if application else None
        interpolation = self._interpolation(target, fan_out=True)
        expanded = expand(manifest, ("spec", "policy"), interpolation)
        policy, reader = self._readers(manifest, expanded, name)
        fields = reader.option_fields()
        policy.report_unused()
        return DesiredOptions(application.dbid if application else 0, target or "", fields)
