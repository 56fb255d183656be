"""The vendor's SDK used by hand, as its own documentation has it: nothing of our mapping.

``Client`` sends requests that a test has built; ``Responder`` is a server that answers with
events that a test has built.
"""

from collections.abc import Callable
from typing import Any

from tests.psdk.support import free_port, sdk

CONF = "com.genesyslab.platform.configuration.protocol."


def java(name: str) -> Any:
    return sdk().java(name)


def conf(name: str) -> Any:
    return sdk().java(CONF + name)


def request(name: str) -> Any:
    return conf(f"confserver.requests.{name}")


def number(value: int) -> Any:
    return java("java.lang.Integer").valueOf(value)


def kv(**pairs: Any) -> Any:
    """A key-value list: texts, numbers, and lists inside."""
    made = java("com.genesyslab.platform.commons.collections.KeyValueCollection")()
    for key, value in pairs.items():
        if isinstance(value, str):
            made.addString(key, value)
        elif isinstance(value, int):
            made.addInt(key, value)
        else:
            made.addList(key, value)
    return made


class Client:
    """The SDK's client."""

    def __init__(self, port: int, user: str, password: str, name: str = "default") -> None:
        endpoint = java("com.genesyslab.platform.commons.protocol.Endpoint")
        self.protocol = conf("ConfServerProtocol")(endpoint("hand", "127.0.0.1", port))
        self.protocol.setClientName(name)
        self.protocol.setClientApplicationType(19)
        self.protocol.setUserName(user)
        self.protocol.setUserPassword(password)
        self.protocol.setTimeout(5000)

    def __enter__(self) -> "Client":
        self.protocol.open()
        self.metadata = self.protocol.getServerContext().getMetadata()
        return self

    def __exit__(self, *_: object) -> None:
        self.protocol.close()

    def object(self, name: str, /, **values: Any) -> Any:
        """An object of a class, with numbers and texts."""
        return self.filled(conf("obj.ConfObject")(self.metadata.getCfgClass(name)), **values)

    @staticmethod
    def filled(one: Any, /, **values: Any) -> Any:
        for key, value in values.items():
            one.setPropertyValue(key, number(value) if isinstance(value, int) else value)
        return one

    def ask(self, message: Any) -> Any:
        """The one event that answers."""
        return self.protocol.request(message)

    def ask_many(self, message: Any, last: str) -> list[Any]:
        """The events that answer, up to the last one."""
        self.protocol.send(message)
        found: list[Any] = []
        while not found or str(found[-1].messageName()) not in (last, "EventError"):
            found.append(self.protocol.receive(5000))
            assert found[-1] is not None, "no answer"
        return found


class Responder:
    """The SDK's listener. ``answers``: request -> what makes the events of its answer."""

    def __init__(self, answers: dict[str, Callable[[Any], list[Any]]]) -> None:
        self.seen: list[Any] = []
        self._answers = answers
        self.port = free_port()
        endpoint = java("com.genesyslab.platform.commons.protocol.Endpoint")
        self._channel = conf("ConfServerProtocolListener")(endpoint("hand", "127.0.0.1", self.port))
        handler = java("com.genesyslab.platform.commons.protocol.ClientRequestHandler")
        self._handler = sdk().implement(handler, processRequest=self._process)
        self._channel.setClientRequestHandler(self._handler)

    def __enter__(self) -> "Responder":
        self._channel.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def _process(self, context: Any) -> None:
        message = context.getRequestMessage()
        for event in self._events(str(message.messageName()), message):
            event.setReferenceId(message.getReferenceId())
            context.respond(event)

    def _events(self, name: str, message: Any) -> list[Any]:
        if name == "RequestProtocolVersion":
            event = conf("confserver.runtime.channel.EventProtocolVersion").create()
            event.setOldProtocolVersion("CfgProtocol 5.1.3.80")
            return [event]
        if name == "RequestRegisterClient" and name not in self._answers:
            event = conf("confserver.runtime.channel.EventClientRegistered").create()
            event.setSessionId(1)
            event.setProtocolVersion("CfgProtocol 5.1.3.80")
            event.setOldProtocolVersion("CfgProtocol 5.1.3.80")
            event.setServerDbid(99)
            return [event]
        self.seen.append(message)
        return self._answers[name](message)
