"""Starts the JVM and gives access to the SDK's classes. Only this module handles JPype.

A process has one JVM, which cannot be started twice, so later class paths are ignored. Java
objects are ``Any``: see the SDK's API for their methods.
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
    # Python keeps handling Ctrl-C and SIGTERM. Java installs no handlers; nor does JPype
    # (``interrupt``), whose handlers would touch Python from Java's threads.
    "-Xrs",
    "-Djava.awt.headless=true",
    # For a short-lived program: one compiler, the cheapest garbage collector.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    # Most of what Java makes is garbage once Python has read it. By default the space for new
    # objects grows with the machine's memory, and so does this process.
    "-XX:MaxNewSize=128m",
    "-Xshare:auto",
    # Java would print a warning for an archive that it cannot use.
    "-Xlog:disable",
)

_lock = threading.Lock()
_running: "list[Sdk]" = []


class Sdk:
    """The SDK's classes in the running JVM. ``start`` makes it."""

    def __init__(self, jpype: Any, class_path: Sequence[Path]) -> None:
        self._jpype = jpype
        self._classes: dict[str, Any] = {}
        self.class_path = tuple(class_path)
        self.error: type[Exception] = jpype.JException
        """The base class of all Java exceptions."""
        self.integer: Callable[[int], Any] = self.java("java.lang.Integer").valueOf
        """Makes a Java Integer: properties accept no Python number."""

    def java(self, name: str) -> Any:
        """A class by its full name. ServerUnavailableError if no jar holds it."""
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
        """A class that the SDK's protocols share."""
        return self.java(COMMONS + name)

    def text(self, text: str) -> Any:
        """A Java String; saves converting a name that is used often."""
        return self._jpype.JString(text)

    def implement(self, interface: Any, **methods: Callable[..., Any]) -> Any:
        """A Python object that implements a Java interface."""
        return self._jpype.JProxy(interface, dict=methods)

    def prepare(self) -> None:
        """Loads the classes that every session needs."""
        _ = self.metadata
        self.conf("ConfServerProtocol")

    def leave(self) -> None:
        """Detaches the calling thread from Java. Each of our threads must call it last."""
        self.java("java.lang.Thread").detach()

    def bytes(self, content: bytes) -> Any:
        """A Java array of bytes."""
        return self._jpype.JArray(self._jpype.JByte)(content)

    def integers(self, numbers: Sequence[int]) -> Any:
        """A Java array of numbers."""
        return self._jpype.JArray(self._jpype.JInt)(list(numbers))

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
        """Java's null of a class, which selects the overload of a method."""
        return self._jpype.JObject(None, of)

    @staticmethod
    def reason(error: Exception) -> str:
        """The messages of a Java exception and its causes, without the names of classes."""
        messages: list[str] = []
        cause: Any = error
        while cause is not None and len(messages) < 4:
            text = str(cause.getMessage() or cause.getClass().getSimpleName()).strip()
            if not any(text in earlier for earlier in messages):
                messages.append(text)
            cause = cause.getCause()
        return "; ".join(messages)

    @cached_property
    def metadata(self) -> Any:
        """The SDK's own descriptions of the object types."""
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
            "JPype1 is not installed; gwe needs it to use the Platform SDK",
            "Run pip install 'gwe-reconciler[psdk]'",
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
    """The SDK in this process's JVM, which the first call starts. ``more``: further options of
    Java; without them, a class archive is used if ``gwe doctor`` has made one.

    ServerUnavailableError if JPype or Java is missing, or Java does not start."""
    with _lock:
        if _running:
            return _running[0]
        jpype = load_jpype()
        library = java_library(jpype)
        # An open connection must not keep the process alive at its end.
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
                classpath=[str(jar) for jar in class_path],
                interrupt=True,
                ignoreUnrecognized=True,
            )
        except (OSError, RuntimeError, jpype.JException) as error:
            raise ServerUnavailableError(
                f"Java cannot be started: {error}",
                "Is it of the same architecture as Python? JAVA_HOME can name another Java.",
            ) from error
        _running.append(Sdk(jpype, class_path))
        return _running[0]


def end() -> None:
    """Ends Java, which then writes the archive that its options asked for."""
    jpype = load_jpype()
    jpype.config.destroy_jvm = True
    jpype.shutdownJVM()
