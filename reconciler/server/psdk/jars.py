"""Finds the jars of the vendor's Platform SDK in a folder that the user names.

Names what is missing; downloads and copies nothing. Does not use Java: a jar is read as a zip file,
and a class is a name in it.
"""

import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

from reconciler.server.errors import ServerUnavailableError

ENVIRONMENT_VARIABLE = "GWE_PSDK"

MAIN_CLASS = "com.genesyslab.platform.configuration.protocol.ConfServerProtocol"
"""The folder of the SDK has a jar with this class."""

PARTS: Mapping[str, str] = {
    "com.genesyslab.platform.commons.protocol.Endpoint": "the SDK's protocol jar",
    "com.genesyslab.platform.commons.connection.Connection": "the SDK's connection jar",
    "com.genesyslab.platform.commons.collections.KeyValueCollection": "the SDK's kvlists jar",
    "com.genesyslab.platform.commons.GEnum": "the SDK's commons jar",
    "io.netty.channel.Channel": "netty transport",
    "io.netty.handler.ssl.SslHandler": "netty handler",
    "javax.xml.bind.JAXBContext": "jaxb-api",
    "com.sun.xml.bind.v2.ContextFactory": "jaxb-runtime",
}
"""What the folder of the SDK must hold as well: class -> the usual name of its jar."""

COMPANIONS: Mapping[str, str] = {
    "com.sun.istack.FinalArrayList": "istack-commons-runtime",
    "com.sun.xml.txw2.TypedXmlWriter": "txw2",
    "javax.activation.DataHandler": "javax.activation",
    "org.jvnet.staxex.Base64Data": "stax-ex",
    "com.sun.xml.fastinfoset.Decoder": "FastInfoset",
}
"""What jaxb-runtime needs from Java 11 on, and the SDK's folder may lack."""

SYSTEM_FOLDERS = (Path("/usr/share/java"), Path("/usr/local/share/java"))
"""Where an operating system keeps Java libraries."""


class Missing(Struct, frozen=True):
    """A class that no jar holds, and the usual name of the jar that should."""

    class_name: str
    jar: str


class Jars(Struct, frozen=True):
    """The jars that were found. ``class_path`` is complete if ``missing`` is empty."""

    folder: Path
    class_path: tuple[Path, ...]
    missing: tuple[Missing, ...] = ()

    def check(self) -> "Jars":
        """Returns these jars. ServerUnavailableError if the SDK is incomplete; it names what is
        missing."""
        if self.missing:
            names = ", ".join(lack.jar for lack in self.missing)
            raise ServerUnavailableError(
                f"the Platform SDK in {self.folder} is not complete: {names} missing",
                "Put the missing jars in that folder. The JAXB companions come with Java 8,"
                " with the JAXB packages of the operating system, or with jaxb-runtime itself.",
            )
        return self


def folder_of(psdk: str, install_dir: str) -> Path:
    """The folder to look in: --psdk, else GWE_PSDK, else --install-dir."""
    named = psdk or os.environ.get(ENVIRONMENT_VARIABLE, "") or install_dir
    if not named:
        raise ServerUnavailableError(
            "no folder with the Platform SDK was named; gwe needs the SDK to speak the"
            " protocol of Configuration Server",
            "Name the folder with its jars with --psdk or GWE_PSDK, or the installation of a"
            " Genesys product that holds them with --install-dir. It does not come with gwe.",
        )
    return Path(named)


def find_jars(folder: Path) -> Jars:
    """The SDK below a folder. ServerUnavailableError if there is none. An incomplete SDK is
    returned too, with what is missing."""
    try:
        jars = sorted(folder.rglob("*.jar"))
    except OSError as error:
        raise _unreadable(folder, error.strerror) from error
    if not folder.is_dir():
        raise _unreadable(folder, "it is not a folder" if folder.exists() else "it does not exist")
    home = _home(jars)
    if home is None:
        raise ServerUnavailableError(
            f"no jar below {folder} holds the Platform SDK (jars searched: {len(jars)})",
            f"Name the folder with the jar that holds {MAIN_CLASS}.",
        )
    chosen = [jar for jar in jars if jar.parent == home]
    elsewhere = [jar for jar in jars if jar.parent != home]
    chosen += _holding(PARTS, chosen, elsewhere)
    chosen += _holding(COMPANIONS, chosen, [*elsewhere, *_system_jars()])
    wanted = {**PARTS, **COMPANIONS}
    missing = [Missing(name, wanted[name]) for name in _lacking(wanted, chosen)]
    return Jars(home, tuple(chosen), tuple(missing))


def _home(jars: Sequence[Path]) -> Path | None:
    """The folder of the SDK. An installation may hold several versions: the most complete
    folder is taken, so that versions are not mixed; among equals the first."""
    folders = list(dict.fromkeys(jar.parent for jar in jars if MAIN_CLASS in classes_of(jar)))

    def lacking(folder: Path) -> int:
        return len(_lacking({**PARTS, **COMPANIONS}, [j for j in jars if j.parent == folder]))

    return min(folders, key=lacking, default=None)


def _unreadable(folder: Path, reason: str | None) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"the folder of the Platform SDK, {folder}, cannot be read: {reason}",
        "Name the folder that holds the jars with --psdk.",
    )


def _system_jars() -> Iterator[Path]:
    """Jars whose names begin with that of a companion; there are hundreds of others."""
    for folder in SYSTEM_FOLDERS:
        for name in COMPANIONS.values():
            yield from sorted(folder.glob(f"{name}*.jar"))


def _lacking(wanted: Iterable[str], jars: Sequence[Path]) -> list[str]:
    return [name for name in wanted if not any(name in classes_of(jar) for jar in jars)]


def _holding(wanted: Iterable[str], have: Sequence[Path], others: Sequence[Path]) -> list[Path]:
    """For each class still missing, the first of the other jars that holds it."""
    found: list[Path] = []
    for name in _lacking(wanted, have):
        jar = next((jar for jar in others if name in classes_of(jar)), None)
        if jar is not None and jar not in found:
            found.append(jar)
    return found


@cache
def classes_of(jar: Path) -> frozenset[str]:
    """The names of the classes in a jar; none if it cannot be read."""
    try:
        with zipfile.ZipFile(jar) as file:
            names = file.namelist()
    except (OSError, zipfile.BadZipFile):
        return frozenset()
    end = ".class"
    return frozenset(n.removesuffix(end).replace("/", ".") for n in names if n.endswith(end))
