"""What the protocol can carry: integers of 32 bits, and the characters of one encoding."""

from typing import Any

from reconciler.server.errors import ValueOutOfRangeError
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk


class WireLimits:
    """The limits of one connection. ``encoding``: the code page of texts; empty: they may hold
    any character."""

    def __init__(self, sdk: Sdk, encoding: str = "") -> None:
        self._sdk = sdk
        self._encoding = encoding
        self._charset: Any = None
        if encoding:
            self._charset = sdk.java("java.nio.charset.Charset").forName(encoding)

    def number(self, value: int, about: str = "") -> Any:
        """A Java integer, or ValueOutOfRangeError."""
        if not -constants.MAX_INTEGER - 1 <= value <= constants.MAX_INTEGER:
            raise ValueOutOfRangeError(f"{about}: {value} has more than 32 bits", prop=about)
        return self._sdk.integer(value)

    def text(self, text: str, about: str = "") -> str:
        """The text, or ValueOutOfRangeError for a character that the code page lacks: it would
        arrive as a question mark."""
        if self._charset is None or text.isascii() or self._has(text):
            return text
        lacking = "".join(dict.fromkeys(char for char in text if not self._has(char)))
        message = f"{about}: the encoding {self._encoding} has no {lacking}"
        raise ValueOutOfRangeError(message, prop=about)

    def _has(self, text: str) -> bool:
        # A new encoder each time: they are not thread-safe.
        return bool(self._charset.newEncoder().canEncode(self._sdk.text(text)))
