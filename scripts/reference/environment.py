"""The page of environment variables: those of options, and those that are read elsewhere."""

from collections.abc import Iterator

from reconciler import environment as env
from reconciler.manifest.cache import SWITCH
from scripts.reference.command_line import all_commands
from scripts.reference.markdown import code, prose, table

_INTRODUCTION = """\
# Environment variables

A variable gives an option its value in
[every command that has the option](commands.md#shared-options), or sets something that has no
option. An option on the command line wins over its variable, and a variable wins over
[`gwe.toml`](settings.md). A variable that is set to an empty text counts as not set, unless the
table says otherwise. `GWE_FILE` may name several paths, separated by `:`, on Windows by `;`.
"""

OTHERS = {
    env.PASSWORD: "The password of the account; it may be empty."
    " `--password-file` and `GWE_PASSWORD_FILE` win over it"
    " ([the order](../connecting.md#urls-and-options)).",
    env.TRUST_STORE_PASSWORD: "The password of the Java trust store that `--trust-store` names.",
    env.PLAN_KEY: "A long random text. `gwe plan --out` signs the plan file with it;"
    " `gwe apply FILE` and `gwe show FILE` then refuse a file without that signature"
    " ([Plan, review, apply, undo](../saved-plans.md#plan-and-review)).",
    env.ALLOWED: "Names and patterns of variables, separated by commas. If it is set, manifests may"
    " read only these variables; if it is set to an empty text, none"
    " ([What manifests may read](../manifests.md#what-manifests-may-read)).",
    SWITCH: "`off` turns off the cache of checked manifests in the user's cache folder"
    " ([what is kept](../decisions/0013-cache-of-manifests.md)).",
    "GWE_TENANT": "For `webengagement_provisioning`: the tenant of the application, where it serves"
    " several. `gwe` has `--tenant`.",
    "GWE_CLIENT_TYPE": "For `webengagement_provisioning`: the type of the application that it logs"
    " in as, by name or number. `gwe` has `--client-type`.",
    "GWE_PYTHON": "For the drop-in scripts: the Python in which gwe-reconciler is installed, where"
    " `webengagement_provisioning` is not on `PATH`.",
}
"""Variables of ours that belong to no option -> their meaning."""

INTERNAL = {"GWE_SCRIPT_DIR", "GWE_TOOL"}
"""What the drop-in scripts set for themselves."""

_FOREIGN = {
    "NO_COLOR": "Set to anything: no colour, as with `--no-color`.",
    "CI": "A job that no person watches: gwe asks for nothing, and replaces and deletes need a"
    " state that outlives the job. `0`, `false` and `no` count as not set.",
    "PGPASSWORD": "This variable, `PGHOST` and others are read by PostgreSQL's own library, for a"
    " state in PostgreSQL.",
    "XDG_CACHE_HOME": "The folder for caches on Linux: where checked manifests are kept.",
    "XDG_STATE_HOME": "The folder for user state on Linux: where runs are stored if nothing names"
    " another place.",
}


def page() -> str:
    """Markdown."""
    rows = sorted(_of_options(), key=lambda row: row[0].strip("`"))
    options = table(("variable", "option", "meaning"), rows)
    others, foreign = (
        table(("variable", "meaning"), [(code(name), text) for name, text in found.items()])
        for found in (OTHERS, _FOREIGN)
    )
    return "\n".join(
        [
            _INTRODUCTION,
            "## Variables of options\n",
            options,
            "## Other variables of gwe\n",
            others,
            "## Variables of other programs that gwe reads\n",
            foreign,
        ]
    )


def _of_options() -> Iterator[tuple[str, str, str]]:
    seen = set[str]()
    for command in all_commands():
        for option in (one for _, found in command.options for one in found):
            if option.variable and option.variable not in seen:
                seen.add(option.variable)
                text = option.text.replace(f" (or {option.variable})", "")
                yield code(option.variable), code(option.name), prose(text)
