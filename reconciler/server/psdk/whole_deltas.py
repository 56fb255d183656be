"""Reads deltas as they were sent, including numbers that are 0.

A delta travels as a text. Where the SDK unpacks that text it drops each number that is 0, so an
update that sets a number to 0 would arrive without it. But a connection can be asked for the text
itself. Here the text is unpacked with a mark in place of each 0, and each mark is then set to 0.
"""

from typing import Any

from reconciler.server.psdk.jvm import Sdk

_DELTA = "9"
"""The number of the message attribute with the text of the delta."""

_ZERO = "\x17\x190\x18"
"""A number 0 in the text: begin of a value, type number, its digits, end of the value."""


class WholeDeltas:
    """Reads the deltas of messages of one kind, in one thread at a time. ``message``: its class,
    such as ``confserver.requests.objects.RequestUpdateObject``."""

    def __init__(self, sdk: Sdk, message: str) -> None:
        self._sdk = sdk
        self._serializer: Any = None
        self._list_of_dbids = sdk.conf("obj.ConfIntegerCollection")
        kinds = sdk.commons("connection.AttributeSubscriptionList$AttributeSubscriptionType")
        self._wanted = sdk.commons("connection.AttributeSubscriptionList")()
        self._wanted.addAttribute(sdk.conf(message).ID, _DELTA, kinds.Unpacked)

    def ask_for_texts(self, channel: Any) -> None:
        """Asks a connection for the texts, before its first such message. From then on, only
        ``read`` gives the deltas."""
        self._wanted.applyToContext(channel.connectionContext())

    def read(self, metadata: Any, description: Any, message: Any) -> Any:
        """The delta of a message; an empty delta if it has none. ``metadata``: the descriptions of
        all classes; ``description``: that of the delta."""
        text = str(message.getMessageAttribute(_DELTA) or "")
        mark = _unused_number(text)
        marked = text.replace(_ZERO, _ZERO.replace("0", mark))
        if self._serializer is None:
            cipher = self._sdk.conf("runtime.channel.AesUtil")()
            self._serializer = self._sdk.conf("runtime.channel.ConfSerializerV7")(metadata, cipher)
        found = iter(self._serializer.deserialize(description, marked) if text else ())
        delta = next(found, None) or self._sdk.conf("obj.ConfObjectDelta")(description)
        if marked != text:
            self._set_zeros(delta, int(mark))
        return delta

    def _set_zeros(self, holder: Any, mark: int) -> None:
        """Sets to 0 each number of a structure, and of structures inside it, that is the mark."""
        for declared in holder.getClassInfo().getAttributes():
            name = declared.getSchemaName()
            value = holder.getPropertyValue(name)
            if hasattr(value, "getPropertyValue"):
                self._set_zeros(value, mark)
            elif hasattr(value, "createStructure"):
                for entry in value:
                    self._set_zeros(entry, mark)
            elif isinstance(value, self._list_of_dbids):
                dbids = [0 if dbid == mark else int(dbid) for dbid in value]
                value.clear()
                for dbid in dbids:
                    value.add(self._sdk.integer(dbid))
            elif isinstance(value, int) and value == mark:
                holder.setPropertyValue(name, self._sdk.integer(0))


def _unused_number(text: str) -> str:
    """The digits of a 32-bit number that do not occur in a text."""
    number = -(2**31)
    while str(number) in text:
        number += 1
    return str(number)
