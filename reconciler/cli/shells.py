"""How each shell is told what it may complete: click's classes, with names of objects in mind.

Names have blanks, commas, colons, quotes and brackets. zsh and fish quote a completed word
themselves, bash and PowerShell put it on the command line as it is. Where click's own script
loses a part of such a name, a script of ours takes its place.
"""

import os
import re
from typing import Any, ClassVar

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    PowerShellComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

_BASH = """\
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            plain,*) COMPREPLY+=("${line#plain,}") ;;
            dir,*) compopt -o dirnames ;;
            file,*) compopt -o default ;;
        esac
    done < <(COMP_WORDS="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _KeepsTheOption(ShellComplete):
    """``--option=VALUE`` is one word to the shell: what completes it begins with the option."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        found = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if equals and option.startswith("--"):
            for one in found:
                one.value = f"{option}={one.value}" if one.type == "plain" else one.value
        return found


@add_completion_class
class QuotingBash(_KeepsTheOption, BashComplete):
    """Bash also ends a word at ``=`` and ``:``. It is asked for the line, not for its words,
    and replaces what stands behind the last of these characters."""

    source_template: ClassVar[str] = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        # With a character more, the last word is there even where it is empty.
        *words, last = split_arg_string(os.environ["COMP_WORDS"] + "x")
        self._incomplete = last[:-1]
        return words[1:], self._incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        kept = max(self._incomplete.rfind("="), self._incomplete.rfind(":")) + 1
        escaped = re.sub(r"([^\w@%+=:,./-])", r"\\\1", item.value[kept:])
        return f"{item.type},{escaped}"


@add_completion_class
class OptionKeepingZsh(_KeepsTheOption, ZshComplete):
    """zsh knows ``compdef`` only after ``compinit``, which a fresh ~/.zshrc does not call."""

    source_template: ClassVar[str] = ZshComplete.source_template.replace(
        "    compdef ",
        "    (( $+functions[compdef] )) || { autoload -Uz compinit; compinit }\n    compdef ",
    )


@add_completion_class
class WholeValueFish(_KeepsTheOption, FishComplete):
    """click's script takes what stands behind a comma for something else."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


@add_completion_class
class QuotingPowerShell(_KeepsTheOption, PowerShellComplete):
    """PowerShell needs quotes around a word with any special character."""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        if item.type == "plain" and re.search(r"[^\w:./=-]", item.value):
            quoted = "'" + item.value.replace("'", "''") + "'"
            item = CompletionItem(quoted, help=item.help)
        return super().format_completion(item)


_CLASSES: dict[str, type[ShellComplete]] = {
    one.name: one for one in (QuotingBash, OptionKeepingZsh, WholeValueFish, QuotingPowerShell)
}
SHELLS = tuple(_CLASSES)


def completion_of(shell: str) -> type[ShellComplete]:
    """The class for one of ``SHELLS``."""
    return _CLASSES[shell]
