"""The page of environment variables: those of options, and those that are read elsewhere."""

from collections.abc import Iterator

from reconciler import environment as env
from reconciler.manifest.cache import SWITCH
from scripts.reference.command_line import all_commands
from scripts.reference.markdown import code, prose, table

_INTRODUCTION = """\
# Environment variables

Each variable stands for an option of [every command that has it](commands.md#shared-options), or
for what has no option. An option on the command line wins over its variable, and a variable wins
over [`gwe.toml`](settings.md). What is set to an empty text counts as not set, unless the table
says otherwise.
"""

OTHERS = {
    env.PASSWORD: "The password of the account, also where it is empty."
    " `--password-file` and `GWE_PASSWORD_FILE` win over it"
    " ([the order](../connecting.md#urls-and-options)).",
    env.TRUST_STORE_PASSWORD: "The password of the Java trust store that `--trust-store` names.",
    env.PLAN_KEY: "A long random text. `gwe plan --out` signs the plan file with it;"
    " `gwe apply FILE` and `gwe show FILE` then refuse a file without that signature"
    " ([Plan, review, apply, undo](../saved-plans.md#plan-and-review)).",
    env.ALLOWED: "Names and patterns, with commas: where it is set, manifests may read no other"
    " variables, and none where it is empty"
    " ([What manifests may read](../manifests.md#what-manifests-may-read)).",
    SWITCH: "`off` turns the cache of manifests off, which the user's cache folder holds"
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
    "NO_COLOR": "No colour, as with `--no-color`, whatever its value.",
    "CI": "A job without a person: nothing is asked for, and replaces and deletes need a state that"
    " outlives the job. `0`, `false` and `no` count as not set.",
    "PGPASSWORD, PGHOST and others": "What PostgreSQL's own library reads, for a state in"
    " PostgreSQL.",
    "XDG_CACHE_HOME": "The folder for caches on Linux: where checked manifests are kept.",
    "XDG_STATE_HOME": "The folder for user state on Linux: where runs are stored if nothing names"
    " another place.",
}


def page() -> str:
    """Markdown."""
    options = table(("variable", "option", "meaning"), sorted(_of_options()))
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
            "## Variables of others that gwe heeds\n",
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
