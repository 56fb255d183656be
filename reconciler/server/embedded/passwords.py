"""Passwords of persons: stored as a salted hash, never read back."""

import hashlib
import hmac
import os
import re

_COST = {"n": 2**12, "r": 8, "p": 1}
_STORED = re.compile(r"scrypt:(?:[0-9a-f]{2})+:[0-9a-f]{64}")


class StoredPassword(str):
    """A password that is hashed already. ValueError for any other text."""

    __slots__ = ()

    def __new__(cls, text: str) -> "StoredPassword":
        if not _STORED.fullmatch(text):
            raise ValueError("the hash is not of the form scrypt:SALT:DIGEST")
        return super().__new__(cls, text)


def hashed(password: str) -> str:
    """The hash of a password, in the form in which it is stored."""
    if isinstance(password, StoredPassword):
        return password
    salt = os.urandom(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, dklen=32, **_COST)
    return f"scrypt:{salt.hex()}:{digest.hex()}"


def matches(password: str, stored: str) -> bool:
    """Whether a password has this hash."""
    scheme, _, rest = stored.partition(":")
    salt, _, digest = rest.partition(":")
    if scheme != "scrypt":
        return False
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), dklen=32, **_COST)
    return hmac.compare_digest(found, bytes.fromhex(digest))
