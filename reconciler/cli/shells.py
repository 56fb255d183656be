"""How each shell gets its completions: click's classes, adapted to names of objects.

Names have blanks, commas, colons, quotes and brackets. zsh and fish quote a completed word
themselves, bash and PowerShell put it on the command line as it is. If click's own script loses a
part of such a name, our own script replaces it.
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
    """``--option=VALUE`` is one word to the shell, so its completions begin with the option."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        found = super().get_completions(args, incomplete)
        option, equals, _ = incomplete.partition("=")
        if equals and option.startswith("--"):
            for one in found:
                one.value = f"{option}={one.value}" if one.type == "plain" else one.value
        return found


@add_completion_class
class QuotingBash(_KeepsTheOption, BashComplete):
    """Bash also ends a word at ``=`` and ``:``. The script passes the whole line instead of its
    words, and replaces the text after the last of these characters."""

    source_template: ClassVar[str] = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        # With one more character, the last word exists even if it is empty.
        *words, last = split_arg_string(os.environ["COMP_WORDS"] + "x")
        self._incomplete = last[:-1]
        return words[1:], self._incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        kept = max(self._incomplete.rfind("="), self._incomplete.rfind(":")) + 1
        escaped = re.sub(r"([^\w@%+=:,./-])", r"\\\1", item.value[kept:])
        return f"{item.type},{escaped}"


@add_completion_class
class OptionKeepingZsh(_KeepsTheOption, ZshComplete):
    """zsh has ``compdef`` only after ``compinit``, which a fresh ~/.zshrc does not call."""

    source_template: ClassVar[str] = ZshComplete.source_template.replace(
        "    compdef ",
        "    (( $+functions[compdef] )) || { autoload -Uz compinit; compinit }\n    compdef ",
    )


@add_completion_class
class WholeValueFish(_KeepsTheOption, FishComplete):
    """click's script takes the text after a comma for a description."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


_QUOTED_PATH = (
    r"""$(if ($_.FullName -match '[^\w:./\\~-]') { "'" + $_.FullName.Replace("'", "''") + "'" }"""
    " else { $_.FullName })"
)


@add_completion_class
class QuotingPowerShell(_KeepsTheOption, PowerShellComplete):
    """PowerShell needs quotes around a word with any special character, and has rules of its own
    for them. A backslash, as in a Windows path, is an ordinary character. click's script puts the
    path of a file on the line unquoted, even if it has a blank."""

    source_template: ClassVar[str] = PowerShellComplete.source_template.replace(
        "$_.FullName, $_.Name,", f"{_QUOTED_PATH}, $_.Name,"
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        words = powershell_words(os.environ["COMP_WORDS"])
        place = int(os.environ["COMP_CWORD"])
        return words[1:place], "".join(words[place : place + 1])

    def format_completion(self, item: CompletionItem[Any]) -> str:
        if item.type == "plain" and re.search(r"[^\w:./=-]", item.value):
            quoted = "'" + item.value.replace("'", "''") + "'"
            item = CompletionItem(quoted, help=item.help)
        return super().format_completion(item)


_QUOTED = re.compile(
    r"""`(?P<escaped>.)|'(?P<single>(?:[^']|'')*)'?|"(?P<double>(?:[^"`]|""|`.)*)"?|(?P<plain>\S)""",
    re.DOTALL,
)


def powershell_words(line: str) -> list[str]:
    """The words of a command line of PowerShell; the last may lack its closing quote. Variables are
    not expanded."""
    words: list[str] = []
    end = -1
    for found in _QUOTED.finditer(line):
        part = found[found.lastgroup or 0]
        if found.lastgroup == "single":
            part = part.replace("''", "'")
        elif found.lastgroup == "double":
            part = re.sub(r'`(.)|"(")', r"\1\2", part, flags=re.DOTALL)
        if found.start() == end:
            words[-1] += part
        else:
            words.append(part)
        end = found.end()
    return words


_CLASSES: dict[str, type[ShellComplete]] = {
    one.name: one for one in (QuotingBash, OptionKeepingZsh, WholeValueFish, QuotingPowerShell)
}
SHELLS = tuple(_CLASSES)


def completion_of(shell: str) -> type[ShellComplete]:
    """The class for one of ``SHELLS``."""
    return _CLASSES[shell]
