"""The examples in each command's help. Data only; a test parses them all."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, str, str]] = {
    "demo": (
        "gwe demo",
        "gwe demo --dir try-it",
        "gwe demo --dir try-it > demo.txt",
    ),
    "init": (
        "gwe init my-site",
        "gwe init .                         # in a new git repository",
        "gwe init --update .                # after an upgrade of gwe",
    ),
    "validate": (
        "gwe validate                       # what gwe.toml names",
        "gwe validate -f manifests/site -q",
        "gwe validate --var clean_condition='_age_in_queue() > 60'",
    ),
    "fmt": (
        "gwe fmt                            # what gwe.toml names",
        "gwe fmt manifests --check          # exit code 2: a file would change",
        "gwe fmt manifests/queues.yaml --diff",
    ),
    "plan": (
        "gwe plan                           # with a gwe.toml",
        "gwe plan --target 'InteractionQueue/*' --out queues.plan",
        "gwe plan --out site.plan --format markdown > plan.md",
    ),
    "apply": (
        "gwe apply                          # plans, shows, asks",
        "gwe apply queues.plan              # a reviewed plan, as it is",
        "gwe apply -f manifests --auto-approve --quiet",
    ),
    "drift": (
        "gwe drift --quiet                  # for a nightly job: exit code 2",
        "gwe drift --format html --out drift.html",
        "gwe drift --baseline accepted.yaml",
    ),
    "compare": (
        "gwe compare test production        # two profiles of gwe.toml",
        "gwe compare before.db production --mapping known.yaml",
        "gwe compare site production --format json",
    ),
    "accept": (
        "gwe accept                         # all that differs; shows, asks",
        "gwe accept InteractionQueue/Sales",
        "gwe accept 'Application/*' --auto-approve",
    ),
    "snapshot": (
        "gwe snapshot copy.db               # of the server in gwe.toml",
        "gwe snapshot copy.db --from confservs://cs.example.com --user gwe-reader",
        "gwe apply --server embedded:copy.db",
    ),
    "show": (
        "gwe show queues.plan",
        "gwe show queues.plan --format json",
        "gwe show queues.plan --format html --out queues.html",
    ),
    "explain": (
        "gwe explain InteractionQueue/Sales",
        "gwe explain Application/Chat_Server_1/options/log/verbose",
        "gwe explain 'AgentGroup/Web Engagement Chat' --format json",
    ),
    "graph": (
        "gwe graph                          # a tree of text",
        "gwe graph --format mermaid > chat-path.mmd",
        "gwe graph --profile test --format svg > chat-path.svg",
    ),
    "export": (
        "gwe export site                    # what belongs to Web Engagement",
        "gwe export site --merge            # again, after changes on the server",
        "gwe export skills --kind Skill --kind Person --name 'A*'",
    ),
    "runs": (
        "gwe runs",
        "gwe runs -n 5 --profile emea       # the last five runs of one site",
        "gwe runs --format json",
    ),
    "runs show": (
        "gwe runs show last",
        "gwe runs show 20261124-1015        # the beginning of its name",
        "gwe runs show last --format json",
    ),
    "runs file": (
        "gwe runs file last setenv.bat --out setenv.old.bat",
        "gwe runs file 20261124-1015 conf/server.properties --out old.properties",
        "gwe runs file last setenv.sh --out old.sh --state-dir /srv/gwe",
    ),
    "runs prune": (
        "gwe runs prune --older-than 90d",
        "gwe runs prune --older-than 8w --state-dir /srv/gwe --auto-approve",
        "gwe runs prune --older-than 12h --profile test",
    ),
    "adopt": (
        "gwe adopt --declared               # all that the manifests declare",
        "gwe adopt 'InteractionQueue/Old_*' --out old.plan",
        "gwe adopt --from-runs --auto-approve",
    ),
    "destroy": (
        "gwe destroy --out destroy.plan     # to review",
        "gwe destroy                        # shows, and asks for the site's name",
        "gwe destroy --exclude 'InteractionQueue/*' --confirm Web_Engagement_Server",
    ),
    "undo": (
        "gwe undo last",
        "gwe undo 20261124-1015 --out back.plan",
        "gwe undo last --auto-approve",
    ),
    "recover": (
        "gwe recover",
        "gwe recover --reverse              # bring the old object back",
        "gwe recover --lock-timeout 60",
    ),
    "lock": (
        "gwe lock show",
        "gwe lock release",
        "gwe lock show --profile test",
    ),
    "lock show": (
        "gwe lock show",
        "gwe lock show --profile test",
        "gwe lock show --server confserv://cfg01:2020 --user gwe",
    ),
    "lock release": (
        "gwe lock release",
        "gwe lock release --abandon 20261124-101500-41820a1b",
        "gwe lock release --profile test",
    ),
    "schema": (
        "gwe schema > manifest.schema.json",
        "gwe schema settings",
        "gwe schema --write --dir schemas",
    ),
    "drop-in": (
        'gwe drop-in install "/opt/gwe/tools/provisioning"',
        "gwe drop-in install . --force",
        "gwe drop-in install --help",
    ),
    "drop-in install": (
        'gwe drop-in install "/opt/gwe/tools/provisioning"',
        "gwe drop-in install . --force",
        "gwe drop-in install 'C:\\GCTI\\Web Engagement\\tools\\provisioning'",
    ),
    "doctor": (
        "gwe doctor                         # what gwe.toml names",
        "gwe doctor --server confserv://cfg01:2020 --user gwe",
        "gwe doctor --profile test --app Web_Engagement_Server",
    ),
    "embedded": (
        "gwe embedded init gwe.db",
        "gwe embedded inspect gwe.db",
        "gwe embedded export gwe.db --out site.yaml",
    ),
    "embedded init": (
        "gwe embedded init gwe.db",
        "gwe embedded init gwe.db --site site.yaml",
        "gwe embedded init gwe.db --durable",
    ),
    "embedded inspect": (
        "gwe embedded inspect gwe.db",
        "gwe embedded inspect gwe.db --verbose",
        "gwe embedded inspect gwe.db --no-color > objects.txt",
    ),
    "embedded export": (
        "gwe embedded export gwe.db",
        "gwe embedded export gwe.db --out site.yaml",
        "gwe embedded export gwe.db > site.yaml",
    ),
    "embedded serve": (
        "gwe embedded serve gwe.db --psdk /opt/psdk/lib",
        "gwe embedded serve gwe.db --host 0.0.0.0 --port 2021",
        "gwe embedded serve gwe.db --certificate server.pem --key server.key",
    ),
    "completion": (
        'eval "$(gwe completion bash)"      # in ~/.bashrc; zsh likewise',
        "gwe completion fish > ~/.config/fish/completions/gwe.fish",
        "gwe completion powershell | Out-String | Invoke-Expression",
    ),
    "version": (
        "gwe version",
        "gwe --version",
        "gwe -V",
    ),
    "help": (
        "gwe help",
        "gwe help plan",
        "gwe help runs show",
    ),
}
"""Command -> three command lines; what follows ``#`` is a comment."""
