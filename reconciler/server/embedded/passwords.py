"""Passwords of persons: stored as a salted hash, never read back."""

import hashlib
import hmac
import os

_COST = {"n": 2**12, "r": 8, "p": 1}


def hashed(password: str) -> str:
    """The form in which a password is stored."""
    salt = os.urandom(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, dklen=32, **_COST)
    return f"scrypt:{salt.hex()}:{digest.hex()}"


def matches(password: str, stored: str) -> bool:
    """Whether a password is the one that was stored."""
    scheme, _, rest = stored.partition(":")
    salt, _, digest = rest.partition(":")
    if scheme != "scrypt":
        return False
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), dklen=32, **_COST)
    return hmac.compare_digest(found, bytes.fromhex(digest))
