"""Completion, in the shells themselves: what a person types, and what gwe then gets.

bash and zsh complete in a terminal; fish tells its candidates without one. PowerShell is not
driven: only the answers that its script reads are looked at.
"""

import json
import os
import pty
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from reconciler.cli.shells import SHELLS, powershell_words
from tests.harness import Result, gwe, site_server
from tests.warm import WarmProcesses

NAMES = ("Web, Sales [EMEA]", "O'Brien $HOME", "Back\\slash", "Simple")
GROUP = """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {{name: {name}{more}}}
---
"""
START = {
    "bash": ("bash --norc -i", "source gwe.bash"),
    "zsh": ("zsh -f -i", "autoload -Uz compinit; compinit -u -D; source gwe.zsh"),
}


@pytest.fixture
def site(tmp_path: Path, warm_processes: WarmProcesses) -> Path:
    """A folder with a site, its settings, manifests with names that need quotes, and gwe."""
    site_server(tmp_path)
    (tmp_path / "gwe.toml").write_text(
        'server = "embedded:gwe.db"\napp = "GWE"\nfile = ["m.yaml"]\n[profiles.test]\n'
        "[profiles.prod]\n",
        encoding="utf-8",
    )
    groups = [GROUP.format(name=json.dumps(name), more="") for name in NAMES]
    groups.append(GROUP.format(name="Bank", more=", tenant: Environment"))
    (tmp_path / "m.yaml").write_text("".join(groups), encoding="utf-8")
    (tmp_path / "reviewed.plan").touch()
    (tmp_path / "bin").symlink_to(warm_processes.stand_ins())
    return tmp_path


def in_shell(shell: str, lines: Iterable[str], folder: Path) -> Iterator[list[str]]:
    """The words of each command line, in which a tab completes, as the shell would give them
    to gwe."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (folder / f"gwe.{shell}").write_text(gwe("completion", shell, cwd=folder).out)
    start, setup = START[shell]
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        path = f"{folder / 'bin'}:{os.environ['PATH']}"
        os.environ.update(PATH=path, TERM="dumb", HISTFILE="", HOME=str(folder))
        os.execvp(start.split()[0], start.split())  # noqa: S606 - the shell under test
    try:
        os.write(terminal, f"{setup}; stty cols 500; echo REA''DY\n".encode())
        _shown(terminal, "READY")
        for typed in lines:
            # Ctrl-A goes to the beginning of the completed line, which is then printed by words.
            os.write(terminal, f"{typed}\x01printf '<%s>' \n".encode())
            shown = _shown(terminal, "<gwe>")
            os.write(terminal, b"echo EN''D\n")
            shown += _shown(terminal, "END")
            yield shown[shown.rindex("<gwe>") + 1 : shown.rindex(">")].split("><")[1:]
    finally:
        os.close(terminal)
        os.waitpid(process, 0)


def _shown(terminal: int, awaited: str) -> str:
    """What the shell shows until the awaited text is there."""
    shown, end = b"", time.monotonic() + 60
    while awaited.encode() not in shown:
        left = end - time.monotonic()
        assert left > 0, f"{awaited} was not shown: {shown!r}"
        if select.select([terminal], [], [], left)[0]:
            shown += os.read(terminal, 65536)
    return shown.decode()


COMPLETED = {
    "gwe pl\t": ["plan"],
    "gwe show rev\t": ["show", "reviewed.plan"],
    "gwe plan --target=AgentGroup/W\t": ["plan", "--target=AgentGroup/Web, Sales [EMEA]"],
    "gwe plan --target AgentGroup/O\t": ["plan", "--target", "AgentGroup/O'Brien $HOME"],
    "gwe plan --target AgentGroup/B\t": ["plan", "--target", r"AgentGroup/Back\\slash"],
    "gwe plan --target Environment:A\t": ["plan", "--target", "Environment:AgentGroup/Bank"],
    "gwe plan --target AgentGroup/Web,\\ Sa\t": [
        *("plan", "--target", "AgentGroup/Web, Sales [EMEA]"),
    ],
}


@pytest.mark.process
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes_a_name_so_that_gwe_gets_it_as_it_is(shell: str, site: Path) -> None:
    assert list(in_shell(shell, COMPLETED, site)) == list(COMPLETED.values())


@pytest.mark.process
def test_the_script_for_zsh_prepares_completion_where_nothing_has(tmp_path: Path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    (tmp_path / "gwe.zsh").write_text(gwe("completion", "zsh", cwd=tmp_path).out)
    # A compinit that looks for nothing on this machine.
    script = 'compinit() { compdef() { print "$@" } }; source gwe.zsh'
    done = subprocess.run(
        ["zsh", "-f", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("_gwe_completion gwe\n", "")


@pytest.mark.process
def test_fish_offers_names_as_they_are_with_what_commands_do(site: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    (site / "gwe.fish").write_text(gwe("completion", "fish", cwd=site).out)

    def offered(line: str) -> list[str]:
        script = f"source gwe.fish; complete -C {shlex.quote(line)}"
        path = f"{site / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script],
            cwd=site,
            env={**os.environ, "PATH": path, "HOME": str(site)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    assert offered("gwe pl") == ["plan\tShow what apply would do."]
    assert offered("gwe lis") == []
    assert offered("gwe plan --profile t") == ["test"]
    assert offered("gwe show rev") == ["reviewed.plan"]
    assert offered("gwe plan --target AgentGroup/") == [
        r"AgentGroup/Back\\slash",
        "AgentGroup/O'Brien $HOME",
        "AgentGroup/Simple",
        "AgentGroup/Web, Sales [EMEA]",
    ]
    assert offered("gwe plan --target=AgentGroup/W") == ["--target=AgentGroup/Web, Sales [EMEA]"]
    assert offered("gwe plan --target Environment:") == ["Environment:AgentGroup/Bank"]
    (described,) = offered("gwe drif")  # its comma once ended the description
    assert described.startswith("drift\tShow what differs from the manifests; exit 2")


@pytest.mark.process  # click asks bash for its version
@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_is_printed_for_each_shell(tmp_path: Path, shell: str) -> None:
    result = gwe("completion", shell, cwd=tmp_path)
    assert result.code == 0
    assert f"{shell}_complete" in result.out
    assert "_GWE_COMPLETE" in result.out


def answers(shell: str, words: str, cwd: Path) -> Result:
    """What gwe answers the script of a shell at the end of a command line."""
    env = {"_GWE_COMPLETE": f"{shell}_complete", "COMP_WORDS": words}
    env["COMP_CWORD"] = str(len(words.split(" ")) - 1)
    return gwe(cwd=cwd, env=env)


def completed(words: str, cwd: Path) -> list[str]:
    """What bash is offered at the end of a command line."""
    lines = answers("bash", words, cwd).out.splitlines()
    return [line.removeprefix("plain,") for line in lines if line]


def test_commands_and_their_values_are_completed(tmp_path: Path) -> None:
    site_server(tmp_path)
    (tmp_path / "gwe.toml").write_text(
        'server = "embedded:gwe.db"\napp = "GWE"\nfile = ["bundled"]\n[profiles.test]\n'
        "[profiles.prod]\n",
        encoding="utf-8",
    )
    assert completed("gwe pl", tmp_path) == ["plan"]
    assert completed("gwe plan --profile t", tmp_path) == ["test"]
    queues = completed("gwe plan --target InteractionQueue/Webengagement_E", tmp_path)
    assert queues == ["InteractionQueue/Webengagement_Engaged"]
    assert completed("gwe plan --exclude AgentGroup/", tmp_path) == [
        "AgentGroup/Web\\ Engagement\\ Chat"
    ]
    assert gwe("apply", "--auto-approve", cwd=tmp_path).code == 0
    offered = completed("gwe undo ", tmp_path)
    assert offered[0] == "last"
    assert len(offered) == 2


@pytest.mark.process
def test_powershell_gets_names_in_quotes_where_they_need_them(site: Path) -> None:
    told = answers("powershell", "gwe plan --target AgentGroup/", site).out.splitlines()
    assert told[1::3] == [
        "'AgentGroup/Web, Sales [EMEA]'",
        "'AgentGroup/O''Brien $HOME'",
        r"'AgentGroup/Back\\slash'",
        "AgentGroup/Simple",
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r"gwe show C:\plans\new", ["gwe", "show", r"C:\plans\new"]),
        ("gwe plan --target 'A/O''B x' --app", ["gwe", "plan", "--target", "A/O'B x", "--app"]),
        ("gwe --target 'A/Web, Sa", ["gwe", "--target", "A/Web, Sa"]),
        ('gwe --app "a `"b`" ""c"" $d"', ["gwe", "--app", 'a "b" "c" $d']),
        ("gwe  A` B`'C --x='y z'", ["gwe", "A B'C", "--x=y z"]),
        ("gwe ''", ["gwe", ""]),
        ("gwe `", ["gwe", "`"]),
    ],
)
def test_a_line_of_powershell_is_read_by_its_rules(line: str, words: list[str]) -> None:
    assert powershell_words(line) == words


def test_the_script_for_powershell_puts_paths_with_blanks_in_quotes(tmp_path: Path) -> None:
    script = gwe("completion", "powershell", cwd=tmp_path).out
    quoted = (
        "$(if ($_.FullName -match '[^\\w:./\\\\~-]')"
        """ { "'" + $_.FullName.Replace("'", "''") + "'" } else { $_.FullName }), $_.Name,"""
    )
    assert script.count(quoted) == 2  # folders, and files
    assert script.count("$_.Name,") == 2


@pytest.mark.process
@pytest.mark.parametrize(
    ("begun", "told"),
    [
        ("'AgentGroup/Web, Sa", ["'AgentGroup/Web, Sales [EMEA]'"]),
        ("'AgentGroup/O''B", ["'AgentGroup/O''Brien $HOME'"]),
        (r"AgentGroup/Back\\", [r"'AgentGroup/Back\\slash'"]),
        ("--target=AgentGroup/W", ["'--target=AgentGroup/Web, Sales [EMEA]'"]),
        ("", None),
    ],
)
def test_powershell_completes_what_it_has_quoted_itself(
    begun: str, told: list[str] | None, site: Path
) -> None:
    words = f"gwe plan --target {begun}".rstrip() if begun[:2] != "--" else f"gwe plan {begun}"
    place = str(len(powershell_words(words)) - bool(begun))
    env = {"_GWE_COMPLETE": "powershell_complete", "COMP_WORDS": words, "COMP_CWORD": place}
    lines = gwe(cwd=site, env=env).out.splitlines()
    assert lines[1::3] == told if told else len(lines[1::3]) == 5


def test_a_mistake_in_gwe_toml_is_no_noise_while_a_shell_completes(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text("[", encoding="utf-8")
    assert completed("gwe plan --target I", tmp_path) == []
    assert completed("gwe plan --profile ", tmp_path) == []
