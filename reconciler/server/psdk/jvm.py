"""The one place that knows JPype: starts the JVM and hands out the SDK's classes.

A process has one JVM, which cannot be started again, so the first class path counts.
Java objects are ``Any``: what they can do is the SDK's public interface.
"""

import importlib
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk.archive import archive_for, find_whole

_VENDOR = "com.genesyslab.platform."
CONFIGURATION = f"{_VENDOR}configuration.protocol."
COMMONS = f"{_VENDOR}commons."

_OPTIONS = (
    # Ctrl-C and the request to end stay Python's: Java installs no handlers of its own, and
    # JPype (``interrupt``) none either, since its own touch Python from Java's threads.
    "-Xrs",
    "-Djava.awt.headless=true",
    # A short-lived program: no second compiler, the cheapest collector.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xshare:auto",
    # What Java has to say of an archive that it does not take is nobody's business.
    "-Xlog:disable",
)

_lock = threading.Lock()
_running: "list[Sdk]" = []


class Sdk:
    """The SDK's classes in the running JVM. Make it with ``start``."""

    def __init__(self, jpype: Any, class_path: Sequence[Path]) -> None:
        self._jpype = jpype
        self._classes: dict[str, Any] = {}
        self.class_path = tuple(class_path)
        self.error: type[Exception] = jpype.JException
        """What every Java exception is in Python."""
        self.integer: Callable[[int], Any] = self.java("java.lang.Integer").valueOf
        """A Java integer object: properties take no plain Python number."""

    def java(self, name: str) -> Any:
        """A class by its whole name. ServerUnavailableError where no jar holds it."""
        found = self._classes.get(name)
        if found is None:
            try:
                found = self._jpype.JClass(name)
            except TypeError as error:
                raise ServerUnavailableError(
                    f"the class {name} is missing from the Platform SDK",
                    "`gwe doctor` lists what the folder with the jars lacks.",
                ) from error
            self._classes[name] = found
        return found

    def conf(self, name: str) -> Any:
        """A class of the configuration protocol."""
        return self.java(CONFIGURATION + name)

    def commons(self, name: str) -> Any:
        """A class of what the SDK's protocols share."""
        return self.java(COMMONS + name)

    def text(self, text: str) -> Any:
        """A Java string, for names that are used many times."""
        return self._jpype.JString(text)

    def implement(self, interface: Any, **methods: Callable[..., Any]) -> Any:
        """An object of ours that Java calls through one of its interfaces."""
        return self._jpype.JProxy(interface, dict=methods)

    def prepare(self) -> None:
        """Loads what every session needs, so that the first one finds it there."""
        _ = self.metadata
        self.conf("ConfServerProtocol")

    def leave(self) -> None:
        """Ends what Java keeps of the calling thread. The last call of a thread of ours."""
        self.java("java.lang.Thread").detach()

    def bytes(self, content: bytes) -> Any:
        """A Java array of bytes."""
        return self._jpype.JArray(self._jpype.JByte)(content)

    def longs(self, numbers: Sequence[int]) -> Any:
        """A Java array of long numbers."""
        return self._jpype.JArray(self._jpype.JLong)(list(numbers))

    def texts(self, texts: Sequence[str]) -> Any:
        """A Java array of strings."""
        return self._jpype.JArray(self._jpype.JString)(list(texts))

    def array(self, item: str, values: Sequence[Any]) -> Any:
        """A Java array of objects of a class."""
        return self._jpype.JArray(self.java(item))(list(values))

    def null(self, of: Any) -> Any:
        """Java's null, of a class that says which method is meant."""
        return self._jpype.JObject(None, of)

    @staticmethod
    def reason(error: Exception) -> str:
        """What a Java exception says, with what caused it; without Java's names."""
        said: list[str] = []
        one: Any = error
        while one is not None and len(said) < 4:
            text = str(one.getMessage() or one.getClass().getSimpleName()).strip()
            if not any(text in earlier for earlier in said):
                said.append(text)
            one = one.getCause()
        return "; ".join(said)

    @cached_property
    def metadata(self) -> Any:
        """What the SDK knows of the objects without asking a server."""
        return self.conf("metadata.CfgMetadata")()

    @property
    def java_version(self) -> str:
        return str(self.java("java.lang.System").getProperty("java.version"))


def load_jpype() -> Any:
    """The module, or ServerUnavailableError that says how to get it."""
    try:
        jpype = importlib.import_module("jpype")
        importlib.import_module("jpype.config")
    except ImportError as error:
        raise ServerUnavailableError(
            "JPype1 is not installed: it joins Python to the Platform SDK's Java",
            "pip install 'gwe-reconciler[psdk]'",
        ) from error
    return jpype


def java_library(jpype: Any) -> str:
    """The path of the Java virtual machine, or ServerUnavailableError."""
    try:
        return str(jpype.getDefaultJVMPath())
    except (OSError, ValueError) as error:  # JVMNotFoundException is a ValueError
        raise ServerUnavailableError(
            "no Java is installed, or it cannot be found",
            "Install Java 8, 11 or 17 of this machine's architecture, or set JAVA_HOME.",
        ) from error


def start(class_path: Sequence[Path], *more: str) -> Sdk:
    """The SDK in the JVM of this process, which is started the first time. ``more``: options
    of Java's; without them an archive of classes is used where ``gwe doctor`` has made one."""
    with _lock:
        if _running:
            return _running[0]
        jpype = load_jpype()
        library = java_library(jpype)
        # What is left open at the end must not keep the process alive.
        jpype.config.destroy_jvm = False
        name = archive_for(library, class_path)
        archive = find_whole(name) if name is not None and not more else None
        if archive is not None:
            more = (f"-XX:SharedArchiveFile={archive}",)
        try:
            jpype.startJVM(
                *_OPTIONS,
                *more,
                jvmpath=library,
                classpath=[str(one) for one in class_path],
                interrupt=True,
                ignoreUnrecognized=True,
            )
        except (OSError, RuntimeError, jpype.JException) as error:
            raise ServerUnavailableError(
                f"Java cannot be started: {error}",
                "Is it of the same architecture as Python? JAVA_HOME names another one.",
            ) from error
        _running.append(Sdk(jpype, class_path))
        return _running[0]


def end() -> None:
    """Ends Java, which then writes the archive that it was started for."""
    jpype = load_jpype()
    jpype.config.destroy_jvm = True
    jpype.shutdownJVM()
